"""Is one model better than another on the same rows? Knows flags only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest  # type: ignore[import-untyped]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Paired:
    """What changed from one model to another on the same rows.

    Attributes:
        lost: rows that the first got right and the second wrong.
        won: rows that the second got right and the first wrong.
        p_value: two-sided: how likely so uneven a split is where both err equally often.
        p_worse: one-sided: how likely so many losses are where the second is not worse.
    """

    lost: int
    won: int
    p_value: float
    p_worse: float


def mcnemar(before_right: Flags, after_right: Flags) -> Paired:
    """McNemar's test (1947) in its exact form: among the rows that changed, losses against wins as a fair coin.

    Args:
        before_right: whether the first model is right, shape (n,).
        after_right: whether the second is, of the same rows.
    """
    lost = int((before_right & ~after_right).sum())
    won = int((~before_right & after_right).sum())
    if lost + won == 0:
        return Paired(0, 0, 1.0, 1.0)
    worse = binomtest(lost, lost + won, alternative="greater")
    return Paired(lost, won, float(binomtest(lost, lost + won).pvalue), float(worse.pvalue))
