from collections.abc import Callable

import numpy as np
import pytest

from retrieval.encoding import BATCH_TEXTS, TITLE_WEIGHT, encode_passages
from retrieval.errors import VectorError
from retrieval.values import Passage

MakePassage = Callable[..., Passage]


def test_a_passage_is_the_weighted_mean_of_itself_and_its_title(make_passage: MakePassage) -> None:
    def encode(texts):
        return np.array([[0.0, 1.0] if text == "Title" else [1.0, 0.0] for text in texts], np.float32)

    vector = encode_passages([make_passage("a", "Text.", "Title")], encode, {})[0].vector
    assert vector[1] / vector[0] == pytest.approx(TITLE_WEIGHT / (1 - TITLE_WEIGHT))
    assert np.linalg.norm(vector) == pytest.approx(1.0)


def test_each_distinct_text_is_encoded_once_and_progress_is_told(make_passage: MakePassage, encoder) -> None:
    passages = [make_passage(str(number), f"Text {number}.", "One title") for number in range(BATCH_TEXTS)]
    told: list[tuple[int, int]] = []
    encode_passages(passages, encoder, {}, lambda done, total: told.append((done, total)))
    assert len(encoder.given) == len(set(encoder.given)) == 2 * BATCH_TEXTS + 1
    assert [done for done, _ in told] == [BATCH_TEXTS, 2 * BATCH_TEXTS, 2 * BATCH_TEXTS + 1]
    assert {total for _, total in told} == {2 * BATCH_TEXTS + 1}


def test_opposite_vectors_of_title_and_text_still_give_finite_values(make_passage: MakePassage) -> None:
    def encode(texts):
        return np.array([[-1.5] if text == "Title" else [1.0] for text in texts], np.float32)

    assert np.isfinite(encode_passages([make_passage("a", "Text.", "Title")], encode, {})[0].vector).all()


@pytest.mark.parametrize(
    "bad",
    [
        lambda texts: np.ones((1, 4), np.float32),
        lambda texts: np.ones(len(texts), np.float32),
        lambda texts: np.empty((len(texts), 0), np.float32),
        lambda texts: np.full((len(texts), 4), np.nan, np.float32),
    ],
)
def test_an_encoder_that_misbehaves_is_refused(shop: list[Passage], bad) -> None:
    with pytest.raises(VectorError, match="check the bundle"):
        encode_passages(shop, bad, {})
