"""The doors: the customer's chat page, the web API and the command line."""
