"""Counts, tests and intervals of the gates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from finetune.gates.changes import Change, adjusted_p, paired_interval, wilson
from finetune.paired import mcnemar


@st.composite
def changes(draw: st.DrawFn) -> Change:
    rows = draw(st.integers(1, 400))
    lost = draw(st.integers(0, rows))
    return Change(rows, lost, draw(st.integers(0, rows - lost)))


@given(changes())
def test_paired_interval_contains_the_difference_and_turns_with_it(change: Change) -> None:
    low, high = paired_interval(change)
    middle = (change.won - change.lost) / (change.rows + 2)
    assert -1 <= low <= middle <= high <= 1
    back = paired_interval(Change(change.rows, change.won, change.lost))
    assert (-high, -low) == pytest.approx(back)


@given(st.integers(1, 1000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_wilson_interval_contains_the_share_and_is_the_textbooks(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1
    known = binomtest(*counts).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((known.low, known.high))


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(changes())
def test_p_of_counts_is_p_of_flags(change: Change) -> None:
    before = np.zeros(change.rows, dtype=np.bool_)
    after = before.copy()
    before[: change.lost], after[change.lost : change.lost + change.won] = True, True
    assert change.p_worse == pytest.approx(mcnemar(before, after).p_worse)


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), changes(), max_size=6))
def test_p_among_others_is_never_smaller_than_alone(groups: dict[str, Change]) -> None:
    found = adjusted_p(groups)
    assert found.keys() == groups.keys()
    # 10,000 draws: a p near .05 is known to within .01.
    assert all(found[name] >= change.p_worse * 0.7 - 0.005 for name, change in groups.items())


def test_equal_models_that_turn_rows_here_and_there_accuse_no_intent() -> None:
    random = np.random.default_rng(3)
    accused = 0
    for _ in range(20):
        moved = random.multinomial(1, [0.04, 0.04, 0.92], size=(77, 12)).sum(axis=1)
        groups = {str(place): Change(12, int(lost), int(won)) for place, (lost, won, _) in enumerate(moved)}
        p = adjusted_p(groups)
        accused += any(change.weighs(5, 0.05, p[name]) for name, change in groups.items())
    assert accused <= 3


@pytest.mark.parametrize(
    ("change", "weighs"),
    [
        (Change(12, 1, 0), False),  # 8 points of one row
        (Change(4, 3, 0), True),  # three rows, most of the intent
        (Change(2, 2, 0), True),  # the whole intent
        (Change(1, 1, 0), False),
        (Change(40, 4, 0), False),  # p = .06
        (Change(40, 5, 0), True),  # p = .03
        (Change(200, 9, 0), False),  # within the allowed points
        (Change(10, 2, 5), False),  # gained
    ],
)
def test_a_loss_weighs_where_it_is_more_than_allowed_and_no_accident(change: Change, weighs: bool) -> None:
    assert change.weighs(5, 0.05) is weighs
