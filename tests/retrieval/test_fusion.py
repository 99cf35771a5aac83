import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import fuse

COSINE = st.floats(-1.0, 1.0, width=32)
SHARE = st.floats(0.0, 1.0, width=32)


def fused(cosine: float, keywords: float, weight: float) -> float:
    one = fuse(np.array([cosine], np.float32), np.array([keywords], np.float32), keyword_weight=weight)
    return float(one[0])


@given(COSINE, SHARE, SHARE)
def test_scores_are_shares(cosine: float, keywords: float, weight: float) -> None:
    assert 0.0 <= fused(cosine, keywords, weight) <= 1.0


@given(COSINE, COSINE, SHARE, SHARE, SHARE)
def test_scores_grow_with_either_part(one: float, two: float, three: float, four: float, weight: float) -> None:
    low, high = sorted((one, two))
    less, more = sorted((three, four))
    assert fused(low, less, weight) <= fused(high, less, weight) + 1e-6
    assert fused(low, less, weight) <= fused(low, more, weight) + 1e-6


def test_a_perfect_match_is_one_and_an_opposite_zero() -> None:
    assert fused(1.0, 1.0, 0.1) == 1.0
    assert fused(-1.0, 0.0, 0.1) == 0.0


def test_a_query_that_nothing_answers_keeps_low_scores() -> None:
    """Rank or min-max fusion would give its best hit the top score."""
    assert fuse(np.array([0.1, 0.05], np.float32), np.array([0.02, 0.0], np.float32)).max() < 0.15
