"""Quality of rankings on labelled queries. Pure functions of ids; know nothing of indexes.

Every function takes pairs of (ranked ids, best first; relevant ids) and gives the mean over queries, 0..1. A query
without relevant ids says nothing of the ranking and is left out; with no query left the value is 0.0.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

Judged = tuple[Sequence[str], AbstractSet[str]]
"""One query's (ranked ids, relevant ids)."""


def recall_at_k(judged: Iterable[Judged], k: int) -> float:
    """Gives the mean share of relevant ids among the first k."""
    return _mean(judged, lambda ranked, relevant: len(relevant.intersection(ranked[:k])) / len(relevant))


def mrr_at_k(judged: Iterable[Judged], k: int) -> float:
    """Gives the mean of 1 / rank of the first relevant id, 0 where none is among the first k."""
    return _mean(judged, lambda ranked, relevant: max(_reciprocal_ranks(ranked[:k], relevant), default=0.0))


def mean_average_precision(judged: Iterable[Judged]) -> float:
    """Gives MAP: precision at each relevant rank, averaged over all relevant ids (those not ranked count 0).

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval, section 8.4.
    """
    return _mean(judged, _average_precision)


def _average_precision(ranked: Sequence[str], relevant: frozenset[str]) -> float:
    found = 0
    total = 0.0
    for rank, name in enumerate(dict.fromkeys(ranked), start=1):
        if name in relevant:
            found += 1
            total += found / rank
    return total / len(relevant)


def _reciprocal_ranks(ranked: Sequence[str], relevant: frozenset[str]) -> list[float]:
    return [1 / rank for rank, name in enumerate(ranked, start=1) if name in relevant]


def _mean(judged: Iterable[Judged], value: Callable[[Sequence[str], frozenset[str]], float]) -> float:
    values = [value(ranked, frozenset(relevant)) for ranked, relevant in judged if relevant]
    return sum(values) / len(values) if values else 0.0
