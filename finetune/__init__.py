"""Historical dialogues to a new bundle: read, clean, train, calibrate, export, report. Trains; never serves."""
