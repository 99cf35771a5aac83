"""All errors of the bot package.

BotError
├── BundleError      a bundle that cannot be used
└── ModelError       a model that cannot run, or gave no usable scores
"""


class BotError(Exception):
    """Root of the package's errors; its text is one line that says what, where and what to do."""


class BundleError(BotError):
    """A bundle is missing, damaged, of another format, or unsafe."""


class ModelError(BotError):
    """A model could not be opened or gave scores that are not numbers."""
