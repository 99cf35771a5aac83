from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.keywords import MAX_QUERY_CHARACTERS, KeywordIndex

TEXTS = [
    "Returns\nSend shoes back within 30 days.",
    "Delivery\nParcels arrive in two days.",
    "Payment\nWe take cards and bank transfer.",
    "退货须在三十天内寄回",
]


def best(index: KeywordIndex, query: str) -> int:
    return int(index.scores(query).argmax())


@pytest.mark.parametrize(
    ("query", "row"),
    [("returning a shoe", 0), ("When does my parcel arrive?", 1), ("CARD payments", 2), ("怎么退货", 3)],
)
def test_inflected_and_unspaced_words_are_found(query: str, row: int) -> None:
    assert best(KeywordIndex(TEXTS), query) == row


def test_a_query_whose_words_are_all_met_scores_high_and_a_strange_one_low() -> None:
    scores = KeywordIndex(TEXTS).scores
    assert scores("parcels arrive")[1] > 0.8
    assert scores("parcels zzz yyy xxx www")[1] < 0.35
    assert not scores("zzz").any()


def test_scores_do_not_hang_on_how_long_the_query_is() -> None:
    scores = KeywordIndex(TEXTS).scores
    assert abs(scores("cards")[2] - scores("cards bank transfer take")[2]) < 0.1


@pytest.mark.parametrize("query", ["", " ", "😀", '"', "NEAR(", "*", "-", "col:"])
def test_search_syntax_and_blank_queries_find_nothing_and_never_fail(query: str) -> None:
    assert not KeywordIndex(TEXTS).scores(query).any()


@pytest.mark.parametrize("texts", [[], [""], ["😀", "…"]])
def test_an_index_without_words_finds_nothing(texts: list[str]) -> None:
    assert KeywordIndex(texts).scores("shoes").tolist() == [0.0] * len(texts)


def test_a_pasted_book_is_cut() -> None:
    index = KeywordIndex(TEXTS)
    assert index.scores("shoes " * 200_000)[0] > 0
    assert not index.scores("z" * MAX_QUERY_CHARACTERS + " shoes").any()


@given(st.lists(st.text(alphabet="ab 货款", max_size=12), max_size=6), st.text(alphabet="ab 货款z", max_size=20))
def test_scores_are_shares(texts: list[str], query: str) -> None:
    scores = KeywordIndex(texts).scores(query)
    assert scores.shape == (len(texts),)
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_threads_get_the_same_scores() -> None:
    index = KeywordIndex(TEXTS * 50)
    queries = ["returning shoes", "parcel", "退货", "bank cards"] * 50
    alone = [index.scores(query) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(index.scores, queries))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
