"""Ranked passages for a query. Knows passages and their two indexes; knows nothing of files, encoders or chats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.encoding import EncodedPassage
from retrieval.errors import RetrievalError
from retrieval.fusion import fuse
from retrieval.keywords import KeywordIndex, Scores
from retrieval.passages import indexed_text
from retrieval.text import Span, sentences
from retrieval.values import Passage, RetrievedPassage, Vectors
from retrieval.vectors import Rows, VectorIndex

SENTENCE_WEIGHT = 0.5
"""How much of its lead a passage's best sentence gives to the passage: a question asks for one sentence of an article,
whose other sentences only blur its vector. On the demo shop's 285 questions with frozen MiniLM it lifts the first hit
from .740 to .79, and leaves StackFAQ at MAP .960 (a plain mean of both would drop it to .926)."""

MIN_CANDIDATES = 50
"""Drawn from each index at least, so that a passage good by both is found although first by neither."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The vector side of a knowledge base.

    Attributes:
        index: one row a passage, in the order of the passages.
        encoded: gives the stored vectors of the passage in a row, sentences included.
    """

    index: VectorIndex
    encoded: Callable[[int], EncodedPassage]

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """Each passage's own cosine, raised where its best sentence is nearer, shape (len(rows),)."""
        whole = self.index.similarities(vector, rows)
        parts = (self.encoded(int(row)).sentence_vectors @ vector for row in rows)
        best = [part.max() if len(part) else cosine for part, cosine in zip(parts, whole, strict=True)]
        lead = np.maximum(np.asarray(best, dtype=np.float32) - whole, 0.0)
        return np.asarray(whole + SENTENCE_WEIGHT * lead, dtype=np.float32)


class Retriever:
    """Searches one knowledge base; it never changes, so threads may share it.

    Attributes:
        passages: all of them, in order.
    """

    def __init__(self, passages: Sequence[Passage], meaning: Meaning | None) -> None:
        """Builds the keyword index; without ``meaning`` every search is by keywords.

        Raises:
            RetrievalError: passages and vectors differ in number.
        """
        if meaning is not None and len(meaning.index) != len(passages):
            raise RetrievalError(f"{len(passages)} passages but {len(meaning.index)} vectors; build the snapshot again")
        self.passages = tuple(passages)
        self._rows = {passage.passage_id: row for row, passage in enumerate(passages)}
        self._keywords = KeywordIndex([indexed_text(passage) for passage in passages])
        self._meaning = meaning

    def search(self, text: str, vector: NDArray[np.float32] | None, limit: int) -> tuple[RetrievedPassage, ...]:
        """Finds up to ``limit`` passages, best first; equal scores keep the order of the knowledge base.

        Args:
            text: the query's words.
            vector: its unit vector, shape (dim,); None searches by keywords alone, and so does a knowledge base
                without vectors. Passages without any common word are then left out.
            limit: at least 1.

        Raises:
            VectorError: the vector has another dimension or is not finite.
            ValueError: limit is below 1.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        keywords = self._keywords.scores(text)
        rows = _best_rows(keywords, max(limit, MIN_CANDIDATES))
        if vector is None or self._meaning is None:
            return self._ranked(rows, keywords[rows], limit)
        near, _ = self._meaning.index.search(vector, max(limit, MIN_CANDIDATES))
        rows = np.union1d(rows, near)
        if len(rows) == 0:
            return ()
        return self._ranked(rows, fuse(self._meaning.cosines(vector, rows), keywords[rows]), limit)

    def passage(self, passage_id: str) -> Passage:
        """Gives a passage by its id.

        Raises:
            KeyError: there is none of that id.
        """
        return self.passages[self._rows[passage_id]]

    def sentences(self, passage_id: str) -> tuple[tuple[Span, ...], Vectors]:
        """Gives the sentences of a passage: spans in its text, and their unit vectors, shape (len(spans), dim).

        A knowledge base without vectors gives an array of shape (len(spans), 0).

        Raises:
            KeyError: there is no passage of that id.
        """
        row = self._rows[passage_id]
        if self._meaning is None:
            spans = tuple(sentences(self.passages[row].text))
            return spans, np.empty((len(spans), 0), dtype=np.float32)
        encoded = self._meaning.encoded(row)
        return encoded.spans, encoded.sentence_vectors

    def _ranked(self, rows: Rows, scores: Scores, limit: int) -> tuple[RetrievedPassage, ...]:
        best = np.argsort(-scores, kind="stable")[:limit]
        return tuple(
            RetrievedPassage(passage=self.passages[rows[place]], score=float(scores[place]), rank=rank)
            for rank, place in enumerate(best, start=1)
        )


def _best_rows(scores: Scores, limit: int) -> Rows:
    """Gives the rows of the highest scores above 0 in row order; among equals at the edge the first rows are taken."""
    found = np.flatnonzero(scores)
    if len(found) > limit:
        found = np.sort(found[np.argsort(-scores[found], kind="stable")[:limit]])
    return found.astype(np.int64)
