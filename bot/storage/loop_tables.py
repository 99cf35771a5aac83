"""The typed tables of the loop: runs of ``improve``, replayed replies that differ, and marks of the golden set."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.columns import Base, RowId
from bot.storage.tables import MessageRow


class ImproveRunRow(Base):
    """A run of ``improve`` with its gates; holds no customer's words."""

    __tablename__ = "improve_runs"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    state: Mapped[str]
    by: Mapped[str]
    started_utc: Mapped[datetime]
    finished_utc: Mapped[datetime | None]
    step: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    dataset_version: Mapped[str | None]
    bundle_version: Mapped[str | None]
    parent_bundle: Mapped[str | None]
    reviews_until_utc: Mapped[datetime | None]
    gates: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    reason: Mapped[str | None]


class ReplayDifferenceRow(Base):
    """A bot message that a run's candidate would have answered otherwise; it goes with its message."""

    __tablename__ = "replay_differences"
    __table_args__ = (
        Index("ix_replay_differences_risk", "run_id", "risk"),
        Index("ix_replay_differences_message_id", "message_id"),
    )

    run_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(ImproveRunRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    message_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    risk: Mapped[float]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    verdict: Mapped[str | None]
    reviewer: Mapped[str | None]
    reviewed_utc: Mapped[datetime | None]


class GoldenMarkRow(Base):
    """A staff member's word that a reviewed bot message belongs to the golden set, or does not."""

    __tablename__ = "golden_marks"

    message_id: Mapped[int] = mapped_column(
        RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kept: Mapped[bool]
    by: Mapped[str]
    at_utc: Mapped[datetime]
