"""Every exported graph on the rows that calibrate and judge it. Knows encoders and data, not the report."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.bundle import Bundle
from bot.calibration import PASSAGES, Array, Calibration, Scores
from bot.encoder import Encoder
from bot.turn_text import turn_text
from finetune.calibrate import (
    calibrate_variant,
    choose_threshold,
    fit_passage_curve,
    fit_temperature,
    intent_prototypes,
)
from finetune.evaluate import (
    IntentResult,
    example_texts,
    intent_metrics,
    intent_result,
    reply_rank_rows,
    scope_metrics,
    sentiment_metrics,
    sentiment_result,
)
from finetune.examples import Dataset, IntentExample, QuestionPassage, SentimentExample
from retrieval.snapshot import build_snapshot, load_snapshot
from retrieval.values import Passage

MOST_POINTS_LOST = 0.003
"""int8 serves only where it loses at most this share of dev rows ..."""

MOST_ROWS_LOST = 2
"""... or this number of them."""

NO_QUESTIONS = "there are no held-back questions with the passage that answers them; give --knowledge-queries"

_PROTOTYPE_EXAMPLES = 24
_PAIRS = 2000


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of the data that export needs; none may overlap another.

    Attributes:
        train: for the mean vector of each intent.
        dev: chooses between int8 and fp32, and is what the report shows.
        calibration: fits temperature, out-of-scope score and thresholds.
    """

    train: Dataset
    dev: Dataset
    calibration: Dataset


@dataclass(frozen=True, slots=True)
class DevResult:
    """One graph on the dev part; None where dev or the model has nothing of that kind.

    Attributes:
        outside: out-of-scope scores of the out-of-scope rows.
        replies: figures of each reply pair (``r100_at_1`` and so on).
        questions: the same of each question-passage pair.
        moods: guesses of the sentiment head.
    """

    calibration: Calibration
    intents: IntentResult | None = None
    outside: Scores | None = None
    replies: dict[str, Scores] | None = None
    questions: dict[str, Scores] | None = None
    moods: IntentResult | None = None

    @property
    def right_rows(self) -> list[Scores]:
        """For each kind of data, how right each row is (0..1)."""
        heads = [result.right.astype(np.float64) for result in (self.intents, self.moods) if result is not None]
        return heads + [rows["r100_at_1"] for rows in (self.replies, self.questions) if rows is not None]

    @property
    def metrics(self) -> dict[str, float]:
        """All figures, flat."""
        metrics: dict[str, float] = {}
        if self.intents is not None:
            metrics |= intent_metrics(self.intents)
            threshold = self.calibration.out_of_scope_threshold
            if self.outside is not None and self.intents.out_of_scope is not None and threshold is not None:
                metrics |= scope_metrics(self.intents.out_of_scope, self.outside, threshold)
        for prefix, rows in (("reply", self.replies), ("question", self.questions)):
            if rows is not None:
                metrics |= {f"{prefix}_{name}": float(values.mean()) for name, values in rows.items()}
        if self.moods is not None:
            metrics |= sentiment_metrics(self.moods)
        return metrics


def calibrate_variants(draft: Bundle, parts: Parts, passages: Sequence[Passage]) -> dict[str, Calibration]:
    """Fits each graph's calibration on the calibration part.

    Args:
        draft: the exported graphs with an empty calibration.
        parts: the data.
        passages: the knowledge base that held-back questions are asked of; empty: the passages of the data itself.
    """
    prototypes = _prototypes(draft, parts.train)
    known = {intent: at for at, intent in enumerate(draft.manifest.intents)}
    rows = [example for example in parts.calibration.intents if example.intent in known]
    labels = np.array([known[example.intent] for example in rows], dtype=np.int64)
    calibrations = {}
    for variant in draft.manifest.variants:
        encoder = Encoder.open(draft, providers="cpu", variant=variant)
        inside = encoder.outputs(example_texts(rows)) if rows else None
        outside = encoder.outputs(parts.calibration.out_of_scope) if parts.calibration.out_of_scope else None
        fitted = calibrate_variant(inside, labels, outside, prototypes)
        fitted = _with_moods(fitted, encoder, parts.calibration.sentiments)
        calibrations[variant] = _with_passages(
            fitted, encoder, parts.calibration.questions, parts.calibration.out_of_scope, passages
        )
    return calibrations


def measure_variants(draft: Bundle, dev: Dataset) -> dict[str, DevResult]:
    """Runs each calibrated graph over dev; fp16, which no CPU serves, over the heads only."""
    return {variant: _measure(draft, variant, dev) for variant in draft.manifest.variants}


