"""Two bundles on the same labelled rows: figures side by side, by intent, and the rows that changed.

Knows bundles and rows; knows no desk and draws nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.bundle import BundleManifest, load_bundle
from bot.calibration import Scores
from bot.encoder import Encoder, Providers
from bot.turn_text import turn_text
from finetune.errors import DataError
from finetune.evaluate import (
    IntentResult,
    Interval,
    intent_metrics,
    intent_result,
    paired_bootstrap,
    reply_rank_rows,
    scope_metrics,
)
from finetune.examples import Dataset, IntentExample
from finetune.paired import Paired, mcnemar


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two bundles on the rows.

    Attributes:
        metrics: on the rows that were given, not those of its own dev part.
        guesses: likeliest intent of each labelled row.
        result: numbers behind them; None without labelled rows or without an intent head.
        unknown_labels: labels of the rows that it was never trained for; it cannot get those right.
    """

    manifest: BundleManifest
    metrics: dict[str, float]
    guesses: tuple[str, ...]
    result: IntentResult | None
    unknown_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntentChange:
    """One label: its rows, how many each bundle gets right, and how many changed sides."""

    intent: str
    rows: int
    before: int
    after: int
    lost: int
    won: int

    @property
    def points(self) -> float:
        """Percentage points of accuracy gained (or lost, below 0)."""
        return 100 * (self.after - self.before) / self.rows


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that the two read differently; ``kind`` is ``lost``, ``won`` or ``both wrong``."""

    kind: str
    text: str
    label: str
    before: str
    before_confidence: float
    after: str
    after_confidence: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that the page shows.

    Attributes:
        paired: exact McNemar test on the labelled rows; None without such rows.
        intents: by label, the worst loss first.
        changed: rows that changed; losses first, then wins, the surest first.
        replies: difference of R@1 among 100 replies, after - before, with its interval; None without dialogues.
    """

    before: Side
    after: Side
    rows: int
    paired: Paired | None
    intents: tuple[IntentChange, ...]
    changed: tuple[ChangedRow, ...]
    replies: Interval | None


def compare_bundles(before: Path, after: Path, given: Dataset, *, provider: Providers = "auto") -> Comparison:
    """Runs both bundles over the same rows.

    Raises:
        BundleError: one cannot be used.
        DataError: there is no row that both can be measured on.
    """
    encoders = [Encoder.open(load_bundle(path), providers=provider) for path in (before, after)]
    manifests = [load_bundle(path).manifest for path in (before, after)]
    # A label in a file is meant; one in a dialogue may be of an intent that neither was trained for.
    known = {intent for manifest in manifests for intent in manifest.intents}
    examples = tuple(row for row in given.intents if row.group is None or row.intent in known)
    if not examples and not given.reply_pairs:
        raise DataError("there is no labelled row to compare on; give --intents or --dialogues, or keep a golden set")
    ranks = [_reply_ranks(encoder, given) for encoder in encoders]
    first, second = (
        _side(encoder, manifest, examples, given.out_of_scope, rank)
        for encoder, manifest, rank in zip(encoders, manifests, ranks, strict=True)
    )
    return Comparison(
        before=first,
        after=second,
        rows=len(examples),
        paired=mcnemar(first.result.right, second.result.right) if first.result and second.result else None,
        intents=_by_intent(examples, first, second),
        changed=_changed(examples, first, second),
        replies=paired_bootstrap(ranks[0]["r100_at_1"], ranks[1]["r100_at_1"]) if given.reply_pairs else None,
    )


def _side(
    encoder: Encoder,
    manifest: BundleManifest,
    examples: Sequence[IntentExample],
    out_of_scope: Sequence[str],
    ranks: dict[str, Scores],
) -> Side:
    metrics = {f"reply_{name}": float(rows.mean()) for name, rows in ranks.items()}
    if not examples or not manifest.intents:
        return Side(manifest, metrics, (), None, ())
    result = intent_result(encoder, manifest.intents, examples)
    metrics |= intent_metrics(result)
    threshold = encoder.calibration.out_of_scope_threshold
    if out_of_scope and threshold is not None and result.out_of_scope is not None:
        outside = np.array([seen.out_of_scope for seen in encoder.understand(list(out_of_scope))], dtype=np.float64)
        metrics |= scope_metrics(result.out_of_scope, outside, threshold)
    guesses = tuple(manifest.intents[number] for number in result.guesses)
    unknown = sorted({row.intent for row in examples} - set(manifest.intents))
    return Side(manifest, metrics, guesses, result, tuple(unknown))


def _reply_ranks(encoder: Encoder, given: Dataset) -> dict[str, Scores]:
    if not given.reply_pairs:
        return {}
    queries = encoder.encode([turn_text(pair.context) for pair in given.reply_pairs])
    return reply_rank_rows(queries, encoder.encode([pair.reply for pair in given.reply_pairs]))


def _by_intent(examples: Sequence[IntentExample], first: Side, second: Side) -> tuple[IntentChange, ...]:
    if first.result is None or second.result is None:
        return ()
    labels = np.array([row.intent for row in examples])
    before, after = first.result.right, second.result.right
    changes = []
    for label in np.unique(labels):
        here = labels == label
        changes.append(
            IntentChange(
                intent=str(label),
                rows=int(here.sum()),
                before=int(before[here].sum()),
                after=int(after[here].sum()),
                lost=int((before & ~after)[here].sum()),
                won=int((~before & after)[here].sum()),
            )
        )
    return tuple(sorted(changes, key=lambda change: (change.after - change.before, change.points, change.intent)))


def _changed(examples: Sequence[IntentExample], first: Side, second: Side) -> tuple[ChangedRow, ...]:
    if first.result is None or second.result is None:
        return ()
    rows = []
    for at, example in enumerate(examples):
        if first.guesses[at] == second.guesses[at]:
            continue
        kind = "lost" if first.result.right[at] else "won" if second.result.right[at] else "both wrong"
        text = " / ".join((*example.context, example.text))
        sure = float(first.result.confidences[at]), float(second.result.confidences[at])
        rows.append(ChangedRow(kind, text, example.intent, first.guesses[at], sure[0], second.guesses[at], sure[1]))
    order = ("lost", "won", "both wrong")
    return tuple(sorted(rows, key=lambda row: (order.index(row.kind), -row.after_confidence)))
