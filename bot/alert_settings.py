"""`[alerts]` of a desk's settings: when people are told that something is unusual, and where."""

from pydantic import BaseModel, ConfigDict


class AlertSettings(BaseModel):
    """When and whom to alert.

    Attributes:
        enabled: whether the worker looks for surges.
        negative_moods: moods that count as anger.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    negative_moods: tuple[str, ...] = ("negative", "anger")
