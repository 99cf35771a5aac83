"""Looks at the desk's last weeks for surges and keeps its alerts; sends the messages that wait. Knows no threshold."""

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bot.alerts import NEGATIVE, AlertKind, Finding, Picture
from bot.errors import NoticeError, StorageError
from bot.figures import HourCount
from bot.notices import notice_of, send
from bot.settings import Settings
from bot.storage.records import Clock, utc_now
from bot.storage.store import Store
from bot.surges import Sensitivity, Surge, surges, upper
from bot.usual import DAY_H, HISTORY_DAYS, LEAST_DAYS, Array, Places, Usual, usual_counts, usual_share

_DAYS = HISTORY_DAYS + 8
_PICTURE_H = 3 * DAY_H
_HOUR = timedelta(hours=1)

_log = logging.getLogger(__name__)


@dataclass
class SurgeWatch:
    """One worker's watch; several may run beside each other."""

    store: Store
    settings: Settings
    clock: Clock = utc_now
    _next_look_s: float = field(default=0.0, init=False)

    def attend(self) -> None:
        """Look if it is time, then send what is due; a database that is away is asked again later."""
        try:
            self._attend()
        except StorageError as error:
            _log.error("the desk was not watched: %s", error)

    def _attend(self) -> None:
        alerts = self.settings.alerts
        if alerts.enabled and time.monotonic() >= self._next_look_s:
            self._next_look_s = time.monotonic() + 60 * alerts.look_minutes
            self.look()
        self.send_due()

    def look(self) -> list[Finding]:
        """Compare the last hours with the weeks before, and raise or end alerts."""
        found = find(self.store, self.settings, self.clock())
        raised, ended = self.store.alerts.update(found, self.settings.alerts.channels)
        if raised or ended:
            _log.info("alerts raised: %s; ended: %s", raised or "none", ended or "none")
        return found

    def send_due(self) -> None:
        """Send the messages whose time has come; one that fails waits longer each time."""
        alerts = self.settings.alerts
        while (taken := self.store.alerts.take_delivery()) is not None:
            delivery, alert = taken
            try:
                if delivery.channel not in alerts.channels:
                    raise NoticeError(f"{delivery.channel} is no longer set up")
                notice = notice_of(alert, delivery.event, alerts.console_url)
                send(alerts, delivery.channel, notice, f"{alert.alert_id}-{delivery.event}-{delivery.channel}")
            except NoticeError as error:
                again = self.store.alerts.not_delivered(delivery, str(error))
                tried = f"attempt {delivery.attempts}, {'will try again' if again else 'given up'}"
                _log.warning("alert %d was not delivered (%s): %s", alert.alert_id, tried, error)
            else:
                self.store.alerts.delivered(delivery.delivery_id)


def find(store: Store, settings: Settings, now: datetime) -> list[Finding]:
    """All series that are beyond their usual range at this time."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    start = end - _DAYS * DAY_H * _HOUR
    counted = store.figures.hours(start, now, settings.alerts.negative_moods)
    zone = ZoneInfo(settings.timezone)
    times = [(start + hour * _HOUR).astimezone(zone) for hour in range(_DAYS * DAY_H)]
    place = np.array([time.weekday() * DAY_H + time.hour for time in times])
    frame = _Frame(start, now, place, 1 - (end - now) / _HOUR, Sensitivity(settings.alerts.sensitivity))
    return [*_intents(counted, frame), *_moods(counted, frame)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The hours that are looked at: their start, their places in the desk's week, how much of the last one is over."""

    start: datetime
    now: datetime
    place: Places
    last_hour: float
    sensitivity: Sensitivity

    def since(self, first: int) -> "_Frame":
        """The same without the days before the one that holds this hour."""
        left_out = first // DAY_H * DAY_H
        return replace(self, start=self.start + left_out * _HOUR, place=self.place[left_out:])


def _intents(counted: list[HourCount], frame: _Frame) -> list[Finding]:
    """Surges of intents that the desk has known for a week; one that is new has nothing usual yet."""
    firsts: dict[str, int] = {}
    for one in counted:
        if one.intent is not None:
            firsts[one.intent] = min(one.hour, firsts.get(one.intent, one.hour))
    if not firsts:
        return []
    names, hours = sorted(firsts), len(frame.place)
    columns, counts = {name: at for at, name in enumerate(names)}, np.zeros((hours, len(names)))
    for one in counted:
        if one.intent is not None:
            counts[one.hour, columns[one.intent]] += one.turns
    frame = frame.since(min(firsts.values()))
    counts = counts[-len(frame.place) :]
    usual = usual_counts(counts, frame.place, frame.last_hour)
    known = [surge for surge in surges(counts, usual, frame.sensitivity)
             if firsts[names[surge.series]] < hours - LEAST_DAYS * DAY_H]  # fmt: skip
    return [_finding(AlertKind.INTENT, names[surge.series], surge, counts, usual, frame) for surge in known]


def _moods(counted: list[HourCount], frame: _Frame) -> list[Finding]:
    """A surge of the share of negative turns among those whose mood is known."""
    hours = len(frame.place)
    turns, negative = np.zeros((hours, 1)), np.zeros((hours, 1))
    for one in counted:
        turns[one.hour] += one.with_mood
        negative[one.hour] += one.negative
    if not turns.any():
        return []
    frame = frame.since(int(np.flatnonzero(turns[:, 0])[0]))
    turns, negative = turns[-len(frame.place) :], negative[-len(frame.place) :]
    usual = usual_share(negative, turns, frame.place)
    found = surges(negative, usual, frame.sensitivity)
    return [_finding(AlertKind.MOOD, NEGATIVE, surge, negative, usual, frame) for surge in found]


def _finding(kind: AlertKind, name: str, surge: Surge, counts: Array, usual: Usual, frame: _Frame) -> Finding:
    begun = frame.start + surge.first_hour * _HOUR
    counted = int(surge.observed), surge.expected, int(surge.usual_most)
    return Finding(kind, name, begun, frame.now, *counted, _picture(surge.series, counts, usual, frame.start))


def _picture(series: int, counts: Array, usual: Usual, start: datetime) -> Picture:
    last = slice(-_PICTURE_H, None)
    mean = usual.mean[last, series]
    most = upper(np.nan_to_num(mean), usual.spread[last, series] + usual.hour_spread[series])
    known = ~np.isnan(mean)
    return Picture(
        start + (len(counts) - len(mean)) * _HOUR,
        tuple(int(count) for count in counts[last, series]),
        tuple(round(float(one), 2) if there else None for one, there in zip(mean, known, strict=True)),
        tuple(int(one) if there else None for one, there in zip(most, known, strict=True)),
    )
