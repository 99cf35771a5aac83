"""`scripts/bench loop --only label_audit`: how many planted label errors the audit puts among the tenth that it flags.

Vectors, penalty and score of the audit were chosen with seed 1, and the nearest rivals (C = 10, self_confidence) tried
with 2 and 3 as well; the figures are of other seeds, on the same rows (all of BANKING77's train file). Chosen was what
finds most of the harder, confusable errors in little time:

- normalized_margin .95 and self_confidence .94 of the confusable ones, confidence_weighted_entropy .85; of the
  uniform ones .99, 1.00 and .99; correcting the chances for class imbalance (adjust_pred_probs) loses up to .07;
- the sentence vector alone as good as four vectors side by side (three layers and the first token), at a third of the
  time;
- C = 3 as good as 10 in two thirds of the time; 1 loses .015, 30 loses .02.
"""

import time
from collections.abc import Sequence

import numpy as np

from bot.label_findings import FindingKind, row_fingerprint
from finetune.base_model import PACKAGED_NAME, resolve_base_model
from finetune.examples import Dataset, IntentExample
from finetune.label_audit.audit import audit_labels
from finetune.label_audit.values import LabelAudit
from tests.benchmarks import data
from tests.benchmarks.baselines import FrozenVectors
from tests.benchmarks.workplace import Workplace

SEEDS = (11, 12)
SHARE = 0.05
NEAREST = 3
"""A confusable error takes one of so many intents that are nearest to the row."""

Row = tuple[str, str]
Planted = dict[int, str]


def measure(place: Workplace) -> dict[str, float]:
    """Errors drawn evenly over all other intents, and apart those between intents that are alike; mean of two seeds."""
    rows = data.labelled_rows(place, "intents/banking77/train.csv", "category")
    if place.smoke:
        rows = rows[::10]
    labels = sorted({label for _, label in rows})
    near = _nearest_intents(place, rows, labels)
    everywhere = [[label for label in labels if label != own] for _, own in rows]
    uniform = [_audited(place, rows, _plant(rows, everywhere, seed)) for seed in SEEDS]
    confusable = [_audited(place, rows, _plant(rows, near, seed)) for seed in SEEDS]
    return {
        "label_audit_recall": float(np.mean([found["recall"] for found in uniform])),
        "label_audit_recall_lowest_seed": min(found["recall"] for found in uniform),
        "label_audit_confusable_recall": float(np.mean([found["recall"] for found in confusable])),
        "label_audit_flagged_share": float(np.mean([found["flagged"] for found in uniform])),
        "label_audit_estimate_ratio": float(np.mean([found["estimate"] for found in uniform])),
        "label_audit_rows": float(len(rows)),
        "label_audit_s": float(np.mean([found["seconds"] for found in uniform + confusable])),
    }


def _plant(rows: Sequence[Row], choices: Sequence[Sequence[str]], seed: int) -> Planted:
    random = np.random.default_rng(seed)
    places = random.choice(len(rows), size=round(SHARE * len(rows)), replace=False)
    return {int(at): str(random.choice(choices[at])) for at in places}


def _nearest_intents(place: Workplace, rows: Sequence[Row], labels: Sequence[str]) -> list[list[str]]:
    """For each row the other intents whose mean vector is nearest to it."""
    vectors, given = FrozenVectors(place).of([text for text, _ in rows]), np.array([label for _, label in rows])
    means = np.stack([vectors[given == label].mean(axis=0) for label in labels])
    scores = vectors @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    ranked = (-scores).argsort(axis=1)
    return [
        [labels[at] for at in order if labels[at] != own][:NEAREST] for order, own in zip(ranked, given, strict=True)
    ]


def _audited(place: Workplace, rows: Sequence[Row], planted: Planted) -> dict[str, float]:
    examples = tuple(IntentExample(text, planted.get(at, label)) for at, (text, label) in enumerate(rows))
    started = time.monotonic()
    audit = audit_labels(Dataset(examples), resolve_base_model(PACKAGED_NAME), place.say)
    seconds = time.monotonic() - started
    flagged = _flagged(audit)
    hits = sum((row_fingerprint(rows[at][0]), label) in flagged for at, label in planted.items())
    return {
        "recall": hits / len(planted),
        "flagged": len(flagged) / len(rows),
        "estimate": audit.figures["mislabelled_estimate"] / len(planted),
        "seconds": seconds,
    }


def _flagged(audit: LabelAudit) -> set[tuple[str, str]]:
    """Rows that are reported as likely mislabelled, at most a tenth of all, with the label they were given."""
    return {
        (found.row.fingerprint, found.given)
        for found in audit.findings
        if found.kind is FindingKind.MISLABELLED and found.row
    }
