"""The values of a conversation and of one turn. No storage ids, no models, no input or output."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from retrieval.values import RetrievedPassage

Vector = NDArray[np.float32]


class Role(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"


class Owner(StrEnum):
    """Who answers a conversation: the bot speaks only while it is the owner, nobody once it is closed."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    CLOSED = "closed"


class Action(StrEnum):
    """What the desk does with a turn."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    HANDOFF = "handoff"


class ReplyState(StrEnum):
    """Life of a reply: mined or edited texts are proposed; only approved ones reach customers."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; text is NFC, time is aware UTC."""

    role: Role
    text: str
    sent_utc: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the turn sees it: oldest message first; locale is BCP 47."""

    conversation_id: str
    channel: str
    locale: str
    owner: Owner
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class IntentScore:
    """An intent with its calibrated probability (0..1)."""

    intent: str
    probability: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the encoder made of one turn.

    Attributes:
        ranking: intents, likeliest first; empty where the bundle has no intent head or the language is foreign.
        out_of_scope: 0 (in scope) to 1, or None where it is not known.
        sentiment: likeliest mood, or None where the bundle has no such head.
        vector: unit vector (dim,), or None in a language that the bundle does not know.
        foreign: why the turn is in none of the bundle's languages, or None.
        sentiment_probability: calibrated probability of the mood (0..1); None without one. It is not logged.
    """

    ranking: tuple[IntentScore, ...]
    out_of_scope: float | None
    sentiment: str | None
    vector: Vector | None
    foreign: str | None = None
    sentiment_probability: float | None = None


@dataclass(frozen=True, slots=True)
class ApprovedReply:
    """A text that a person approved for customers.

    Attributes:
        text: may hold variables such as ``{order_id}``.
        intents: intents that it answers, most frequent first.
        version: grows with every edit of this reply.
        frequency: how many historical agents' messages it stands for.
    """

    reply_id: str
    version: int
    text: str
    intents: tuple[str, ...]
    approved_by: str
    approved_utc: datetime
    frequency: int = 1


@dataclass(frozen=True, slots=True)
class RankedReply:
    """An approved reply with its score for a turn (cosine, -1..1); rank 1 = best."""

    reply: ApprovedReply
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class ReplySource:
    """The approved reply that a bot message was made of, with its filled variables."""

    reply_id: str
    version: int
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PassageSource:
    """A passage that a bot message quotes; spans are (start, end) characters of its text."""

    passage_id: str
    document_id: str
    title: str
    source_uri: str
    spans: tuple[tuple[int, int], ...]


Source = ReplySource | PassageSource


@dataclass(frozen=True, slots=True)
class Versions:
    """The live directories that made a reply; None where the desk has none of that kind."""

    bundle: str
    knowledge: str | None
    replies: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy chose, why (a short code such as ``reply_confident``), and how sure it was (0..1)."""

    action: Action
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The reading of a turn that was decided on; logged with the decision, shown by ``explain``."""

    understanding: Understanding
    passages: tuple[RetrievedPassage, ...]
    replies: tuple[RankedReply, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the desk says, with its ground.

    Attributes:
        options: quick replies offered with a clarification, in order; empty otherwise.
        latency_ms: from the durable customer message to the composed reply.
    """

    text: str
    decision: Decision
    sources: tuple[Source, ...]
    versions: Versions
    latency_ms: float
    options: tuple[str, ...] = ()
