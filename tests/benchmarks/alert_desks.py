"""Made-up desks with planted surges: hourly turns by intent and negative turns. Knows no method of detection.

Counts are negative binomial around a week, a trend, good and bad days, quiet holidays and campaigns that double all
topics at once; a planted surge multiplies one intent, or the share of negative turns, for some hours or days.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
DAY_H, WEEK_H = 24, 168
LEARN_WEEKS, WATCH_WEEKS = 8, 12
FACTORS = (1.5, 2.0, 3.0, 5.0)
_HOURS = (12, 24, 48)


@dataclass(frozen=True, slots=True)
class Planted:
    """A surge: of which series (the last one is the negative mood), from which hour, how long and how strong."""

    series: int
    start: int
    hours: int
    factor: float


@dataclass(frozen=True, slots=True)
class MadeUpDesk:
    """Counts (hours, intents), negative turns (hours,) and what was planted."""

    turns_a_day: int
    intents: Array
    negative: Array
    planted: tuple[Planted, ...]

    @property
    def place(self) -> Array:
        """Hour of the week of each hour."""
        return np.arange(len(self.intents)) % WEEK_H


def make_desk(seed: int, turns_a_day: int, intents: int = 30, surges: int = 12) -> MadeUpDesk:
    """A desk of twenty weeks, of which the first eight have no surge; the same for the same seed."""
    chance = np.random.default_rng(seed)
    hours = (LEARN_WEEKS + WATCH_WEEKS) * WEEK_H
    share = (1 / np.arange(1, intents + 1)) / (1 / np.arange(1, intents + 1)).sum()
    mean = turns_a_day / DAY_H * share * _week(chance, intents)[np.arange(hours) % WEEK_H]
    mean *= (1 + chance.uniform(-0.3, 0.6) * np.arange(hours) / hours)[:, None]
    days = hours // DAY_H
    common, own = _days(chance, 0.02, (days, 1)), _days(chance, 0.03, (days, intents))
    mean *= np.repeat(common * own * _odd_days(chance, days), DAY_H, 0)
    planted = _plant(chance, share, surges)
    upset = np.repeat(0.15 * _days(chance, 0.02, (days, 1)), DAY_H, 0)[:, 0]
    for one in planted:
        when = slice(one.start, one.start + one.hours)
        if one.series < intents:
            mean[when, one.series] *= one.factor
        else:
            upset[when] *= one.factor
    counts = _negative_binomial(chance, mean, 0.05)
    negative = chance.binomial(counts.sum(1).astype(int), np.minimum(upset, 0.9))
    return MadeUpDesk(turns_a_day, counts, negative.astype(np.float64), planted)


def _week(chance: np.random.Generator, intents: int) -> Array:
    """(168, intents), of mean 1: day and night, quieter weekends, and each intent a little shifted."""
    hour = np.arange(WEEK_H)[:, None]
    shift = chance.normal(0, 1.5, intents)
    day = 0.15 + np.exp(-0.5 * (((hour % DAY_H) - 14 - shift) / 4.0) ** 2)
    weekend = np.where(hour // DAY_H >= 5, chance.uniform(0.4, 0.9), 1.0)
    shape = day * weekend
    return np.asarray(shape / shape.mean(0))


def _days(chance: np.random.Generator, spread: float, size: tuple[int, int]) -> Array:
    return chance.gamma(1 / spread, spread, size)


def _odd_days(chance: np.random.Generator, days: int) -> Array:
    """Each fourth week or so a campaign, each sixth a holiday: for all topics alike, and nobody's alarm."""
    kind = chance.random((days, 1))
    return np.where(kind < 1 / 28, chance.uniform(1.5, 2.5, (days, 1)), np.where(kind > 1 - 1 / 42, 0.4, 1.0))


def _negative_binomial(chance: np.random.Generator, mean: Array, spread: float) -> Array:
    return chance.poisson(mean * chance.gamma(1 / spread, spread, mean.shape)).astype(np.float64)


def _plant(chance: np.random.Generator, share: Array, surges: int) -> tuple[Planted, ...]:
    """Surges a week apart, a third of them of mood; intents of all sizes are hit alike."""
    planted = []
    for number in range(surges):
        start = (LEARN_WEEKS + number % WATCH_WEEKS) * WEEK_H + int(chance.integers(0, 5 * DAY_H))
        mood = number % 3 == 2
        series = len(share) if mood else int(chance.integers(0, len(share)))
        factor = float(chance.choice([1.5, 2.0, 3.0] if mood else FACTORS[1:]))
        planted.append(Planted(series, start, int(chance.choice(_HOURS)), factor))
    return tuple(planted)
