"""Intents that are hard to tell apart, and intents with too few rows. Knows no model and no database."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from bot.label_findings import Finding, FindingKind
from finetune.examples import IntentExample
from finetune.label_audit.places import place_of
from finetune.label_audit.values import JudgedRows

EXAMPLES = 5


def overlapping(judged: JudgedRows, share: float) -> list[Finding]:
    """Pairs of intents each of which a head that has not seen the rows takes for the other.

    Args:
        judged: rows with chances.
        share: least share of the pair's rows together that are confused; both sides must lose at least two rows.
    """
    likeliest, number = judged.likeliest, len(judged.labels)
    taken = np.zeros((number, number), dtype=np.int64)
    np.add.at(taken, (judged.given, likeliest), 1)
    sizes = taken.sum(axis=1)
    found = []
    for one in range(number):
        for other in range(one + 1, number):
            there, back = int(taken[one, other]), int(taken[other, one])
            confused = (there + back) / int(sizes[one] + sizes[other])
            if min(there, back) >= 2 and confused >= share:
                rows = _confused_rows(judged, one, other)
                figures = {
                    "share": confused,
                    "taken_for_other": there,
                    "taken_from_other": back,
                    "rows": int(sizes[one]),
                    "rows_of_other": int(sizes[other]),
                }
                labels = judged.labels[one], judged.labels[other]
                found.append(Finding(FindingKind.OVERLAP, *labels, confused, None, tuple(map(place_of, rows)), figures))
    return found


def thin(examples: Iterable[IntentExample], least: int) -> list[Finding]:
    """Intents with fewer rows than ``least``, the thinnest first."""
    counts = Counter(row.intent for row in examples)
    return [
        Finding(FindingKind.THIN, intent, None, 1 - rows / least, figures={"rows": rows, "least": least})
        for intent, rows in sorted(counts.items(), key=lambda item: (item[1], item[0]))
        if rows < least
    ]


def _confused_rows(judged: JudgedRows, one: int, other: int) -> list[IntentExample]:
    likeliest = judged.likeliest
    mixed = ((judged.given == one) & (likeliest == other)) | ((judged.given == other) & (likeliest == one))
    places = np.flatnonzero(mixed)
    return [judged.examples[at] for at in places[np.argsort(judged.quality[places])][:EXAMPLES]]
