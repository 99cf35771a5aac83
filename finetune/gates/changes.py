"""How many rows changed between two bundles, and whether that is more than chance. Pure numbers.

A desk's golden set has many intents with few rows each, and any new training turns a few rows. Counting every intent
by itself would hold back nearly every candidate, so the tests of all intents are taken together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm  # type: ignore[import-untyped]

MANY_ROWS = 3
"""So many rows lost net weigh where they are half of all rows, whatever a test can say of so few."""

_DRAWS = 10_000
_SEED = 13
_Z95 = float(norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class Change:
    """Rows that one bundle gets right and the other does not.

    Attributes:
        rows: all rows, changed or not; at least 1.
        lost: right before, wrong after.
        won: wrong before, right after.
    """

    rows: int
    lost: int
    won: int

    @property
    def points_lost(self) -> float:
        """Percentage points by which the share of right rows fell; negative where it rose."""
        return 100 * (self.lost - self.won) / self.rows

    @property
    def p_worse(self) -> float:
        """One-sided p of McNemar's exact test (1947) that the second is not worse."""
        return float(binom.sf(self.lost - 1, self.lost + self.won, 0.5)) if self.lost + self.won else 1.0

    def weighs(self, allowed_points: float, significance: float, p_worse: float | None = None) -> bool:
        """Whether it lost more than allowed, and that is no accident of few rows.

        It is none where the test says so, where at least three rows and half of all are lost net, or where all are
        lost of two at least. Of a single row nothing can be said.

        Args:
            allowed_points: percentage points that may be lost.
            significance: below it p is no accident.
            p_worse: of the test; by default this change's own.
        """
        if self.points_lost <= allowed_points:
            return False
        net = self.lost - self.won
        p = self.p_worse if p_worse is None else p_worse
        half, whole = net >= MANY_ROWS and 2 * net >= self.rows, 1 < net == self.rows
        return p < significance or half or whole


def adjusted_p(changes: Mapping[str, Change]) -> dict[str, float]:
    """One-sided p of each group's loss, with the other groups in mind.

    Westfall and Young (1993), single step, min-p: where the two bundles err equally often, each changed row is lost or
    won like a coin; p is how often the unlikeliest of all groups is then as unlikely as this one. Groups whose few
    changed rows cannot prove anything cost the others nothing, as they would with Bonferroni.
    """
    moved = {name: change for name, change in changes.items() if change.lost + change.won}
    if not moved:
        return dict.fromkeys(changes, 1.0)
    coins = np.array([change.lost + change.won for change in moved.values()])
    tosses = np.random.default_rng(_SEED).binomial(coins, 0.5, size=(_DRAWS, len(coins)))
    smallest = np.ones(_DRAWS)
    for column, coin in enumerate(coins):
        of_losses = binom.sf(np.arange(coin + 1) - 1, coin, 0.5)
        smallest = np.minimum(smallest, of_losses[tosses[:, column]])
    found = {
        name: float((1 + (smallest <= change.p_worse * (1 + 1e-9)).sum()) / (1 + _DRAWS))
        for name, change in moved.items()
    }
    return {name: found.get(name, 1.0) for name in changes}


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) of nothing."""
    if not whole:
        return 0.0, 1.0
    share, spread = part / whole, _Z95**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    reach = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def paired_interval(change: Change) -> tuple[float, float]:
    """95 % interval of the share after minus the share before (Agresti and Min 2005: half a row added to each cell)."""
    rows, lost, won = change.rows + 2, change.lost + 0.5, change.won + 0.5
    gap = (won - lost) / rows
    reach = _Z95 * np.sqrt(max(lost + won - (won - lost) ** 2 / rows, 0.0)) / rows
    return float(max(-1.0, gap - reach)), float(min(1.0, gap + reach))
