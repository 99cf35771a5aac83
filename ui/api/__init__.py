"""The web API: what a customer's program, or our own page, may do with one conversation."""
