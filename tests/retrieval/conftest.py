"""A fake encoder and small documents for the tests of retrieval."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import settings

from retrieval.text import words
from retrieval.values import Passage, Vectors

# Shared machines stall: a slow example is no failure.
settings.register_profile("retrieval", deadline=None, max_examples=50)
settings.load_profile("retrieval")


@dataclass
class FakeEncoder:
    """Hashes words into a few dimensions, so that texts with common words are near; remembers what it was given."""

    dimension: int = 32
    given: list[str] = field(default_factory=list)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.given.extend(texts)
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in words(text):
            vector[int(hashlib.md5(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return vector / np.linalg.norm(vector)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def make_passage() -> Callable[..., Passage]:
    def make(name: str, text: str, title: str = "", position: int = 0) -> Passage:
        return Passage(name, f"{name}.md", title, text, f"{name}.md", position)

    return make


@pytest.fixture
def shop(make_passage: Callable[..., Passage]) -> list[Passage]:
    return [
        make_passage("returns", "Send shoes back within 30 days. The label is in the box.", "Returns"),
        make_passage("delivery", "Parcels arrive in two to four working days.", "Delivery times"),
        make_passage("payment", "We take cards and bank transfer.", "How can I pay?"),
        make_passage("chinese", "退货须在三十天内寄回。请使用包装盒内的标签。", "退货"),
    ]
