"""The typed tables of the people's side: staff, what they did, and what they noted. No queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.columns import Base, RowId
from bot.storage.tables import ConversationRow, MessageRow


class TransitionRow(Base):
    """One change of a conversation's owner: which move, by whom (``bot``, ``customer``, ``desk`` or a login name)."""

    __tablename__ = "transitions"
    __table_args__ = (
        Index("ix_transitions_conversation_id", "conversation_id"),
        Index("ix_transitions_at_utc", "at_utc"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey(ConversationRow.conversation_id, ondelete="CASCADE"))
    move: Mapped[str]
    from_owner: Mapped[str]
    to_owner: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str | None]
    at_utc: Mapped[datetime]


class NoteRow(Base):
    """A staff member's note on a conversation; customers never see it."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_conversation_id", "conversation_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey(ConversationRow.conversation_id, ondelete="CASCADE"))
    author: Mapped[str]
    text: Mapped[str]
    written_utc: Mapped[datetime]


class LabelRow(Base):
    """A label on a conversation."""

    __tablename__ = "labels"
    __table_args__ = (Index("ix_labels_label", "label"),)

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey(ConversationRow.conversation_id, ondelete="CASCADE"), primary_key=True
    )
    label: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str]
    at_utc: Mapped[datetime]


class CannedReplyRow(Base):
    """A text that agents insert by its name."""

    __tablename__ = "canned_replies"

    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    changed_by: Mapped[str]
    changed_utc: Mapped[datetime]


class ReviewRow(Base):
    """What one reviewer thinks of one bot message; the latest verdict of each counts."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("message_id", "reviewer"), Index("ix_reviews_reviewed_utc", "reviewed_utc"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    message_id: Mapped[int] = mapped_column(RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"))
    reviewer: Mapped[str]
    verdict: Mapped[str]
    intent: Mapped[str | None]
    reply_text: Mapped[str | None]
    reply_id: Mapped[str | None]
    passage: Mapped[str | None]
    note: Mapped[str | None]
    reviewed_utc: Mapped[datetime]


class StaffRow(Base):
    """A staff member: login name, role, Argon2 hash."""

    __tablename__ = "staff"

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    disabled: Mapped[bool]
    created_utc: Mapped[datetime]


class StaffSessionRow(Base):
    """A login; only the hash of the cookie's secret is kept. It ends when it expires or is revoked."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_name", "name"),)

    session_hash: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey(StaffRow.name, ondelete="CASCADE"))
    started_utc: Mapped[datetime]
    expires_utc: Mapped[datetime]
    revoked_utc: Mapped[datetime | None]


class AuditRow(Base):
    """One action of a staff member, or an attempt to log in. Holds no customer's words."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at_utc", "at_utc"), Index("ix_audit_log_actor", "actor", "action", "at_utc"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at_utc: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str | None]
    address: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
