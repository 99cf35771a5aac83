"""What the transcripts are asked for and what they give. Knows nothing of SQL."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.storage.records import LoggedDecision, LoggedMessage
from bot.values import Action, Owner

CAP = 1_000
"""A filter's conversations, or a search's hits, are counted up to this many; a search ranks that many."""


class Thumb(StrEnum):
    """What the customer thought of the bot's replies."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TranscriptFilter:
    """Which conversations are wanted; all that is given must hold.

    Intent, action, confidence, mood, bundle version and a thumb up or down must hold of one and the same reply of the
    bot.

    Attributes:
        from_utc: the conversation started then or later.
        until_utc: the conversation started before.
        confidence_from: 0..1, as ``confidence_to``; both belong to the range.
        moods: the customer's turn was in one of them; empty asks for nothing.
        feedback: ``none``: no reply of the conversation has a thumb.
        text: one message holds every word of it; blank text asks for nothing.
    """

    from_utc: datetime | None = None
    until_utc: datetime | None = None
    intent: str | None = None
    action: Action | None = None
    confidence_from: float | None = None
    confidence_to: float | None = None
    feedback: Thumb | None = None
    label: str | None = None
    bundle_version: str | None = None
    channel: str | None = None
    owner: Owner | None = None
    text: str = ""
    moods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TranscriptCursor:
    """Where the next page begins; made by the page before.

    A list without a search goes on behind a start and an id. A search goes on behind a score and the id of a hit, and
    looks at no message above ``up_to``, so that messages that come meanwhile shift nothing.
    """

    started_utc: datetime | None = None
    conversation_id: str = ""
    up_to: int = 0
    score: float = 0.0
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Total:
    """A number that is not counted beyond `CAP`; prints as ``37`` or ``1,000+``."""

    number: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.capped else ''}"


@dataclass(frozen=True, slots=True)
class TranscriptSummary:
    """A conversation in a list.

    Attributes:
        first_question: beginning of the customer's first message; empty where there is none, as ``last_message``.
        intent: of the bot's last reply, as ``action`` and ``confidence``; None where the bot said nothing.
        thumb: down if any reply has one down, else up if any has one up.
        rating: 1..5 of the whole conversation.
        hit_sequence: of the best message that a search found.
        hit_text: that message whole.
    """

    conversation_id: str
    started_utc: datetime
    channel: str
    owner: Owner
    message_count: int
    rating: int | None
    first_question: str = ""
    last_message: str = ""
    intent: str | None = None
    action: Action | None = None
    confidence: float | None = None
    thumb: Thumb = Thumb.NONE
    labels: tuple[str, ...] = ()
    hit_sequence: int | None = None
    hit_text: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptPage:
    """A page of a list.

    Attributes:
        total: of conversations, or of the messages that a search found; only on the first page.
        following: where the next page begins; None on the last one.
    """

    items: tuple[TranscriptSummary, ...]
    total: Total | None
    following: TranscriptCursor | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole conversation, and by sequence what the bot thought when it said a message."""

    summary: TranscriptSummary
    messages: tuple[LoggedMessage, ...]
    decisions: dict[int, LoggedDecision]


@dataclass(frozen=True, slots=True)
class TranscriptChoices:
    """What there is to filter by, sorted; the intents and versions are those of logged replies."""

    intents: tuple[str, ...]
    labels: tuple[str, ...]
    bundle_versions: tuple[str, ...]
    channels: tuple[str, ...]
    moods: tuple[str, ...] = ()
