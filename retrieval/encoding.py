"""Passages and their sentences as vectors, by an encoder that the caller gives.

Knows nothing of models, indexes or files. What was encoded before under the same title and text is taken over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import VectorError
from retrieval.passages import indexed_text
from retrieval.text import Span, sentences
from retrieval.values import Encode, Passage, Vectors

TITLE_WEIGHT = 0.4
"""Share of the title in a passage's vector. Questions resemble titles more than answers: with frozen MiniLM it lifts
StackFAQ from MAP .945 to .962 and DSTC11 FAQ turns from .487 to .494; above .5 long articles lose."""

BATCH_TEXTS = 256

Progress = Callable[[int, int], None]
"""Told (texts done, texts in all) after each batch."""

TitleAndText = tuple[str, str]


@dataclass(frozen=True, slots=True)
class EncodedPassage:
    """Vectors of one passage.

    Attributes:
        vector: unit, shape (dim,); of title and text.
        spans: the passage's sentences, in characters of its text.
        sentence_vectors: unit rows, shape (len(spans), dim).
    """

    vector: NDArray[np.float32]
    spans: tuple[Span, ...]
    sentence_vectors: Vectors


def encode_passages(
    passages: Sequence[Passage],
    encode: Encode,
    known: Mapping[TitleAndText, EncodedPassage],
    progress: Progress | None = None,
) -> list[EncodedPassage]:
    """Encodes the passages that are not known, each distinct text once.

    Args:
        passages: in the order of the result.
        encode: the encoder.
        known: by (title, text); made by the same encoder.
        progress: told how far the encoding is.

    Raises:
        VectorError: the encoder gave another shape, or values that are not finite.
    """
    fresh = [passage for passage in passages if (passage.title, passage.text) not in known]
    spans = {passage.text: tuple(sentences(passage.text)) for passage in fresh}
    vectors = _encoded((text for passage in fresh for text in _texts(passage, spans[passage.text])), encode, progress)

    def encoded(passage: Passage) -> EncodedPassage:
        before = known.get((passage.title, passage.text))
        return before if before is not None else _assembled(passage, spans[passage.text], vectors)

    return [encoded(passage) for passage in passages]


def _texts(passage: Passage, spans: Sequence[Span]) -> list[str]:
    titles = [passage.title] if passage.title else []
    return [indexed_text(passage), *titles, *(passage.text[start:end] for start, end in spans)]


def _assembled(passage: Passage, spans: tuple[Span, ...], vectors: Mapping[str, NDArray[np.float32]]) -> EncodedPassage:
    whole = vectors[indexed_text(passage)]
    title = vectors[passage.title] if passage.title else whole
    mixed = (1 - TITLE_WEIGHT) * whole + TITLE_WEIGHT * title
    length = float(np.linalg.norm(mixed))
    unit = mixed / length if length > 0 else whole
    rows = [vectors[passage.text[start:end]] for start, end in spans]
    stacked = np.stack(rows) if rows else np.empty((0, len(whole)), dtype=np.float32)
    return EncodedPassage(unit.astype(np.float32), spans, stacked)


def _encoded(texts: Iterable[str], encode: Encode, progress: Progress | None) -> dict[str, NDArray[np.float32]]:
    distinct = sorted(dict.fromkeys(texts), key=len)  # equal lengths in a batch waste no padding
    vectors: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(distinct), BATCH_TEXTS):
        batch = distinct[start : start + BATCH_TEXTS]
        rows = np.asarray(encode(batch), dtype=np.float32)
        if rows.ndim != 2 or len(rows) != len(batch) or rows.shape[1] == 0:
            raise VectorError(f"the encoder gave shape {rows.shape} for {len(batch)} texts; check the bundle")
        if not np.isfinite(rows).all():
            raise VectorError("the encoder gave values that are not finite; check the bundle")
        vectors.update(zip(batch, rows, strict=True))
        if progress is not None:
            progress(len(vectors), len(distinct))
    return vectors
