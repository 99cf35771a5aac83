"""One historical conversation, from whatever log format. Knows nothing of files or of training."""

from dataclasses import dataclass
from datetime import datetime

from bot.values import Role


@dataclass(frozen=True, slots=True)
class DialogueMessage:
    """One message of a log.

    Attributes:
        text: NFC, as the log had it apart from the format's own markers.
        sent_utc: aware UTC, or None where the log has no times.
        intent: label of a customer's message, or template label of an agent's, or None.
    """

    role: Role
    text: str
    sent_utc: datetime | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation, oldest message first."""

    conversation_id: str
    messages: tuple[DialogueMessage, ...]
