"""The values that retrieval hands on. Knows nothing of files, indexes or chats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Unit row vectors, shape (n, dim)."""

Encode = Callable[[Sequence[str]], Vectors]
"""Turns n texts into an (n, dim) array of unit vectors; given to retrieval by its caller."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one knowledge document, small enough to be quoted.

    Attributes:
        passage_id: hash of source and text, so that an unchanged passage keeps its id.
        document_id: the article it belongs to.
        title: the article's title and the headings above the passage, joined by " > ".
        text: the passage itself, NFC.
        source_uri: where the article came from (a path or URL).
        position: 0-based order within the document.
    """

    passage_id: str
    document_id: str
    title: str
    text: str
    source_uri: str
    position: int


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage found for a query.

    Attributes:
        score: fused relevance in 0..1, comparable across queries.
        rank: 1 = best.
    """

    passage: Passage
    score: float
    rank: int
