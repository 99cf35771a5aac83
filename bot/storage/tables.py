"""The typed tables of the log, replies, articles and jobs. Knows columns and constraints; no queries.

``migrations/`` says how a database gets here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.columns import Base, RowId

_RATED, _KNOWN = text("rating IS NOT NULL"), text("customer_id IS NOT NULL")


class ConversationRow(Base):
    """A conversation; its row is locked while a message is appended, so ``last_sequence`` has no gaps.

    ``revision`` grows with everything that its customer may see; ``lease_holder`` is the process that answers it.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_owner", "owner", "waiting_since_utc"),
        Index("ix_conversations_started_utc", "started_utc", "conversation_id"),
        Index("ix_conversations_channel", "channel"),
        Index("ix_conversations_updated_utc", "updated_utc"),
        Index("ix_conversations_rated_utc", "rated_utc", sqlite_where=_RATED, postgresql_where=_RATED),
        Index(
            "ix_conversations_customer_id", "customer_id", "started_utc", sqlite_where=_KNOWN, postgresql_where=_KNOWN
        ),
    )

    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    locale: Mapped[str]
    owner: Mapped[str]
    token_hash: Mapped[str]
    started_utc: Mapped[datetime]
    updated_utc: Mapped[datetime]
    last_sequence: Mapped[int]
    revision: Mapped[int]
    agent: Mapped[str | None]
    agent_seen_utc: Mapped[datetime | None]
    waiting_since_utc: Mapped[datetime | None]
    handoff_reason: Mapped[str | None]
    closed_utc: Mapped[datetime | None]
    customer_id: Mapped[str | None]
    customer_name: Mapped[str | None]
    contact: Mapped[str | None]
    rating: Mapped[int | None]
    rating_comment: Mapped[str | None]
    rated_utc: Mapped[datetime | None]
    lease_holder: Mapped[str | None]
    lease_until_utc: Mapped[datetime | None]
    reply_attempts: Mapped[int]


class MessageRow(Base):
    """A message. ``awaits_reply``: the bot owned the conversation when it came and has not answered it.

    ``answers`` of a bot message is the last customer's message that it answers; ``answered_by`` of each of those is
    the bot message's sequence. ``reply_failed``: the bot gave up answering it. ``author`` is an agent's login name.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sequence"),
        UniqueConstraint("conversation_id", "client_message_id"),
        UniqueConstraint("conversation_id", "answers"),
        Index(
            "ix_messages_awaiting",
            "id",
            sqlite_where=text("awaits_reply"),
            postgresql_where=text("awaits_reply"),
        ),
        Index("ix_messages_sent_utc", "sent_utc"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey(ConversationRow.conversation_id, ondelete="CASCADE"))
    sequence: Mapped[int]
    role: Mapped[str]
    text: Mapped[str]
    sent_utc: Mapped[datetime]
    client_message_id: Mapped[str | None]
    answers: Mapped[int | None]
    answered_by: Mapped[int | None]
    awaits_reply: Mapped[bool]
    reply_failed: Mapped[bool]
    author: Mapped[str | None]
    search_tokens: Mapped[str]


class DecisionRow(Base):
    """Why the bot said a message. Scores that were not finite are NULL; ``intent`` is the likeliest one."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_intent", "intent", "message_id"),
        Index("ix_decisions_action", "action", "message_id"),
        Index("ix_decisions_confidence", "confidence", "message_id"),
        Index("ix_decisions_bundle_version", "bundle_version", "message_id"),
        Index("ix_decisions_sentiment", "sentiment", "message_id"),
        Index("ix_decisions_figures", "message_id", "action", "intent", "sentiment", "latency_ms"),
    )

    message_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    action: Mapped[str]
    reason: Mapped[str]
    intent: Mapped[str | None]
    confidence: Mapped[float | None]
    ranking: Mapped[list[Any]]
    out_of_scope: Mapped[float | None]
    sentiment: Mapped[str | None]
    foreign_reason: Mapped[str | None]
    passages: Mapped[list[Any]]
    replies: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    options: Mapped[list[Any]]
    bundle_version: Mapped[str]
    knowledge_version: Mapped[str | None]
    replies_version: Mapped[str | None]
    latency_ms: Mapped[float | None]


class LoggedPassageRow(Base):
    """A passage as a decision saw it, kept once however often it is retrieved, for the audit."""

    __tablename__ = "logged_passages"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    passage_id: Mapped[str]
    document_id: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    source_uri: Mapped[str]
    position: Mapped[int]


class FeedbackRow(Base):
    """The latest thumb on a bot message."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_helpful", "helpful", "message_id"),)

    message_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    helpful: Mapped[bool]
    comment: Mapped[str | None]
    given_utc: Mapped[datetime]


class ReplyRow(Base):
    """A reply; its row is locked while a version is added or decided. ``version`` is the newest one."""

    __tablename__ = "replies"

    reply_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class ReplyVersionRow(Base):
    """One text of a reply and who did what to it."""

    __tablename__ = "reply_versions"
    __table_args__ = (
        ForeignKeyConstraint(["reply_id"], ["replies.reply_id"], ondelete="CASCADE"),
        Index("ix_reply_versions_state", "state"),
    )

    reply_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str]
    intents: Mapped[list[Any]]
    frequency: Mapped[int]
    risky: Mapped[list[Any]]
    state: Mapped[str]
    created_by: Mapped[str]
    created_utc: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_utc: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_utc: Mapped[datetime | None]


class ArticleRow(Base):
    """An article; its row is locked while a version is added. ``version`` is the newest one."""

    __tablename__ = "articles"

    document_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class ArticleVersionRow(Base):
    """One text of an article, or its removal."""

    __tablename__ = "article_versions"
    __table_args__ = (ForeignKeyConstraint(["document_id"], ["articles.document_id"], ondelete="CASCADE"),)

    document_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    body: Mapped[str]
    source_uri: Mapped[str]
    media_type: Mapped[str]
    removed: Mapped[bool]
    changed_by: Mapped[str]
    changed_utc: Mapped[datetime]


class JobRow(Base):
    """A job; ``taken_by`` and ``lease_until_utc`` say whose it is and until when."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int]
    reason: Mapped[str | None]
    enqueued_utc: Mapped[datetime]
    finished_utc: Mapped[datetime | None]
    taken_by: Mapped[str | None]
    lease_until_utc: Mapped[datetime | None]
