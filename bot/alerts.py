"""Alerts as values: what is beyond its usual range, who has seen it, who was told. Knows no storage and no method."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NEGATIVE = "negative"
"""The series of all negative moods together."""


class AlertKind(StrEnum):
    """What a series counts: turns of one intent, or turns in a negative mood."""

    INTENT = "intent"
    MOOD = "mood"


class Channel(StrEnum):
    """How people are told beside the console."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class AlertEvent(StrEnum):
    """What people are told of."""

    RAISED = "raised"
    ENDED = "ended"


class DeliveryState(StrEnum):
    """Where a message to a channel stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Picture:
    """The last days of a series, hour by hour.

    Attributes:
        start_utc: when the first hour begins.
        observed: counts.
        expected: what is usual; None where too little was known.
        most: what is usual does not exceed it in 999 of 1,000 hours.
    """

    start_utc: datetime
    observed: tuple[int, ...]
    expected: tuple[float | None, ...]
    most: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A series beyond its usual range, as one look found it. Holds no customer's words.

    Attributes:
        series: the intent, or `NEGATIVE`.
        from_utc: when it likely began; ``until_utc`` is the end of what was counted.
        observed: turns since it began.
        expected: mean of what is usual for these hours.
        usual_most: what is usual does not exceed it in 999 of 1,000 cases.
    """

    kind: AlertKind
    series: str
    from_utc: datetime
    until_utc: datetime
    observed: int
    expected: float
    usual_most: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel.

    Attributes:
        reason: why the last try failed; one line.
    """

    delivery_id: int
    alert_id: int
    channel: Channel
    event: AlertEvent
    state: DeliveryState
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """A surge that was found; the finding is the latest look at it."""

    alert_id: int
    finding: Finding
    raised_utc: datetime
    ended_utc: datetime | None
    acknowledged_by: str | None
    acknowledged_utc: datetime | None
    deliveries: tuple[Delivery, ...] = ()
