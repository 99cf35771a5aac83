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


def told_of(found: Finding) -> str:
    """A finding in one line for people, without any customer's words."""
    numbers = found.figures
    match found.kind:
        case FindingKind.MISLABELLED:
            place = _place(found.row)
            return f"{found.given}, rather {found.suggested} ({numbers.get('chance_suggested', 0):.0%}): {place}"
        case FindingKind.CONTRADICTION:
            return f"{found.given} here, {found.suggested} on nearly the same words: {_place(found.row)}"
        case FindingKind.OVERLAP:
            rows, other = numbers["taken_for_other"], numbers["taken_from_other"]
            return (
                f"{found.given} and {found.suggested} overlap: {rows:.0f} of {numbers['rows']:.0f} and {other:.0f} of "
                f"{numbers['rows_of_other']:.0f} rows are taken for the other"
            )
        case FindingKind.THIN:
            return f"{found.given} has {numbers['rows']:.0f} rows, fewer than {numbers['least']:.0f}"
        case _:
            return (
                f"{found.given}: {_HAPPENED[found.kind]} in {numbers['rate']:.0%} of {numbers['turns']:.0f} turns "
                f"(95 % {numbers['low']:.0%} to {numbers['high']:.0%}; the desk {numbers['desk_rate']:.0%})"
            )


_HAPPENED = {
    FindingKind.REPHRASED: "said again",
    FindingKind.DISLIKED: "thumb down",
    FindingKind.HANDED_OFF: "handed off at once",
}


def _place(row: RowPlace | None) -> str:
    if row is None:
        return "no row"
    if row.sequence is not None:
        return f"message {row.sequence} of conversation {row.conversation_id}"
    return f"{row.file} {row.fingerprint[:12]}"
