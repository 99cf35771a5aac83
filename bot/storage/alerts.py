"""Alerts: raised once a surge, kept up while it lasts, ended, acknowledged; and the messages that tell of them.

Safe with several workers: one alert of a series is open at a time, and a message is taken by one of them. Knows no
method of detection and no network.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.alerts import Alert, AlertEvent, AlertKind, Channel, Delivery, DeliveryState, Finding, Picture
from bot.storage.alert_tables import AlertDeliveryRow, AlertRow
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.records import Clock

MAX_TRIES = 6
_TAKEN = timedelta(minutes=2)
"""Whoever takes a message and dies leaves it to others after this time."""
_FIRST_PAUSE, _PAUSE_GROWS = timedelta(seconds=30), 4
_SHOWN = timedelta(days=7)


class Alerts:
    """The alerts of a desk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def update(self, findings: Sequence[Finding], channels: Collection[Channel]) -> tuple[list[int], list[int]]:
        """Bring the alerts to what a look found; each change waits as a message for every channel.

        Returns:
            Ids of the alerts that were raised, and of those that ended.
        """
        return self._database.write(lambda session: _update(session, findings, channels, self._clock()))

    def shown(self) -> list[Alert]:
        """What staff should see, newest first: what lasts, and what nobody has acknowledged within a week."""
        fresh = AlertRow.acknowledged_utc.is_(None) & (AlertRow.raised_utc > self._clock() - _SHOWN)
        return self._database.read(lambda session: _alerts(session, or_(AlertRow.ended_utc.is_(None), fresh), 50))

    def newest(self, *, limit: int = 50) -> list[Alert]:
        """All alerts, newest first."""
        return self._database.read(lambda session: _alerts(session, AlertRow.id > 0, limit))

    def acknowledge(self, alert_id: int, by: str) -> bool:
        """Note who has seen an alert first; False where somebody has already, or there is none."""
        unseen = AlertRow.id == alert_id, AlertRow.acknowledged_utc.is_(None)
        values = {"acknowledged_by": storable_key(by, "name"), "acknowledged_utc": self._clock()}
        statement = update(AlertRow).where(*unseen).values(values).returning(AlertRow.id)
        return self._database.write(lambda session: session.execute(statement).first() is not None)

    def take_delivery(self) -> tuple[Delivery, Alert] | None:
        """Take the message that is due for longest; no two workers get the same. Its attempt counts already."""
        return self._database.write(lambda session: _take(session, self._clock()))

    def delivered(self, delivery_id: int) -> None:
        """Mark a message as sent."""
        self._finish(delivery_id, state=DeliveryState.SENT.value, reason=None)

    def not_delivered(self, delivery: Delivery, reason: str) -> bool:
        """Note why a message could not be sent; True where it is tried again, later each time."""
        again = delivery.attempts < MAX_TRIES
        pause = _FIRST_PAUSE * _PAUSE_GROWS ** (delivery.attempts - 1)
        state = DeliveryState.WAITING if again else DeliveryState.FAILED
        self._finish(delivery.delivery_id, state=state.value, reason=reason, next_try_utc=self._clock() + pause)
        return again

    def _finish(self, delivery_id: int, **values: Any) -> None:  # Any: columns of several types
        statement = update(AlertDeliveryRow).where(AlertDeliveryRow.id == delivery_id).values(**values)
        self._database.write(lambda session: session.execute(statement))


def _update(
    session: Session, findings: Sequence[Finding], channels: Collection[Channel], now: datetime
) -> tuple[list[int], list[int]]:
    lasting = {(row.kind, row.series): row for row in session.scalars(select(AlertRow).where(_open()))}
    raised = []
    for finding in findings:
        row = lasting.pop((finding.kind.value, finding.series), None)
        if row is None:
            raised += _raise(session, finding, now)
            continue
        begun = min(row.from_utc, finding.from_utc)  # as first told, unless it turns out to be older
        values = {**_columns(finding), "from_utc": begun}
        session.execute(update(AlertRow).where(AlertRow.id == row.id, _open()).values(values))
    over = AlertRow.id.in_([row.id for row in lasting.values()])
    ended = list(
        session.scalars(update(AlertRow).where(over, _open()).values(ended_utc=now).returning(AlertRow.id)).all()
    )
    told = [(number, AlertEvent.RAISED) for number in raised] + [(number, AlertEvent.ENDED) for number in ended]
    rows = [_delivery_row(number, channel, event, now) for number, event in told for channel in channels]
    if rows:
        session.execute(insert(AlertDeliveryRow), rows)
    return raised, ended


