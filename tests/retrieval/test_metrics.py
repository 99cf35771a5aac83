import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.metrics import mean_average_precision, mrr_at_k, recall_at_k

JUDGED = [(["a", "b", "c", "d"], {"b", "d"}), (["a", "b"], {"x"}), (["a"], set())]


def test_values_worked_out_by_hand() -> None:
    assert recall_at_k(JUDGED, 2) == pytest.approx((1 / 2 + 0) / 2)
    assert mrr_at_k(JUDGED, 4) == pytest.approx((1 / 2 + 0) / 2)
    assert mrr_at_k(JUDGED, 1) == 0.0
    assert mean_average_precision(JUDGED) == pytest.approx(((1 / 2 + 2 / 4) / 2 + 0) / 2)


def test_relevant_ids_that_were_not_ranked_count_against_map() -> None:
    assert mean_average_precision([(["a"], {"a", "b"})]) == pytest.approx(0.5)


def test_an_id_ranked_twice_counts_once() -> None:
    assert mean_average_precision([(["a", "a", "b"], {"a", "b"})]) == pytest.approx(1.0)


def test_no_labelled_query_gives_zero() -> None:
    assert mean_average_precision([]) == recall_at_k([(["a"], set())], 5) == 0.0


@given(st.permutations(list("abcdef")), st.sets(st.sampled_from("abcdef"), min_size=1), st.integers(1, 6))
def test_all_values_are_shares_and_a_perfect_ranking_gives_one(ranked: list[str], relevant: set[str], k: int) -> None:
    judged = [(ranked, relevant)]
    for value in (recall_at_k(judged, k), mrr_at_k(judged, k), mean_average_precision(judged)):
        assert 0.0 <= value <= 1.0
    best = sorted(ranked, key=lambda name: name not in relevant)
    assert mean_average_precision([(best, relevant)]) == pytest.approx(1.0)
    assert recall_at_k([(best, relevant)], len(relevant)) == 1.0
