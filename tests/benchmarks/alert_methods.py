"""Methods that the alerts were chosen from, and how each fares on a made-up desk. Knows no storage.

Each method gives a score for each hour and series; it alarms where the score is above its threshold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import nbinom

from bot.surges import cusum
from bot.usual import DAY_H, Usual, trailing, usual_counts, usual_share
from tests.benchmarks.alert_desks import LEARN_WEEKS, WATCH_WEEKS, WEEK_H, MadeUpDesk

Array = np.ndarray[Any, Any]
_WINDOWS = (1, 3, 6, 12, 24)
_LEAST = 5


@dataclass(frozen=True, slots=True)
class Watched:
    """A desk's series, the negative turns last, with what is usual for them."""

    desk: MadeUpDesk
    counts: Array
    usual: Usual


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method made of a desk: false alarms, and hours until each planted surge was found; None: it was not."""

    desk: MadeUpDesk
    false_alarms: int
    delays_h: tuple[int | None, ...]


Alarms = Callable[[Watched, float], Array]


def watch(desk: MadeUpDesk) -> Watched:
    """Learn what is usual, as the worker does."""
    turns, negative = desk.intents.sum(1, keepdims=True), desk.negative[:, None]
    parts = usual_counts(desk.intents, desk.place), usual_share(negative, turns, desk.place)
    mean, spread, hours = (
        np.hstack([getattr(part, name) for part in parts]) for name in ("mean", "spread", "hour_spread")
    )
    return Watched(desk, np.hstack([desk.intents, negative]), Usual(mean, spread, hours))


def cusum_alarms(watched: Watched, threshold: float) -> Array:
    """The product's own chart."""
    return cusum(watched.counts, watched.usual, threshold).alarm


def window_alarms(watched: Watched, threshold: float) -> Array:
    """Sums over windows of 1 to 24 hours above the negative binomial quantile of what is usual.

    The threshold of Noufaily et al. (Statistics in Medicine 32, 2013) for each of several windows; in powers of 10.
    """
    mean, worst = np.nan_to_num(watched.usual.mean), np.zeros(watched.counts.shape)
    for hours in _WINDOWS:
        size = 1 / (watched.usual.spread + watched.usual.hour_spread / hours)
        seen, wanted = trailing(watched.counts, hours), trailing(mean, hours)
        chance = nbinom.sf(seen - 1, size, size / (size + np.maximum(wanted, 1e-9)))
        worst = np.maximum(worst, np.where(seen < _LEAST, 0, -np.log10(np.maximum(chance, 1e-40))))
    return np.asarray((worst > threshold) & ~np.isnan(watched.usual.mean))


def ears_alarms(watched: Watched, threshold: float) -> Array:
    """EARS C2 (Hutwagner et al. 2003): the last 24 hours against seven days, two days of guard between them."""
    day = trailing(watched.counts, DAY_H)
    past = np.stack([np.roll(day, DAY_H * back, 0) for back in range(3, 10)])
    return np.asarray((day - past.mean(0)) / np.maximum(past.std(0, ddof=1), 1.0) > threshold)


def judge(watched: Watched, alarms: Array) -> Outcome:
    """Compare alarms with what was planted; alarms of a series within a day are one."""
    desk, raised = watched.desk, _events(alarms)
    false = sum(
        not any(one.series == series and one.start <= last and first < one.start + one.hours + DAY_H
                for one in desk.planted)
        for series, first, last in raised
    )  # fmt: skip
    delays = []
    for one in desk.planted:
        found = [
            max(first - one.start, 0) + 1
            for series, first, last in raised
            if series == one.series and last >= one.start and first < one.start + one.hours
        ]
        delays.append(min(found) if found else None)
    return Outcome(desk, false, tuple(delays))


def false_a_week(outcomes: list[Outcome]) -> float:
    """False alarms of a desk in a week, over all of its series."""
    return sum(one.false_alarms for one in outcomes) / (len(outcomes) * WATCH_WEEKS)


def _events(alarms: Array) -> list[tuple[int, int, int]]:
    events = []
    for series in range(alarms.shape[1]):
        hours = np.flatnonzero(alarms[LEARN_WEEKS * WEEK_H :, series]) + LEARN_WEEKS * WEEK_H
        for run in np.split(hours, np.flatnonzero(np.diff(hours) > DAY_H) + 1):
            if len(run):
                events.append((series, int(run[0]), int(run[-1])))
    return events
