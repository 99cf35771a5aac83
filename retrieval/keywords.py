"""Keyword search by BM25 (library bm25s). Knows rows of text; knows nothing of passages or vectors.

Scores are shares of what the query could reach at best, so that one threshold fits short and long queries alike.
"""

import logging
from collections.abc import Sequence

import bm25s  # type: ignore[import-untyped]
import numpy as np
import Stemmer
from numpy.typing import NDArray

from retrieval.text import words

Scores = NDArray[np.float32]

MAX_QUERY_CHARACTERS = 4_000
"""What follows in a longer query is not looked at, so that a pasted book costs no more than a page."""

_SATURATION = 1.2  # k1
_LENGTH_WEIGHT = 0.75  # b


class KeywordIndex:
    """BM25 over rows of text; never changes once built, so it is safe to search from several threads.

    Method: Lucene's variant of BM25 (Kamphuis et al., ECIR 2020), in which a word adds less than its idf.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = [_tokens(text) for text in texts]
        self._size = len(texts)
        self._unseen_idf = _idf(np.zeros(1), self._size)[0]
        self._index = None
        if any(tokens):
            logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG
            self._index = bm25s.BM25(k1=_SATURATION, b=_LENGTH_WEIGHT, method="lucene", csc_backend="numpy")
            self._index.index(tokens, show_progress=False)
            self._idf = _idf(np.diff(self._index.scores["indptr"]), self._size)

    def __len__(self) -> int:
        return self._size

    def scores(self, query: str) -> Scores:
        """Scores all rows, shape (n,), 0..1.

        1 means: every word of the query, weighted by its rarity, is met as well as in a row of average length that
        holds it once. Words that no row holds count as the rarest, so they lower the score.
        """
        asked = list(dict.fromkeys(_tokens(query[:MAX_QUERY_CHARACTERS])))
        if self._index is None:
            return np.zeros(self._size, dtype=np.float32)
        known = self._index.get_tokens_ids(asked)
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        best = (self._idf[known].sum() + self._unseen_idf * (len(asked) - len(known))) / (1 + _SATURATION)
        raw: Scores = self._index.get_scores_from_ids(known)
        return np.asarray(np.minimum(raw / best, 1), dtype=np.float32)


def _tokens(text: str) -> list[str]:
    # A stemmer of its own for each call: one object must not be shared by threads.
    stemmed: list[str] = Stemmer.Stemmer("english", 0).stemWords(words(text))
    return stemmed


def _idf(document_frequencies: NDArray[np.generic], size: int) -> NDArray[np.float64]:
    frequencies = document_frequencies.astype(np.float64)
    return np.log(1 + (size - frequencies + 0.5) / (frequencies + 0.5))
