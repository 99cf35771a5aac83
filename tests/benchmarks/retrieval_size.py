"""How exact and graph search by vectors grow with the knowledge base, and how long the keyword index takes.

Run: ``OMP_NUM_THREADS=1 python tests/benchmarks/retrieval_size.py 10000 50000`` prints a JSON object (processor
seconds, so more threads would count several times). The vectors are random points in
clusters, as passages of one subject are; uniformly random ones would make the graph look worse than it is.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import KeywordIndex
from retrieval.values import Vectors
from retrieval.vectors import VectorIndex

Result = TypeVar("Result")

DIMENSION = 384
QUERIES = 200
FOUND = 10
WORDS_A_PASSAGE = 60


def main(sizes: list[int]) -> None:
    """Measures each size and prints the figures."""
    figures: dict[str, float] = {}
    for size in sizes:
        for name, value in {**vector_figures(size), **keyword_figures(size)}.items():
            figures[f"{name}_{size}"] = round(value, 4)
            sys.stderr.write(f"{name}_{size}: {value:.4f}\n")
    sys.stdout.write(json.dumps(figures) + "\n")


def vector_figures(size: int) -> dict[str, float]:
    """Times exact and graph search, and the share of the exact results that the graph finds."""
    rows, queries = clustered(size + QUERIES)[:size], clustered(size + QUERIES)[size:]
    exact, exact_build_s = timed(lambda: VectorIndex.build(rows, hnsw_from=size + 1))
    graph, graph_build_s = timed(lambda: VectorIndex.build(rows, hnsw_from=0))
    true, exact_s = timed(lambda: [exact.search(query, FOUND)[0] for query in queries])
    near, graph_s = timed(lambda: [graph.search(query, FOUND)[0] for query in queries])
    found = [len(set(one) & set(other)) / FOUND for one, other in zip(true, near, strict=True)]
    return {
        "flat_build_s": exact_build_s,
        "hnsw_build_s": graph_build_s,
        "flat_query_ms": exact_s / QUERIES * 1000,
        "hnsw_query_ms": graph_s / QUERIES * 1000,
        "hnsw_recall_at_10": float(np.mean(found)),
    }


def keyword_figures(size: int) -> dict[str, float]:
    """Times the keyword index over texts whose words are as unevenly frequent as those of a language (Zipf)."""
    random = np.random.default_rng(0)
    drawn = np.minimum(random.zipf(1.3, size=(size, WORDS_A_PASSAGE)), 30_000)
    texts = [" ".join(f"word{number}" for number in row) for row in drawn]
    index, build_s = timed(lambda: KeywordIndex(texts))
    _, query_s = timed(lambda: [index.scores(text[:80]) for text in texts[:QUERIES]])
    return {"keyword_build_s": build_s, "keyword_query_ms": query_s / QUERIES * 1000}


def clustered(size: int) -> Vectors:
    """Gives unit vectors around one centre for every 50, the same for the same size; the order is mixed."""
    random = np.random.default_rng(size)
    centres = random.standard_normal((max(1, size // 50), DIMENSION), dtype=np.float32)
    nearest = centres[random.integers(len(centres), size=size)]
    points = nearest + 0.8 * random.standard_normal((size, DIMENSION), dtype=np.float32)
    unit: NDArray[np.float32] = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit


def timed(run: Callable[[], Result]) -> tuple[Result, float]:
    """Gives the result and the processor seconds it took; unlike wall time they do not grow with other work."""
    started = time.process_time()
    result = run()
    return result, time.process_time() - started


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
