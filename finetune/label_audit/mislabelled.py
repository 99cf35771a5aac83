"""Rows whose label is likely wrong: confident learning. Knows no model.

(Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of Artificial
Intelligence Research 70, 2021; by its authors' library cleanlab.)
"""

import numpy as np
from cleanlab.filter import find_label_issues

from bot.label_findings import Finding, FindingKind
from finetune.label_audit.places import place_of
from finetune.label_audit.values import JudgedRows


def mislabelled(judged: JudgedRows, share: float) -> list[Finding]:
    """Rows for which the head would rather give another label, the most doubtful first.

    Args:
        judged: rows with chances and quality.
        share: most rows, of all, to give.
    """
    likeliest = judged.likeliest
    order = np.argsort(judged.quality, kind="stable")[: round(share * len(judged.examples))]
    return [_finding(judged, int(at), int(likeliest[at])) for at in order if likeliest[at] != judged.given[at]]


def estimated_errors(judged: JudgedRows) -> int:
    """How many labels confident learning believes to be wrong (its ``prune_by_noise_rate``)."""
    flagged = find_label_issues(judged.given, judged.chances, filter_by="prune_by_noise_rate", n_jobs=1)
    return int(np.asarray(flagged).sum())


def _finding(judged: JudgedRows, at: int, other: int) -> Finding:
    row, chances = judged.examples[at], judged.chances[at]
    figures = {"chance_given": float(chances[judged.given[at]]), "chance_suggested": float(chances[other])}
    score = 1.0 - float(judged.quality[at])
    return Finding(FindingKind.MISLABELLED, row.intent, judged.labels[other], score, place_of(row), (), figures)
