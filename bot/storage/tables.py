"""The typed tables. Knows columns and constraints; no queries. ``migrations/`` says how a database gets here."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; ``timestamptz`` on PostgreSQL, sortable UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take aware times only, so that no local time slips in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give aware UTC, whatever zone the database session has."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JsonValue = JSON().with_variant(JSONB(), "postgresql")
RowId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Root of the tables; the convention names constraints alike in models and migrations."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {  # Any: SQLAlchemy's own, wide type
        str: Text(),
        float: Double(),
        datetime: UtcDateTime(),
        dict[str, Any]: JsonValue,
        list[Any]: JsonValue,
    }


class ConversationRow(Base):
    """A conversation; its row is locked while a message is appended, so ``last_sequence`` has no gaps."""

    __tablename__ = "conversations"

    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    locale: Mapped[str]
    owner: Mapped[str]
    token_hash: Mapped[str]
    started_utc: Mapped[datetime]
    last_sequence: Mapped[int]


class MessageRow(Base):
    """A message. ``awaits_reply``: the bot owned the conversation when it came and has not answered it."""

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
    awaits_reply: Mapped[bool]
    search_tokens: Mapped[str]


class DecisionRow(Base):
    """Why the bot said a message. Scores that were not finite are NULL."""

    __tablename__ = "decisions"

    message_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    action: Mapped[str]
    reason: Mapped[str]
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
