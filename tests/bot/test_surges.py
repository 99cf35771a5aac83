"""What is usual and what is beyond it, on made-up counts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.surges import THRESHOLDS, Sensitivity, cusum, surges, upper
from bot.usual import DAY_H, LEAST_DAYS, Usual, trailing, usual_counts, usual_share

DAYS = 64
HOURS = DAYS * DAY_H
PLACE = np.arange(HOURS) % 168
WEEK = 0.2 + np.exp(-0.5 * (((PLACE % DAY_H) - 14) / 4.0) ** 2) * np.where(PLACE // DAY_H >= 5, 0.5, 1.0)
NORMAL = Sensitivity.NORMAL


def desk(seed: int = 1, rates: tuple[float, ...] = (12.0, 4.0, 1.0)) -> Any:
    return np.random.default_rng(seed).poisson(WEEK[:, None] * np.array(rates)).astype(float)


def found(counts: Any, sensitivity: Sensitivity = NORMAL) -> list[int]:
    return [one.series for one in surges(counts, usual_counts(counts, PLACE), sensitivity)]


def test_usual_follows_the_week_and_the_level() -> None:
    usual = usual_counts(desk(), PLACE)
    for series, rate in enumerate((12.0, 4.0, 1.0)):
        last = usual.mean[-168:, series]
        assert np.corrcoef(last, WEEK[-168:])[0, 1] > 0.9
        assert last.sum() == pytest.approx(rate * WEEK[-168:].sum(), rel=0.15)


def test_nothing_is_usual_before_a_week_and_nothing_alarms_then() -> None:
    counts = desk()
    counts[:168, 1] += 50
    usual = usual_counts(counts, PLACE)
    known = (LEAST_DAYS + 1) * DAY_H
    assert np.isnan(usual.mean[:known]).all()
    assert not np.isnan(usual.mean[known:]).any()
    assert not cusum(counts, usual, THRESHOLDS[NORMAL]).alarm[:known].any()


@pytest.mark.parametrize("series", [0, 1, 2])
def test_planted_surge_is_found_with_when_it_began(series: int) -> None:
    counts = desk()
    assert found(counts) == []
    counts[-12:, series] += np.ceil(4 * (2.0, 1.0, 0.5)[series] * WEEK[-12:] * 3)
    (one,) = surges(counts, usual_counts(counts, PLACE), NORMAL)
    assert one.series == series
    assert HOURS - 30 <= one.first_hour <= HOURS - 8
    assert one.observed > one.usual_most > one.expected


def test_a_day_on_which_all_topics_are_busy_is_no_surge_of_one() -> None:
    counts = desk(rates=(6.0, 6.0, 6.0, 6.0, 6.0))
    counts[-20:] *= 2.5
    assert found(counts) == []
    counts[-20:, 0] *= 3
    assert found(counts) == [0]


def test_negative_share_is_judged_by_the_turns_of_the_hour() -> None:
    turns = desk(rates=(20.0,))
    negative = np.random.default_rng(2).binomial(turns.astype(int), 0.15).astype(float)
    busy = turns.copy()
    busy[-10:] *= 4
    both = [(busy, negative * busy / np.maximum(turns, 1)), (turns, np.where(np.arange(HOURS)[:, None] >= HOURS - 10,
            np.round(0.6 * turns), negative))]  # fmt: skip
    alarmed = [bool(surges(upset, usual_share(upset, all_, PLACE), NORMAL)) for all_, upset in both]
    assert alarmed == [False, True]


def test_alarm_lasts_through_the_surge_and_ends_after_it() -> None:
    counts = desk()
    counts[-240:-192, 1] += 12
    alarm = cusum(counts, usual_counts(counts, PLACE), THRESHOLDS[NORMAL]).alarm[:, 1]
    assert alarm[-230:-192].all()
    assert not alarm[-160:].any()


def test_half_an_hour_is_compared_with_half_of_what_is_usual() -> None:
    whole, half = (usual_counts(desk(), PLACE, share).mean[-1, 0] for share in (1.0, 0.5))
    assert half < 0.6 * whole


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), more=st.integers(0, 40), series=st.integers(0, 2))
def test_more_counts_never_take_an_alarm_back(seed: int, more: int, series: int) -> None:
    counts = desk(seed)[-30 * DAY_H :]
    usual = usual_counts(counts, PLACE[-30 * DAY_H :])
    larger = counts.copy()
    larger[-3:, series] += more
    for sensitivity in Sensitivity:
        fewer = {one.series for one in surges(counts, usual, sensitivity)}
        assert fewer <= {one.series for one in surges(larger, usual, sensitivity)}


@settings(max_examples=60, deadline=None)
@given(mean=st.floats(0, 500), spread=st.floats(0.005, 1))
def test_upper_end_is_no_less_than_the_mean_and_grows_with_the_spread(mean: float, spread: float) -> None:
    ends = [float(upper(np.array([mean]), np.array([wide]))[0]) for wide in (spread, 2 * spread)]
    assert int(mean) <= ends[0] <= ends[1]


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(0, 9), min_size=30, max_size=60), hours=st.integers(1, 24))
def test_trailing_sums_are_sums(values: list[int], hours: int) -> None:
    sums = trailing(np.array(values, float)[:, None], hours)[:, 0]
    assert list(sums) == [sum(values[max(0, at - hours + 1) : at + 1]) for at in range(len(values))]


def test_stricter_sensitivity_alarms_later() -> None:
    counts = desk()
    counts[-24:, 1] *= 2.2
    usual = usual_counts(counts, PLACE)
    hours = [int(cusum(counts, usual, THRESHOLDS[one]).alarm[:, 1].sum()) for one in Sensitivity]
    assert hours == sorted(hours)
    assert hours[0] < hours[-1]


def test_empty_series_and_silence_never_alarm() -> None:
    counts = np.zeros((HOURS, 2))
    counts[:, 0] = desk()[:, 0]
    assert found(counts) == []
    assert found(np.zeros((HOURS, 2))) == []
    assert isinstance(usual_counts(counts, PLACE), Usual)
