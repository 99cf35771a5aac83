"""Nearest unit vectors by inner product; the only file that knows faiss, whose errors become ``VectorError``.

Knows rows and vectors; knows nothing of passages or of the encoder that made the vectors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.errors import VectorError
from retrieval.values import Vectors

HNSW_FROM = 150_000
"""Rows from which a graph (HNSW) replaces exact search.

Measured by tests/benchmarks/retrieval_size.py with 384 dimensions on one core: exact search takes 0.5 ms for 12,000
rows, 3 for 50,000, 7 for 100,000, 9 for 150,000 (as long as the encoder's pass) and 13 for 200,000; the graph stays
below 1 ms, but takes 36 s of processor time to build for 50,000 rows, again after each edited article.
"""

_LINKS = 32
_BUILD_BREADTH = 100
_SEARCH_BREADTH = 64

Rows = NDArray[np.int64]
Similarities = NDArray[np.float32]


class VectorIndex:
    """Finds the rows most similar to a query; safe to search from several threads.

    Attributes:
        dimension: of every vector.
        graph: whether the search is approximate (HNSW) instead of exact.
    """

    def __init__(self, index: faiss.Index) -> None:
        self._index = index
        self.dimension = int(index.d)
        self.graph = isinstance(index, faiss.IndexHNSW)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @classmethod
    def build(cls, vectors: Vectors, *, hnsw_from: int | None = None) -> "VectorIndex":
        """Indexes unit row vectors, shape (n, dim): exactly, or as a graph from ``hnsw_from`` rows on (``HNSW_FROM``).

        Raises:
            VectorError: the array is not (n, dim) or holds values that are not finite.
        """
        if vectors.ndim != 2 or vectors.shape[1] == 0 or not np.isfinite(vectors).all():
            raise VectorError(
                f"vectors of shape {vectors.shape} must be finite rows of one dimension; encode them again"
            )
        with _translated("cannot be indexed"):
            index = _empty_index(
                vectors.shape[1], graph=len(vectors) >= (HNSW_FROM if hnsw_from is None else hnsw_from)
            )
            index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def read(cls, path: Path) -> "VectorIndex":
        """Reads an index file.

        Raises:
            VectorError: the file is missing or no index.
        """
        with _translated(f"{path} cannot be read; build the snapshot again"):
            index = faiss.read_index(str(path))
        return cls(index)

    def write(self, path: Path) -> None:
        """Writes the index, vectors included.

        Raises:
            VectorError: the file cannot be written.
        """
        with _translated(f"{path} cannot be written"):
            faiss.write_index(self._index, str(path))

    def search(self, query: NDArray[np.float32], limit: int) -> tuple[Rows, Similarities]:
        """Finds up to ``limit`` rows, most similar first, with their cosines.

        Args:
            query: unit vector, shape (dim,).
            limit: at least 1.

        Raises:
            VectorError: the query has another dimension or is not finite.
        """
        wanted = min(limit, len(self))
        row = self._checked(query)
        if wanted == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        with _translated("the index cannot be searched"), _one_thread():
            similarities, rows = self._index.search(row[None, :], wanted)
        found = rows[0] >= 0
        return rows[0][found], similarities[0][found]

    def similarities(self, query: NDArray[np.float32], rows: Rows) -> Similarities:
        """Gives the cosines of the named rows with the query, in their order.

        Raises:
            VectorError: the query has another dimension or is not finite, or there is no such row.
        """
        vector = self._checked(query)
        with _translated("no such rows in the index"):
            vectors = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return np.asarray(vectors @ vector, dtype=np.float32)

    def _checked(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        if query.shape != (self.dimension,):
            raise VectorError(f"a query of shape {query.shape} does not fit an index of dimension {self.dimension}")
        if not np.isfinite(query).all():
            raise VectorError("a query vector holds values that are not finite; check the encoder")
        return np.ascontiguousarray(query, dtype=np.float32)


def _empty_index(dimension: int, *, graph: bool) -> faiss.Index:
    if not graph:
        return faiss.IndexFlatIP(dimension)
    index = faiss.IndexHNSWFlat(dimension, _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = _BUILD_BREADTH
    index.hnsw.efSearch = _SEARCH_BREADTH
    return index


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps faiss from sharing one query out: waiting for the other threads takes 30 times the search (15 ms : 0.5)."""
    threads = faiss.omp_get_max_threads()  # OpenMP keeps this number for each calling thread
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Faiss raises RuntimeError for its own failures and AssertionError or ValueError for arguments it refuses."""
    try:
        yield
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        raise VectorError(f"{what} ({type(error).__name__})") from error
