"""What the store hands out and takes in. Knows nothing of SQL; holds no row ids except those of jobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.values import Decision, IntentScore, Message, ReplyState, Source, Versions
from retrieval.values import RetrievedPassage

Clock = Callable[[], datetime]
"""Gives the present as an aware time."""


def utc_now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class StartedConversation:
    """A new conversation; the secret token is given out here once, the database keeps only its hash."""

    conversation_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A customer's thumb on a bot message; the latest one wins."""

    helpful: bool
    comment: str | None
    given_utc: datetime


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message of one conversation as the log holds it.

    Attributes:
        sequence: 1-based place in its conversation, without gaps.
        decision: why the bot said it; None for messages of people, as are ``versions`` and ``answers``.
        options: quick replies that were offered with it.
        answers: sequence of the customer's message that it answers, the last one of a burst.
        author: login name of the agent who wrote it.
        reply_failed: the bot gave up answering this customer's message.
        created: whether this very call wrote the row; no part of equality.
    """

    sequence: int
    message: Message
    decision: Decision | None = None
    sources: tuple[Source, ...] = ()
    options: tuple[str, ...] = ()
    versions: Versions | None = None
    feedback: Feedback | None = None
    answers: int | None = None
    author: str | None = None
    reply_failed: bool = False
    created: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that holds all words of a search."""

    conversation_id: str
    sequence: int
    message: Message


@dataclass(frozen=True, slots=True)
class ScoredReply:
    """A reply that the policy looked at, by id and version; its text is in ``Replies.get``."""

    reply_id: str
    version: int
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A bot message with all that the policy looked at, as recorded. A score that was not finite reads as NaN.

    Attributes:
        answers: sequence of the customer's message that it answers.
        passages: the passages with their texts of that moment.
        latency_ms: from the durable customer message to the composed reply.
    """

    conversation_id: str
    sequence: int
    answers: int
    text: str
    sent_utc: datetime
    decision: Decision
    sources: tuple[Source, ...]
    options: tuple[str, ...]
    versions: Versions
    ranking: tuple[IntentScore, ...]
    out_of_scope: float | None
    sentiment: str | None
    foreign: str | None
    passages: tuple[RetrievedPassage, ...]
    replies: tuple[ScoredReply, ...]
    latency_ms: float
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class AnsweredTurn:
    """A turn that the bot answered, as it stood before it.

    Attributes:
        locale: BCP 47, of the conversation.
        said: the bot's message, with the customer's thumb on it.
        messages: the conversation up to and with the customer's last message that it answers, oldest first.
        burst: sequences of the customer's messages that it answers.
    """

    conversation_id: str
    locale: str
    said: LoggedMessage
    messages: tuple[LoggedMessage, ...]
    burst: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProposedReply:
    """A mined or written text that waits for a person.

    Attributes:
        reply_id: the proposer's stable id, such as a hash of the mined text.
        risky: why it must not be approved in bulk ("amount", "date", "promise"); empty if nothing was found.
    """

    reply_id: str
    text: str
    intents: tuple[str, ...] = ()
    frequency: int = 1
    risky: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One version of a reply with its history: who wrote, approved and withdrew it, and when."""

    reply_id: str
    version: int
    text: str
    intents: tuple[str, ...]
    frequency: int
    risky: tuple[str, ...]
    state: ReplyState
    created_by: str
    created_utc: datetime
    approved_by: str | None = None
    approved_utc: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """What ``Replies.approve`` did.

    Attributes:
        approved: ids that are approved now and were not before.
        held: id and reasons of those left as they were: risky ones in a call for more than one, withdrawn ones.
    """

    approved: tuple[str, ...]
    held: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Article:
    """A knowledge article as its author gave it; ``media_type`` such as ``text/markdown``."""

    document_id: str
    title: str
    body: str
    source_uri: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """One version of an article: who changed it and when; ``removed`` marks its removal."""

    article: Article
    version: int
    removed: bool
    changed_by: str
    changed_utc: datetime


class StaffRole(StrEnum):
    """What a staff member may do; each role includes the ones before it."""

    AGENT = "agent"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def includes(self, other: "StaffRole") -> bool:
        """Whether this role may do what the other one may."""
        ranks = list(StaffRole)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody of the company who may log in."""

    name: str
    role: StaffRole
    disabled: bool
    created_utc: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action of a staff member.

    Attributes:
        entry_id: grows with time; for paging.
        subject: what it was done to, such as a conversation's id.
        address: where a log-in came from.
    """

    entry_id: int
    at_utc: datetime
    actor: str
    action: str
    subject: str | None
    address: str | None
    detail: Mapping[str, Any]


class JobState(StrEnum):
    """Life of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of background work.

    Attributes:
        attempts: how often it was taken; it fails for good when its workers died too often.
        done: finished units of ``total``; total 0 = not known yet.
        reason: one line that says why it failed.
    """

    job_id: int
    kind: str
    payload: Mapping[str, Any]
    state: JobState
    attempts: int
    done: int
    total: int
    reason: str | None
    enqueued_utc: datetime
    finished_utc: datetime | None = None
