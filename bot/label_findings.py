"""What a label audit finds, and what a person says to it. Pure values; holds no customer's words.

A labelled row is named by where it is: a message of the log, or a file of the training folder and the fingerprint
of its text.
"""

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from retrieval.text import normalise


class FindingKind(StrEnum):
    """What may be wrong."""

    MISLABELLED = "mislabelled"
    CONTRADICTION = "contradiction"
    OVERLAP = "overlap"
    THIN = "thin"
    REPHRASED = "rephrased"
    DISLIKED = "disliked"
    HANDED_OFF = "handed_off"


ABOUT_ROWS = (FindingKind.MISLABELLED, FindingKind.CONTRADICTION)
"""Kinds whose subject is one row; the others are about an intent as a whole."""


class LabelVerdict(StrEnum):
    """What a person says to a finding."""

    KEEP = "keep"
    CHANGE = "change"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a labelled row is.

    Attributes:
        conversation_id: of a row that comes from a conversation, live or of the training folder; None for any other.
        sequence: of the reviewed bot message that answered it; None where the row is in a file.
        file: of the training folder; None where the row is in the log.
        fingerprint: `row_fingerprint` of its text.
    """

    fingerprint: str
    file: str | None = None
    conversation_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at.

    Attributes:
        given: the label of the row, or the intent that the finding is about.
        suggested: the label that would fit better, or the other intent of a pair; None where there is none.
        score: 0 (hardly worth a look) to 1 (look at it first).
        row: the row, for the kinds of ``ABOUT_ROWS``.
        examples: other rows that show it, the clearest first.
        figures: its numbers, such as how many rows two intents confuse.
    """

    kind: FindingKind
    given: str
    suggested: str | None
    score: float
    row: RowPlace | None = None
    examples: tuple[RowPlace, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """A finding as the database keeps it.

    Attributes:
        intent: the label that a verdict of ``CHANGE`` names.
    """

    finding_id: int
    finding: Finding
    found_utc: datetime
    verdict: LabelVerdict | None = None
    intent: str | None = None
    judged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What people's verdicts make of labels; None drops the row's label, and a row of a file with it.

    Attributes:
        rows: (file, fingerprint, label given) -> the right label.
        turns: (conversation, sequence of the bot message) -> the right label; it settles what reviewers disagree on.
    """

    rows: Mapping[tuple[str, str, str], str | None] = field(default_factory=dict)
    turns: Mapping[tuple[str, int], str | None] = field(default_factory=dict)

    def label(self, file: str, text: str, given: str) -> str | None:
        """The label of a file's row; None where it is to be dropped."""
        return self.rows.get((file, row_fingerprint(text), given), given)


def row_fingerprint(text: str) -> str:
    """Hash (sha256, hex) of a row's text, whatever its entities and white space."""
    return hashlib.sha256(normalise(html.unescape(text)).encode("utf-8", "replace")).hexdigest()
