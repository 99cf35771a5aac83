"""Statistics that the protocols need and the product does not. Pure functions of arrays and ids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from finetune.examples import ReplyPair
from retrieval.metrics import Judged

Rows = NDArray[np.float64]

_DRAWS = 20_000


def precision_at_k(judged: Sequence[Judged], k: int) -> float:
    """Mean share of relevant ids among the first k, over queries that have relevant ids."""
    return float(np.mean([len(set(ranked[:k]) & relevant) / k for ranked, relevant in judged if relevant]))


def paired_p(first: Rows, second: Rows, *, seed: int = 13) -> float:
    """Two-sided p of a paired randomisation test (Fisher 1935): could signs of the row differences be chance?

    Args:
        first: how right one model is on each row, 0..1; a mean over seeds may be in between.
        second: the same rows by the other model.
        seed: of the random signs.
    """
    gaps = second - first
    gaps = gaps[gaps != 0]
    if len(gaps) == 0:
        return 1.0
    random = np.random.default_rng(seed)
    observed = abs(gaps.sum())
    extreme = sum(abs((random.choice((-1.0, 1.0), len(gaps)) * gaps).sum()) >= observed - 1e-9 for _ in range(_DRAWS))
    return float((extreme + 1) / (_DRAWS + 1))


def unequal_pairs(pairs: Sequence[ReplyPair]) -> list[ReplyPair]:
    """Each pair of context and reply once, in order: branches of one thread repeat what came before they parted."""
    first: dict[tuple[tuple[str, ...], str], ReplyPair] = {}
    for pair in pairs:
        first.setdefault((pair.context, pair.reply), pair)
    return list(first.values())
