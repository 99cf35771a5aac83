"""Finds series of hourly counts that are beyond their usual range: the negative binomial CUSUM of Höhle and Paul.

Knows no storage, no names and nobody to tell. ``scripts/bench loop --only alerts`` chose it and its thresholds.

Source: M. Höhle and M. Paul, Count data regression charts for the monitoring of surveillance time series,
Computational Statistics & Data Analysis 52 (2008); the CUSUM for counts is of J. M. Lucas, Technometrics 27 (1985).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.stats import nbinom  # type: ignore[import-untyped]

from bot.usual import DAY_H, Array, Usual, trailing

_TIMES = 2.5
"""The chart is tuned to a mean that rises to so many times the usual one."""
_LEAST = 5
"""Fewer counts are no surge, however rare."""
_USUAL_SHARE, _OVER_SHARE = 0.999, 0.975


class Sensitivity(StrEnum):
    """How easily people are told; each is for a desk as a whole, however many intents it has."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


THRESHOLDS: Mapping[Sensitivity, float] = {Sensitivity.LOW: 12.0, Sensitivity.NORMAL: 9.0, Sensitivity.HIGH: 7.0}
"""Of the chart; see `tests/benchmarks/loop_alerts.py` for the false alarms that go with them."""


@dataclass(frozen=True, slots=True)
class Surge:
    """A series that is beyond its usual range in the last hour.

    Attributes:
        series: its column.
        first_hour: row in which the surge is likeliest to have begun (where the chart left zero).
        observed: counts since then.
        expected: mean of what is usual for these hours.
        usual_most: what is usual does not exceed this in 999 of 1,000 cases.
    """

    series: int
    first_hour: int
    observed: float
    expected: float
    usual_most: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of all hours: (hours, series) each.

    Attributes:
        alarm: whether the series is beyond its range.
        first_hour: row in which the rise of this moment began.
    """

    alarm: npt.NDArray[np.bool_]
    first_hour: npt.NDArray[np.int64]


def surges(counts: Array, usual: Usual, sensitivity: Sensitivity) -> list[Surge]:
    """The series that are beyond their usual range in the last hour."""
    chart = cusum(counts, usual, THRESHOLDS[sensitivity])
    return [_surge(counts, usual, int(chart.first_hour[-1, at]), int(at)) for at in np.flatnonzero(chart.alarm[-1])]


def cusum(counts: Array, usual: Usual, threshold: float) -> Chart:
    """Sum up hour by hour how much likelier the counts are under a raised mean than under the usual one.

    An alarm lasts until the counts of a whole day are within their range again; then the chart begins anew.

    Args:
        counts: (hours, series).
        usual: what is expected of them.
        threshold: log likelihood ratio at which the alarm begins.
    """
    mean, spread = np.nan_to_num(usual.mean), usual.spread + usual.hour_spread
    ratio = np.log((1 + _TIMES * spread * mean) / (1 + spread * mean))
    gain = np.where(np.isnan(usual.mean), 0.0, counts * np.log(_TIMES) - (counts + 1 / spread) * ratio)
    day = trailing(counts, DAY_H)
    calm = day <= upper(trailing(mean, DAY_H), usual.spread + usual.hour_spread / DAY_H, _OVER_SHARE)
    alarm, first = np.zeros(counts.shape, bool), np.zeros(counts.shape, np.int64)
    height, begun, alarmed = np.zeros(counts.shape[1]), np.zeros(counts.shape[1], np.int64), alarm[0].copy()
    for hour in range(len(counts)):
        begun = np.where(height == 0, hour, begun)
        height = np.clip(height + gain[hour], 0, 2 * threshold)
        over = alarmed & calm[hour]
        alarmed = (alarmed & ~over) | ((height > threshold) & ~over & (day[hour] >= _LEAST))
        height = np.where(over, 0.0, height)
        alarm[hour], first[hour] = alarmed, begun
    return Chart(alarm, first)


def upper(mean: Array, spread: Array, share: float = _USUAL_SHARE) -> Array:
    """The count that what is usual does not exceed in this share of cases."""
    size = 1 / spread
    return np.asarray(nbinom.ppf(share, size, size / (size + np.maximum(mean, 1e-9))), np.float64)


def _surge(counts: Array, usual: Usual, first_hour: int, series: int) -> Surge:
    hours = slice(first_hour, None)
    mean, length = float(np.nansum(usual.mean[hours, series])), len(counts) - first_hour
    spread = usual.spread[-1, series] + usual.hour_spread[series] / length
    most = float(upper(np.array([mean]), np.array([spread]))[0])
    return Surge(series, first_hour, float(counts[hours, series].sum()), mean, most)