def _raise(session: Session, finding: Finding, now: datetime) -> list[int]:
    """The id of the new alert; none where another worker of this moment was faster."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {**_columns(finding), "kind": finding.kind.value, "series": finding.series, "raised_utc": now}
    statement = dialect.insert(AlertRow).values(row).on_conflict_do_nothing().returning(AlertRow.id)
    return list(session.scalars(statement).all())


def _columns(finding: Finding) -> dict[str, Any]:
    picture = finding.picture
    return {
        "from_utc": finding.from_utc,
        "until_utc": finding.until_utc,
        "observed": finding.observed,
        "expected": finding.expected,
        "usual_most": finding.usual_most,
        "picture": {
            "start_utc": picture.start_utc.isoformat(),
            "observed": list(picture.observed),
            "expected": list(picture.expected),
            "most": list(picture.most),
        },
    }


def _delivery_row(alert_id: int, channel: Channel, event: AlertEvent, now: datetime) -> dict[str, Any]:
    state = DeliveryState.WAITING.value
    named = {"channel": channel.value, "event": event.value, "state": state}
    return {"alert_id": alert_id, **named, "attempts": 0, "next_try_utc": now}


def _take(session: Session, now: datetime) -> tuple[Delivery, Alert] | None:
    waiting = AlertDeliveryRow.state == DeliveryState.WAITING.value, AlertDeliveryRow.next_try_utc <= now
    oldest = select(AlertDeliveryRow).where(*waiting).order_by(AlertDeliveryRow.next_try_utc, AlertDeliveryRow.id)
    row = session.scalars(oldest.limit(1).with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    row.attempts += 1
    row.next_try_utc = now + _TAKEN
    (alert,) = _alerts(session, AlertRow.id == row.alert_id, 1)
    return _delivery(row), alert


def _alerts(session: Session, condition: Any, limit: int) -> list[Alert]:  # Any: SQLAlchemy's condition
    rows = session.scalars(select(AlertRow).where(condition).order_by(AlertRow.id.desc()).limit(limit)).all()
    told: dict[int, list[Delivery]] = {row.id: [] for row in rows}
    here = select(AlertDeliveryRow).where(AlertDeliveryRow.alert_id.in_(told)).order_by(AlertDeliveryRow.id)
    for delivery in session.scalars(here):
        told[delivery.alert_id].append(_delivery(delivery))
    return [_alert(row, tuple(told[row.id])) for row in rows]


def _alert(row: AlertRow, deliveries: tuple[Delivery, ...]) -> Alert:
    curve = row.picture
    picture = Picture(
        datetime.fromisoformat(curve["start_utc"]),
        tuple(curve["observed"]),
        tuple(curve["expected"]),
        tuple(curve["most"]),
    )
    finding = Finding(
        AlertKind(row.kind),
        row.series,
        row.from_utc,
        row.until_utc,
        row.observed,
        row.expected,
        row.usual_most,
        picture,
    )
    return Alert(row.id, finding, row.raised_utc, row.ended_utc, row.acknowledged_by, row.acknowledged_utc, deliveries)


def _delivery(row: AlertDeliveryRow) -> Delivery:
    return Delivery(
        row.id,
        row.alert_id,
        Channel(row.channel),
        AlertEvent(row.event),
        DeliveryState(row.state),
        row.attempts,
        row.reason,
    )


def _open() -> Any:  # SQLAlchemy's condition
    return AlertRow.ended_utc.is_(None)
