"""Everything that can go wrong while a model is made. Each message is one line: what, where, what to do.

FinetuneError
├── DataError
├── RecipeError
├── BaseModelError
├── TrainingDataError
├── TrainingError
├── CheckpointError
├── TrackingError
└── ExportError
"""


class FinetuneError(Exception):
    """Root: one line that says what happened, where, and what to do."""


class DataError(FinetuneError):
    """An input file is missing, empty or unreadable, or its content does not fit the other inputs."""


class RecipeError(FinetuneError):
    """A recipe is missing, is not TOML, or has an unknown key, a wrong type or a value out of range."""


class BaseModelError(FinetuneError):
    """No usable copy of the base model was found, or it is not the model that was promised."""


class TrainingDataError(FinetuneError):
    """The data given cannot train anything: nothing there, one class only, an unknown label."""


class TrainingError(FinetuneError):
    """Training itself went wrong: its loss is no longer a number."""


class CheckpointError(FinetuneError):
    """A checkpoint cannot be read or written."""


class TrackingError(FinetuneError):
    """A place that curves should be reported to is unknown, not installed, or does not open."""


class ExportError(FinetuneError):
    """The exported graph or bundle does not equal what was trained."""