def choose_cpu_variant(results: dict[str, DevResult]) -> str:
    """Int8 where dev shows that it loses next to nothing; fp32 otherwise, and where dev can show nothing."""
    if "int8" not in results:
        return "fp32"
    exact, small = results["fp32"].right_rows, results["int8"].right_rows
    lost = [before.sum() - after.sum() for before, after in zip(exact, small, strict=True)]
    allowed = [max(MOST_ROWS_LOST, MOST_POINTS_LOST * len(before)) for before in exact]
    return "int8" if exact and all(loss <= most for loss, most in zip(lost, allowed, strict=True)) else "fp32"


def _prototypes(draft: Bundle, train: Dataset) -> Array | None:
    """Mean vector of each intent over its first examples."""
    chosen: dict[str, list[IntentExample]] = {intent: [] for intent in draft.manifest.intents}
    for example in train.intents:
        if example.intent in chosen and len(chosen[example.intent]) < _PROTOTYPE_EXAMPLES:
            chosen[example.intent].append(example)
    labels = [at for at, intent in enumerate(chosen) for _ in chosen[intent]]
    if not labels:
        return None
    texts = example_texts([example for examples in chosen.values() for example in examples])
    vectors = Encoder.open(draft, providers="cpu", variant="fp32").encode(texts)
    return intent_prototypes(vectors, np.array(labels, dtype=np.int64), len(chosen))


def _with_moods(fitted: Calibration, encoder: Encoder, rows: Sequence[SentimentExample]) -> Calibration:
    number = {mood: at for at, mood in enumerate(encoder.sentiments)}
    known = [row for row in rows if row.sentiment in number]
    if not known:
        return fitted
    labels = np.array([number[row.sentiment] for row in known], dtype=np.int64)
    logits = encoder.outputs([row.text for row in known])["sentiment_logits"]
    return replace(fitted, sentiment_temperature=fit_temperature(logits, labels))


def _with_passages(
    fitted: Calibration,
    encoder: Encoder,
    questions: Sequence[QuestionPassage],
    outside: Sequence[str],
    passages: Sequence[Passage],
) -> Calibration:
    """The curve of a passage's confidence and its threshold, on questions and on messages that no passage answers."""
    if not questions:
        return replace(fitted, passage_missing=NO_QUESTIONS)
    relevant: dict[tuple[str, str], set[str]] = {(text, text): set() for text in outside}
    for question in questions:
        relevant.setdefault((question.question, question.query), set()).add(question.passage_id)
    knowledge = passages or _own_passages(questions)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "snapshot"
        build_snapshot(knowledge, encoder.encode, encoder_id="draft", directory=directory)
        retriever = load_snapshot(directory, encoder_id="draft")
    outputs = encoder.outputs([query for _, query in relevant])
    asked = zip(relevant, outputs["vector"], strict=True)
    found = [retriever.search(text, vector, PASSAGES) for (text, _), vector in asked]
    scope = fitted.out_of_scope(outputs) if "intent_logits" in outputs else None
    scope_scores = [None] * len(found) if scope is None else scope.tolist()
    right = np.array(
        [bool(hits) and hits[0].passage.passage_id in ids for hits, ids in zip(found, relevant.values(), strict=True)]
    )
    curve = fit_passage_curve(found, scope_scores, right)
    scores = [
        curve.confidence(hits, out_of_scope) if curve else hits[0].score if hits else -np.inf
        for hits, out_of_scope in zip(found, scope_scores, strict=True)
    ]
    choice = choose_threshold(np.array(scores), right)
    return replace(fitted, passage_curve=curve, passage=choice.threshold, passage_missing=choice.missing)


def _own_passages(questions: Sequence[QuestionPassage]) -> list[Passage]:
    texts = {question.passage_id: question.passage_text for question in questions}
    return [Passage(passage_id, passage_id, "", text, "", 0) for passage_id, text in texts.items()]


def _measure(draft: Bundle, variant: str, dev: Dataset) -> DevResult:
    encoder = Encoder.open(draft, providers="cpu", variant=variant)
    result = DevResult(encoder.calibration)
    if dev.intents and draft.manifest.intents:
        result = replace(result, intents=intent_result(encoder, draft.manifest.intents, dev.intents))
        if dev.out_of_scope:
            outside = encoder.calibration.out_of_scope(encoder.outputs(dev.out_of_scope))
            result = replace(result, outside=outside)
    if dev.sentiments and draft.manifest.sentiments:
        result = replace(result, moods=sentiment_result(encoder, dev.sentiments))
    if variant == "fp16":
        return result
    pairs = [(turn_text(pair.context), pair.reply) for pair in dev.reply_pairs[:_PAIRS]]
    questions = [(pair.query, pair.passage_text) for pair in dev.questions[:_PAIRS]]
    return replace(result, replies=_ranked(encoder, pairs), questions=_ranked(encoder, questions))


def _ranked(encoder: Encoder, pairs: Sequence[tuple[str, str]]) -> dict[str, Scores] | None:
    if len(pairs) < 2:
        return None
    return reply_rank_rows(encoder.encode([pair[0] for pair in pairs]), encoder.encode([pair[1] for pair in pairs]))
