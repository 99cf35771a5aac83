"""The typed tables of alerts and of the messages that tell of them. They hold no customer's words; no queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.columns import Base, RowId

_OPEN, _WAITING = text("ended_utc IS NULL"), text("state = 'waiting'")


class AlertRow(Base):
    """A surge of an intent or of negative mood; while it lasts there is no second one of its series."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open", "kind", "series", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_alerts_raised_utc", "raised_utc"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str]
    series: Mapped[str]
    from_utc: Mapped[datetime]
    until_utc: Mapped[datetime]
    observed: Mapped[int]
    expected: Mapped[float]
    usual_most: Mapped[int]
    picture: Mapped[dict[str, Any]]
    raised_utc: Mapped[datetime]
    ended_utc: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    acknowledged_utc: Mapped[datetime | None]


class AlertDeliveryRow(Base):
    """A message to one channel; it waits until ``next_try_utc``, which whoever sends it moves on first."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        Index("ix_alert_deliveries_alert_id", "alert_id"),
        Index("ix_alert_deliveries_next", "next_try_utc", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    alert_id: Mapped[int] = mapped_column(RowId, ForeignKey(AlertRow.id, ondelete="CASCADE"))
    channel: Mapped[str]
    event: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    next_try_utc: Mapped[datetime]
    reason: Mapped[str | None]
