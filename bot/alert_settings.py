"""`[alerts]` of a desk's settings: when people are told that something is unusual, and where."""

from pydantic import BaseModel, ConfigDict, Field


class AlertSettings(BaseModel):
    """When and whom to alert.

    Attributes:
        enabled: whether the worker looks for surges.
        negative_moods: moods that count as anger.
        anger_counts_minutes: how much longer an angry customer who waits for a person counts as waiting; 0 = no
            priority. Whoever waits longer than this never stands behind an angry customer who has only just come.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    negative_moods: tuple[str, ...] = ("negative", "anger")
    anger_counts_minutes: int = Field(default=10, ge=0, le=1440)
