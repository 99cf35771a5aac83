"""What is usual for a series of hourly counts: level, week, and spread, all learnt from the past alone.

Knows no storage and no alarm. Arrays are (hours, series); hours follow each other without a gap.

The level of a day is a mean of the eight weeks before it, weighted to the recent ones, without the day just before: a
surge that builds up slowly must not hide itself (the guard band of EARS C2, Hutwagner et al. 2003). Days above their
range are cut to it before they teach anything, as Farrington et al. (1996) weigh down past outbreaks.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

DAY_H, WEEK_H = 24, 168
HISTORY_DAYS = 56
LEAST_DAYS = 7
"""Before so many days nothing is known to be usual."""
_GUARD_DAYS = 1
_HALF_LIFE_DAYS = 14.0
_CUT = 2.33
_FAMILIAR = 12.0
"""A series has its own week as far as its counts outweigh so many of the desk's common week in each hour."""
_SPREAD_DAYS = 14.0
_LEAST_SPREAD, _USUAL_SPREAD, _MOST_SPREAD = 0.005, 0.05, 1.0
_HOUR_SPREAD, _HOUR_SPREAD_OF_SHARES = 0.2, 0.05
_FAITH = 50.0
"""The usual spread outweighs what is seen while the squared daily means sum up to less than this."""
_BUSY_H, _DOUBT = 6, 10.0
"""The other series are looked at over so many hours, and believed as far as they outweigh so many counts."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Negative binomial expectation: variance = ``mean + spread * mean**2``.

    Attributes:
        mean: expected count of each hour (hours, series); NaN while too little is known.
        spread: of whole days, (hours, series).
        hour_spread: how much more single hours scatter, of each series; a sum over several hours bears its part.
    """

    mean: Array
    spread: Array
    hour_spread: Array


def usual_counts(counts: Array, place: Places, last_hour: float = 1.0) -> Usual:
    """What is usual for counts that follow the desk's week, such as turns of each intent.

    A day on which the other series have more than usual raises the expectation of each: one busy desk is no surge of
    one intent.

    Args:
        counts: (hours, series), a whole number of days.
        place: hour of the desk's week of each hour, 0..167.
        last_hour: how much of the last hour is over, 0..1.
    """
    usual = _learn(counts, place, None)
    usual.mean[-1] *= last_hour
    total, expected = counts.sum(1, keepdims=True) - counts, usual.mean.sum(1, keepdims=True) - usual.mean
    busier = (trailing(total, _BUSY_H) + _DOUBT) / (trailing(np.nan_to_num(expected), _BUSY_H) + _DOUBT)
    return replace(usual, mean=usual.mean * np.maximum(busier, 1.0))


def usual_share(counts: Array, turns: Array, place: Places) -> Usual:
    """What is usual for a share of turns, such as the negative ones: expected are the usual share of the hour's turns.

    Args:
        counts: (hours, series).
        turns: (hours, series) of which they are a part.
        place: hour of the desk's week of each hour, 0..167.
    """
    return _learn(counts, place, turns)


def trailing(values: Array, hours: int) -> Array:
    """Sums of the last so many hours with each one; fewer at the beginning."""
    summed = np.cumsum(values, 0)
    before = np.zeros_like(summed)
    before[hours:] = summed[:-hours]
    return summed - before


def _learn(counts: Array, place: Places, turns: Array | None) -> Usual:
    days = len(counts) // DAY_H
    mean, spread = np.full(counts.shape, np.nan), np.full(counts.shape, _MOST_SPREAD)
    taught = counts.astype(np.float64)
    for day in range(LEAST_DAYS + _GUARD_DAYS, days):
        now = slice(day * DAY_H, (day + 1) * DAY_H)
        past = slice(max(0, day - _GUARD_DAYS - HISTORY_DAYS) * DAY_H, (day - _GUARD_DAYS) * DAY_H)
        weight = _weights(past, day)
        if turns is None:
            unit, unit_now = _week(taught[past], weight, place[past], place[now])
        else:
            unit, unit_now = turns[past], turns[now]
        level = (weight * taught[past]).sum(0) / np.maximum((weight * unit).sum(0), 1e-9)
        mean[now] = unit_now * level
        spread[now] = _spread(taught[past], unit * level, weight)
        taught[now] = _cut(taught[now], mean[now], spread[now])
    return Usual(mean, spread, np.full(counts.shape[1], _HOUR_SPREAD if turns is None else _HOUR_SPREAD_OF_SHARES))


def _weights(past: slice, day: int) -> Array:
    age = day - np.arange(past.start, past.stop)[:, None] / DAY_H
    return np.asarray(0.5 ** (age / _HALF_LIFE_DAYS))


def _week(taught: Array, weight: Array, place: Places, now: Places) -> tuple[Array, Array]:
    """How much of its level a series has in each hour of the past and of the day, (hours, series)."""
    total = taught.sum(1)
    flat = weight[:, 0]
    mean = max((flat * total).sum() / flat.sum(), 1e-9)
    by_hour = _means(total, flat, place % DAY_H, DAY_H, mean, 1.0)
    by_day = _means(total, flat, place // DAY_H, 7, mean, 1.0)
    product = by_hour[np.arange(WEEK_H) % DAY_H] * by_day[np.arange(WEEK_H) // DAY_H] / mean
    common = _means(total, flat, place, WEEK_H, product, 2.0) / mean
    level = (weight * taught).sum(0) / np.maximum((flat * common[place]).sum(), 1e-9)
    seen = np.zeros((WEEK_H, taught.shape[1]))
    weighed = np.zeros((WEEK_H, 1))
    np.add.at(seen, place, weight * taught)
    np.add.at(weighed, place, weight)
    own = (seen + _FAMILIAR * common[:, None]) / np.maximum(weighed * level + _FAMILIAR, 1e-9)
    return own[place], own[now]


def _means(values: Array, weight: Array, cell: Places, cells: int, prior: Array | float, strength: float) -> Array:
    summed = np.bincount(cell, weight * values, cells)
    return np.asarray((summed + strength * prior) / (np.bincount(cell, weight, cells) + strength))


def _spread(taught: Array, expected: Array, weight: Array) -> Array:
    """Spread of whole days by moments, drawn to that of all series: days differ by more than hours show."""
    days = (len(taught) // DAY_H, DAY_H, taught.shape[1])
    seen, wanted = taught.reshape(days).sum(1), expected.reshape(days).sum(1)
    heavy = weight.reshape(days[0], DAY_H, 1)[:, 0]
    over, square = (heavy * ((seen - wanted) ** 2 - wanted)).sum(0), (heavy * wanted**2).sum(0)
    common = (over.sum() + _FAITH * _USUAL_SPREAD) / (square.sum() + _FAITH)
    own = (over + _FAITH * common) / (square + _FAITH)
    drawn = (heavy.sum() * own + _SPREAD_DAYS * common) / (heavy.sum() + _SPREAD_DAYS)
    return np.asarray(np.clip(drawn, _LEAST_SPREAD, _MOST_SPREAD))


def _cut(counts: Array, mean: Array, spread: Array) -> Array:
    seen, wanted = counts.sum(0), mean.sum(0)
    most = wanted + _CUT * np.sqrt(wanted + spread[0] * wanted**2) + 1.0
    return np.asarray(counts * np.minimum(1.0, most / np.maximum(seen, 1e-9)))
