"""Equal or nearly equal texts under two labels. Knows no model and no database."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from bot.label_findings import Finding, FindingKind
from finetune.cleaning import comparable
from finetune.duplicates import SAME_SIMILARITY, NearDuplicates
from finetune.examples import IntentExample
from finetune.label_audit.places import place_of


def contradictions(examples: Sequence[IntentExample], quality: Sequence[float]) -> list[Finding]:
    """A finding for each two intents between which a text, or two that are nearly the same, cannot decide.

    The row that fits its label worse is the subject, the other one its example; each row is the subject once.

    Args:
        examples: rows without context.
        quality: of each row's label, 0..1 (see `finetune.label_audit.judging`).
    """
    seen: NearDuplicates[int] = NearDuplicates(SAME_SIMILARITY)
    found: dict[int, Finding] = {}
    for at, row in enumerate(examples):
        for other in seen.find(row.text):
            if examples[other].intent != row.intent:
                worse, better = sorted((at, other), key=lambda place: quality[place])
                found.setdefault(worse, _finding(examples[worse], examples[better]))
        seen.add(at, row.text)
    return list(found.values())


def _finding(row: IntentExample, other: IntentExample) -> Finding:
    alike = fuzz.ratio(comparable(row.text), comparable(other.text)) / 100
    figures = {"similarity": alike}
    return Finding(
        FindingKind.CONTRADICTION, row.intent, other.intent, alike, place_of(row), (place_of(other),), figures
    )
