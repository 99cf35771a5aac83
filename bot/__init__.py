"""One customer turn: understand, retrieve, decide, compose, log. Serves; never trains."""
