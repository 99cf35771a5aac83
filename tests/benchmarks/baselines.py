"""What the product must beat: frozen MiniLM with a logistic regression, its cosine, and BM25. Trains no encoder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from finetune.base_model import PACKAGED_NAME, resolve_base_model
from retrieval.values import Vectors
from tests.benchmarks.workplace import Workplace

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Chances = NDArray[np.float64]

INVERSE_REGULARISATION = 30.0
"""The best of 1 to 100 for BANKING77 dev, so that the baseline is as strong as it can be."""


def open_frozen() -> "SentenceTransformer":
    """MiniLM as it is published, eager, through sentence-transformers on the CPU."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(resolve_base_model(PACKAGED_NAME).directory), device="cpu")


@dataclass(frozen=True)
class FrozenVectors:
    """Unit vectors of frozen MiniLM, kept by text in the workplace."""

    place: Workplace

    def of(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts, shape (n, dim), in their order."""
        name = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:20]
        path = self.place.folder("frozen") / f"{name}.npy"
        if not path.exists():
            self.place.say(f"encoding {len(texts)} texts with frozen MiniLM")
            vectors = open_frozen().encode(list(texts), normalize_embeddings=True, convert_to_numpy=True)
            np.save(path, np.asarray(vectors, dtype=np.float32), allow_pickle=False)
        loaded: Vectors = np.load(path, allow_pickle=False)
        return loaded


@dataclass(frozen=True)
class LinearHead:
    """A logistic regression on vectors.

    Attributes:
        labels: of the columns of its probabilities.
        vectors: that it was fitted on.
    """

    labels: tuple[str, ...]
    vectors: Vectors
    regression: LogisticRegression

    def chances(self, vectors: Vectors) -> Chances:
        """Probabilities, shape (n, labels)."""
        found: Chances = self.regression.predict_proba(vectors)
        return found


def fit_linear_head(vectors: Vectors, labels: Sequence[str]) -> LinearHead:
    """Fits a logistic regression on frozen vectors."""
    regression = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=1000).fit(vectors, np.asarray(labels))
    return LinearHead(tuple(map(str, regression.classes_)), vectors, regression)


def right_rows(head: LinearHead, chances: Chances, labels: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the likeliest label of each row is the right one."""
    guesses = np.asarray(head.labels)[chances.argmax(axis=1)]
    return np.asarray(guesses == np.asarray(labels), dtype=np.bool_)


def distance_to_nearest(known: Vectors, vectors: Vectors) -> NDArray[np.float64]:
    """1 - cosine with the nearest known vector: an out-of-scope score without any training."""
    return np.asarray(1.0 - (vectors @ known.T).max(axis=1), dtype=np.float64)
