"""`[privacy]` of a desk's settings: what is taken out of texts, and how long they are kept."""

from pydantic import BaseModel, ConfigDict, Field


class PrivacySettings(BaseModel):
    """What happens to customers' words.

    Attributes:
        retention_days: conversations older than this are erased; 0 keeps them for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    retention_days: int = Field(default=0, ge=0)
