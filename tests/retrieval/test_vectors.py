from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import VectorError
from retrieval.values import Vectors
from retrieval.vectors import VectorIndex


def unit(rows: int, dimension: int = 8, seed: int = 0) -> Vectors:
    points = np.random.default_rng(seed).standard_normal((rows, dimension), dtype=np.float32)
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_exact_search_agrees_with_a_matrix_product() -> None:
    vectors, query = unit(50), unit(1, seed=1)[0]
    rows, similarities = VectorIndex.build(vectors).search(query, 5)
    expected = np.argsort(-(vectors @ query))[:5]
    assert rows.tolist() == expected.tolist()
    np.testing.assert_allclose(similarities, (vectors @ query)[expected], atol=1e-6)


def test_the_graph_begins_at_its_size_and_finds_nearly_all() -> None:
    vectors = unit(400)
    assert not VectorIndex.build(vectors, hnsw_from=401).graph
    graph = VectorIndex.build(vectors, hnsw_from=400)
    assert graph.graph
    exact = VectorIndex.build(vectors)
    shared = [len(set(graph.search(q, 10)[0]) & set(exact.search(q, 10)[0])) for q in unit(20, seed=2)]
    assert np.mean(shared) >= 9.5


@pytest.mark.parametrize("hnsw_from", [1, 1_000])
def test_named_rows_are_compared_in_their_order(hnsw_from: int) -> None:
    vectors, query = unit(30), unit(1, seed=3)[0]
    rows = np.array([7, 2, 29])
    found = VectorIndex.build(vectors, hnsw_from=hnsw_from).similarities(query, rows)
    np.testing.assert_allclose(found, vectors[rows] @ query, atol=1e-6)


def test_a_written_index_is_read_back(tmp_path: Path) -> None:
    vectors, query = unit(40), unit(1, seed=4)[0]
    index = VectorIndex.build(vectors, hnsw_from=1)
    index.write(tmp_path / "index.faiss")
    again = VectorIndex.read(tmp_path / "index.faiss")
    assert (len(again), again.dimension, again.graph) == (40, 8, True)
    assert again.search(query, 3)[0].tolist() == index.search(query, 3)[0].tolist()


def test_more_than_there_are_gives_all_and_an_empty_index_none() -> None:
    assert len(VectorIndex.build(unit(3)).search(unit(1)[0], 10)[0]) == 3
    assert len(VectorIndex.build(np.empty((0, 8), dtype=np.float32)).search(unit(1)[0], 10)[0]) == 0


def test_queries_that_do_not_fit_are_refused() -> None:
    index = VectorIndex.build(unit(3))
    for query in (unit(1, 9)[0], unit(1), np.full(8, np.nan, dtype=np.float32)):
        with pytest.raises(VectorError):
            index.search(query, 1)


def test_arrays_that_are_no_vectors_are_refused() -> None:
    for vectors in (np.zeros(3, np.float32), np.zeros((2, 0), np.float32), np.full((2, 2), np.inf, np.float32)):
        with pytest.raises(VectorError, match="shape"):
            VectorIndex.build(vectors)


def test_every_kind_of_failure_of_faiss_is_translated(tmp_path: Path) -> None:
    broken = tmp_path / "broken.faiss"
    broken.write_bytes(b"nonsense")
    with pytest.raises(VectorError, match="build the snapshot again"):
        VectorIndex.read(broken)
    with pytest.raises(VectorError):
        VectorIndex.read(tmp_path / "missing.faiss")
    with pytest.raises(VectorError, match="cannot be written"):
        VectorIndex.build(unit(2)).write(tmp_path / "no" / "such" / "folder")
    with pytest.raises(VectorError, match="no such rows"):
        VectorIndex.build(unit(2)).similarities(unit(1)[0], np.array([5]))
