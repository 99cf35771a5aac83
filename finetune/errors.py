"""Everything that can go wrong while a model is made.

FinetuneError
├── RecipeError
├── BaseModelError
├── TrainingDataError
└── CheckpointError
"""


class FinetuneError(Exception):
    """Root: one line that says what happened, where, and what to do."""


class RecipeError(FinetuneError):
    """A recipe is missing, is not TOML, or has an unknown key, a wrong type or a value out of range."""


class BaseModelError(FinetuneError):
    """No usable copy of the base model was found, or it is not the model that was promised."""


class TrainingDataError(FinetuneError):
    """The data given cannot train anything: nothing there, one class only, an unknown label."""


class CheckpointError(FinetuneError):
    """A checkpoint cannot be read or written."""
