"""The vectors of passages and of their sentences as three array files. Knows files; knows no manifest and no index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoding import EncodedPassage
from retrieval.errors import SnapshotError
from retrieval.values import Vectors

VECTORS = "vectors.npy"
SENTENCES = "sentences.npy"
SPANS = "spans.npy"


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """Arrays mapped from disk and not read into memory: sentence vectors are large and few are ever looked at.

    Attributes:
        vectors: shape (n, dim), a row a passage.
        sentences: shape (m, dim), in the order of the passages.
        spans: shape (m, 2), start and end of each sentence in characters of its passage's text.
        starts: shape (n + 1,); sentences of passage i are the rows starts[i] to starts[i + 1].
    """

    vectors: Vectors
    sentences: Vectors
    spans: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def open(cls, directory: Path) -> "StoredVectors":
        """Maps the files of a snapshot.

        Raises:
            SnapshotError: a file is missing, no array, or does not go with the others.
        """
        try:
            vectors, sentences, table = (
                np.load(directory / name, mmap_mode="r", allow_pickle=False) for name in (VECTORS, SENTENCES, SPANS)
            )
            starts = np.searchsorted(table[:, 0], np.arange(len(vectors) + 1))
            fits = sentences.shape == (len(table), vectors.shape[1]) and int(starts[-1]) == len(table)
        except (OSError, ValueError, IndexError, TypeError) as error:
            raise SnapshotError(f"{directory}: vectors cannot be read; index the knowledge again") from error
        if not fits or table.shape[1:] != (3,):
            raise SnapshotError(f"{directory}: sentences do not go with the passages; index the knowledge again")
        return cls(vectors, sentences, table[:, 1:], starts)

    def passage(self, row: int) -> EncodedPassage:
        """Gives the vectors of one passage as copies."""
        rows = slice(int(self.starts[row]), int(self.starts[row + 1]))
        spans = tuple((int(start), int(end)) for start, end in self.spans[rows])
        return EncodedPassage(np.array(self.vectors[row]), spans, np.array(self.sentences[rows]))


def write_vectors(folder: Path, encoded: Sequence[EncodedPassage]) -> Vectors:
    """Writes the files and gives the passages' vectors, shape (n, dim); none of the files holds pickled objects.

    Raises:
        SnapshotError: the vectors differ in dimension, so an encoder did not keep to one.
    """
    try:
        vectors = np.stack([one.vector for one in encoded])
        sentences = np.concatenate([one.sentence_vectors for one in encoded])
    except ValueError as error:
        raise SnapshotError(f"{folder.parent}: vectors of several dimensions; check the encoder") from error
    table = [(row, start, end) for row, one in enumerate(encoded) for start, end in one.spans]
    np.save(folder / VECTORS, vectors, allow_pickle=False)
    np.save(folder / SENTENCES, sentences, allow_pickle=False)
    np.save(folder / SPANS, np.array(table, dtype=np.int32).reshape(-1, 3), allow_pickle=False)
    return vectors
