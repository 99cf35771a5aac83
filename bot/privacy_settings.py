"""`[privacy]` of a desk's settings: what is taken out of texts, and how long they are kept."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.errors import RedactionError
from bot.redaction.orders import compiled
from bot.redaction.values import RedactionRules


def _finds(pattern: str) -> str:
    try:
        compiled(pattern)
    except RedactionError as error:
        raise ValueError(str(error)) from error
    return pattern


class PrivacySettings(BaseModel):
    """What happens to customers' words.

    Attributes:
        retention_days: conversations older than this are erased; 0 keeps them for ever.
        order_patterns: regular expressions of the desk's order and booking numbers; group 1, else all, goes.
        contacts: the company's own e-mail addresses, phone numbers and links, which are not hidden.
        phone_regions: countries (ISO 3166: ``GB``) whose phone numbers customers write without its code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    retention_days: int = Field(default=0, ge=0)
    order_patterns: tuple[Annotated[str, AfterValidator(_finds)], ...] = ()
    contacts: tuple[str, ...] = ()
    phone_regions: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = RedactionRules().regions

    def rules(self) -> RedactionRules:
        """What redaction has to know of this desk."""
        return RedactionRules(self.order_patterns, self.contacts, self.phone_regions)
