from collections import Counter
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bot.figures import FirstAnswers, Outcomes, Period, mean_rating, percentile, savings, share, trends

PERIOD = Period.last(4, now=datetime(2026, 11, 23, 12, tzinfo=UTC), timezone="UTC")


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.95, 1.0]))
def test_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[int], wanted: float) -> None:
    found = percentile(Counter(values), wanted)
    assert found is not None
    assert sum(value <= found for value in values) >= wanted * len(values)
    assert sum(value < found for value in values) < wanted * len(values)


def test_percentile_of_nothing_is_none() -> None:
    assert percentile({}, 0.5) is None
    assert FirstAnswers((), 3).percentile(0.95) is None
    assert FirstAnswers((1.0, 2.0, 9.0), 0).percentile(0.5) == 2.0


def test_savings_are_a_span_from_confirmed_to_silent_too() -> None:
    saved = savings(Outcomes(20, 5, 6, 4), minutes_per_conversation=6, agent_minute_cost=0.5)
    assert (saved.hours_at_least, saved.hours_at_most) == pytest.approx((0.6, 1.0))
    assert (saved.cost_at_least, saved.cost_at_most) == pytest.approx((18, 30))


def test_trends_count_the_halves_and_order_by_all() -> None:
    days = {
        day.date: Counter(counts)
        for day, counts in zip(PERIOD.days, ({"a": 3}, {"a": 1, "b": 1}, {"b": 4}, {"c": 1}), strict=True)
    }
    found = [(one.intent, one.turns, one.earlier, one.later) for one in trends(days, PERIOD, limit=2)]
    assert found == [("b", 5, 1, 4), ("a", 4, 4, 0)]


def test_outcomes_add_up_and_the_rest_is_other() -> None:
    total = Outcomes.sum([Outcomes(5, 1, 1, 1, 2, 1), Outcomes(3, 0, 0, 1, 0, 0)])
    assert total == Outcomes(8, 1, 1, 2, 2, 1)
    assert total.other == 4


def test_means_and_shares_of_nothing_are_none() -> None:
    assert mean_rating({}) is None
    assert mean_rating({5: 1, 2: 2}) == 3
    assert share(1, 0) is None
    assert share(1, 4) == 0.25
