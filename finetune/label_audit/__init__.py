"""Which labels of a dataset look wrong, and which intents are hard to tell apart. Knows no database and no pages."""
