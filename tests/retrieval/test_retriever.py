from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.encoding import encode_passages
from retrieval.errors import RetrievalError, VectorError
from retrieval.retriever import Meaning, Retriever
from retrieval.values import Encode, Passage
from retrieval.vectors import VectorIndex


def meaning(passages: list[Passage], encode: Encode) -> Meaning:
    encoded = encode_passages(passages, encode, {})
    return Meaning(VectorIndex.build(np.stack([one.vector for one in encoded])), encoded.__getitem__)


@pytest.fixture
def retriever(shop: list[Passage], encoder: Encode) -> Retriever:
    return Retriever(shop, meaning(shop, encoder))


def ids(found: tuple) -> list[str]:
    return [one.passage.passage_id for one in found]


def test_the_best_passage_comes_first_with_falling_scores(retriever: Retriever, encoder: Encode) -> None:
    query = "send my shoes back"
    found = retriever.search(query, encoder([query])[0], 3)
    assert found[0].passage.passage_id == "returns"
    assert [one.rank for one in found] == [1, 2, 3]
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert 0.0 <= scores[-1] <= scores[0] <= 1.0


def test_without_a_vector_only_passages_with_common_words_are_found(retriever: Retriever) -> None:
    found = retriever.search("怎么退货", None, 5)
    assert ids(found) == ["chinese"]
    assert 0.0 < found[0].score <= 1.0
    assert retriever.search("zzz", None, 5) == ()


def test_a_passage_is_found_by_meaning_where_no_word_agrees(shop: list[Passage]) -> None:
    def encode(texts):  # every text means the same
        return np.tile(np.array([1.0, 0.0], np.float32), (len(texts), 1))

    found = Retriever(shop, meaning(shop, encode)).search("zzz", np.array([1.0, 0.0], np.float32), 4)
    assert ids(found) == ["returns", "delivery", "payment", "chinese"]
    assert [one.score for one in found] == [pytest.approx(0.9)] * 4


def test_a_passage_far_by_meaning_is_still_found_by_its_words(make_passage: Callable[..., Passage]) -> None:
    """With more passages than candidates, the vectors alone would never look at this one."""
    passages = [make_passage(f"p{number}", "Nothing of use.") for number in range(200)] + [make_passage("x", "SKU-77")]

    def encode(texts):
        return np.array([[0.0, 1.0] if "SKU" in text else [1.0, 0.0] for text in texts], np.float32)

    found = Retriever(passages, meaning(passages, encode)).search("sku 77", np.array([0.6, 0.8], np.float32), 1)
    assert ids(found) == ["x"]


def test_a_knowledge_base_without_vectors_searches_by_keywords(shop: list[Passage], encoder: Encode) -> None:
    retriever = Retriever(shop, None)
    assert ids(retriever.search("bank transfer", encoder(["bank transfer"])[0], 5)) == ["payment"]
    spans, vectors = retriever.sentences("returns")
    assert (len(spans), vectors.shape) == (2, (2, 0))


def test_sentences_of_a_passage_have_vectors_of_their_own(retriever: Retriever, encoder: Encode) -> None:
    spans, vectors = retriever.sentences("returns")
    text = retriever.passage("returns").text
    quoted = [text[start:end] for start, end in spans]
    assert quoted == ["Send shoes back within 30 days.", "The label is in the box."]
    np.testing.assert_allclose(vectors, encoder(quoted))


def test_a_vector_that_does_not_fit_is_refused_and_keywords_go_on(retriever: Retriever) -> None:
    for vector in (np.ones(3, np.float32), np.full(32, np.nan, np.float32)):
        with pytest.raises(VectorError):
            retriever.search("shoes", vector, 1)
    assert ids(retriever.search("shoes", None, 1)) == ["returns"]


def test_wrong_use_is_refused(shop: list[Passage], encoder: Encode) -> None:
    with pytest.raises(RetrievalError, match="3 passages but 4 vectors"):
        Retriever(shop[:3], meaning(shop, encoder))
    retriever = Retriever(shop, None)
    with pytest.raises(ValueError, match="limit"):
        retriever.search("shoes", None, 0)
    with pytest.raises(KeyError):
        retriever.passage("unknown")


def test_an_empty_knowledge_base_finds_nothing(encoder: Encode) -> None:
    empty = Meaning(VectorIndex.build(np.empty((0, 32), np.float32)), lambda row: pytest.fail("no rows"))
    assert Retriever([], empty).search("shoes", encoder(["shoes"])[0], 3) == ()
    assert Retriever([], None).search("shoes", None, 3) == ()


def test_threads_get_the_same_results(retriever: Retriever, encoder: Encode) -> None:
    queries = ["send shoes back", "working days", "退货 标签", "bank transfer", ""] * 40
    vectors = list(encoder(queries))
    alone = list(map(retriever.search, queries, vectors, [3] * len(queries)))
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(retriever.search, queries, vectors, [3] * len(queries)))
    assert alone == together
