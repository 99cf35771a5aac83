"""What an audit is given and what it gives. Knows no method."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.label_findings import Finding
from finetune.examples import IntentExample

Chances = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What an audit reports.

    Attributes:
        thin_rows: an intent with fewer rows is too thin.
        overlap_share: two intents overlap from this share of their rows on that are taken for the other one.
        flagged_share: most rows, of all, that are reported as likely mislabelled.
    """

    thin_rows: int = 10
    overlap_share: float = 0.1
    flagged_share: float = 0.1


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What an audit found.

    Attributes:
        findings: worst first.
        figures: ``rows`` looked at, ``intents``, ``mislabelled_estimate`` (how many labels confident learning thinks
            wrong), and how many findings there are of each kind.
    """

    findings: tuple[Finding, ...]
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Rows with what a head that has not seen them thinks.

    Attributes:
        labels: intents of the columns of ``chances``.
        given: (rows,) numbers of the labels that the rows carry.
        chances: (rows, labels), out of sample.
        quality: (rows,) 0 (surely wrong) to 1 (surely right).
    """

    examples: tuple[IntentExample, ...]
    labels: tuple[str, ...]
    given: NDArray[np.int64]
    chances: Chances
    quality: NDArray[np.float64]

    @property
    def likeliest(self) -> NDArray[np.int64]:
        """(rows,) numbers of the labels that the head would give."""
        return np.asarray(self.chances.argmax(axis=1), dtype=np.int64)
