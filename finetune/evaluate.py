"""How good a bundle is, as numbers; and whether one is better than another.

Behind ``frontdesk evaluate``, the report and the benchmarks. Knows encoders and rankings, no file and no training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata  # type: ignore[import-untyped]

from bot.calibration import Scores, probabilities
from bot.encoder import Encoder
from bot.turn_text import turn_text
from bot.values import Vector
from finetune.class_scores import macro_f1
from finetune.examples import IntentExample, ReplyPair, SentimentExample
from finetune.paired import Flags
from retrieval.metrics import mean_average_precision, mrr_at_k, recall_at_k
from retrieval.values import RetrievedPassage, Vectors

Labels = NDArray[np.int64]

CANDIDATES = 100
"""Replies that each true reply is ranked among (its own and 99 of its block)."""

_BINS = 15
_SEED = 13


class Searcher(Protocol):
    """What ranks passages; ``retrieval``'s Retriever is one."""

    def search(self, text: str, vector: Vector | None, limit: int) -> Sequence[RetrievedPassage]:
        """Passages for a question, best first."""


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A question, the ids of the passages that answer it, and what was said before it, oldest first."""

    text: str
    relevant: frozenset[str]
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntentResult:
    """Guesses of a head, that of intents or that of moods, on labelled rows.

    Attributes:
        guesses: numbers of the likeliest labels, shape (n,).
        labels: numbers of the right ones; -1 for a label that the bundle does not know.
        confidences: calibrated probabilities of the guesses.
        out_of_scope: scores 0..1, or None where there are none.
    """

    guesses: Labels
    labels: Labels
    confidences: Scores
    out_of_scope: Scores | None

    @property
    def right(self) -> Flags:
        """Whether each guess is right."""
        return np.equal(self.guesses, self.labels)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def example_texts(examples: Sequence[IntentExample]) -> list[str]:
    """What the encoder reads for each example, context included."""
    return [turn_text([*example.context, example.text]) for example in examples]


def intent_result(encoder: Encoder, intents: Sequence[str], examples: Sequence[IntentExample]) -> IntentResult:
    """Runs the encoder over labelled rows.

    Args:
        encoder: with an intent head.
        intents: the bundle's labels, in order.
        examples: at least one row.
    """
    number = {intent: at for at, intent in enumerate(intents)}
    outputs = encoder.outputs(example_texts(examples))
    chances = probabilities(outputs["intent_logits"], encoder.calibration.temperature)
    return IntentResult(
        guesses=chances.argmax(axis=1).astype(np.int64),
        labels=np.array([number.get(example.intent, -1) for example in examples], dtype=np.int64),
        confidences=chances.max(axis=1),
        out_of_scope=encoder.calibration.out_of_scope(outputs),
    )


def intent_metrics(result: IntentResult) -> dict[str, float]:
    """Accuracy, macro-F1 over the labels that occur, and expected calibration error."""
    return {
        "intent_accuracy": float(result.right.mean()),
        "intent_macro_f1": macro_f1(result.guesses, result.labels),
        "intent_ece": expected_calibration_error(result.confidences, result.right),
    }


def sentiment_result(encoder: Encoder, examples: Sequence[SentimentExample]) -> IntentResult:
    """Runs the encoder, which has a sentiment head, over messages with a mood, at least one."""
    number = {mood: at for at, mood in enumerate(encoder.sentiments)}
    logits = encoder.outputs([example.text for example in examples])["sentiment_logits"]
    chances = probabilities(logits, encoder.calibration.sentiment_temperature)
    return IntentResult(
        guesses=chances.argmax(axis=1).astype(np.int64),
        labels=np.array([number.get(example.sentiment, -1) for example in examples], dtype=np.int64),
        confidences=chances.max(axis=1),
        out_of_scope=None,
    )


def sentiment_metrics(result: IntentResult) -> dict[str, float]:
    """Macro-F1 over the moods that occur, accuracy, and expected calibration error."""
    return {
        "sentiment_macro_f1": macro_f1(result.guesses, result.labels),
        "sentiment_accuracy": float(result.right.mean()),
        "sentiment_ece": expected_calibration_error(result.confidences, result.right),
    }


def expected_calibration_error(confidences: Scores, right: Flags, bins: int = _BINS) -> float:
    """Mean gap between confidence and accuracy over bins of equal width (Naeini et al. 2015; Guo et al. 2017)."""
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [
        (places == place).mean() * abs(right[places == place].mean() - confidences[places == place].mean())
        for place in np.unique(places)
    ]
    return float(sum(gaps))


def auroc(inside: Scores, outside: Scores) -> float:
    """Chance that an out-of-scope row scores above an in-scope one; ties count half (Mann-Whitney)."""
    ranks = rankdata(np.concatenate([inside, outside]))
    above = ranks[len(inside) :].sum() - len(outside) * (len(outside) + 1) / 2
    return float(above / (len(inside) * len(outside)))


def auroc_interval(inside: Scores, outside: Scores, *, resamples: int = 1000, seed: int = _SEED) -> Interval:
    """Area under the curve with its bootstrap interval (percentiles; both sides drawn anew)."""
    random = np.random.default_rng(seed)
    draws = [auroc(random.choice(inside, len(inside)), random.choice(outside, len(outside))) for _ in range(resamples)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(auroc(inside, outside), float(low), float(high))


def scope_metrics(inside: Scores, outside: Scores, threshold: float) -> dict[str, float]:
    """AUROC with its interval, and what the threshold catches and wrongly refuses."""
    area = auroc_interval(inside, outside)
    return {
        "oos_auroc": area.value,
        "oos_auroc_low": area.low,
        "oos_auroc_high": area.high,
        "oos_recall": float((outside >= threshold).mean()),
        "oos_false_refusals": float((inside >= threshold).mean()),
    }


def ranking_scores(own: NDArray[np.float32], block: NDArray[np.float32]) -> dict[str, Scores]:
    """R@1, R@10 and reciprocal rank of each row's own score within its block; ties count half.

    Args:
        own: scores of the true replies, shape (n,).
        block: scores of all candidates, the true one among them, shape (n, candidates).
    """
    better = (block > own[:, None]).sum(axis=1)
    tied = (block == own[:, None]).sum(axis=1) - 1
    hits = {f"r100_at_{k}": np.where(better + tied < k, 1.0, np.where(better < k, 0.5, 0.0)) for k in (1, 10)}
    return {**hits, "r100_mrr": 1.0 / (1.0 + better + tied / 2)}


def reply_rank_rows(queries: Vectors, replies: Vectors) -> dict[str, Scores]:
    """Ranks each reply among the 100 of its block, block after block; an incomplete last block is left out.

    Args:
        queries: unit vectors (pairs, dim).
        replies: unit vectors (pairs, dim); the i-th answers the i-th query.
    """
    starts = range(0, max(1, len(queries) // CANDIDATES) * CANDIDATES, CANDIDATES)
    parts = []
    for start in starts:
        block = queries[start : start + CANDIDATES] @ replies[start : start + CANDIDATES].T
        parts.append(ranking_scores(block.diagonal().copy(), block))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def reply_metrics(encoder: Encoder, pairs: Sequence[ReplyPair]) -> dict[str, float]:
    """R@1, R@10 and MRR of true replies among 100 candidates."""
    queries = encoder.encode([turn_text(pair.context) for pair in pairs])
    replies = encoder.encode([pair.reply for pair in pairs])
    return {name: float(rows.mean()) for name, rows in reply_rank_rows(queries, replies).items()}


def knowledge_metrics(
    searcher: Searcher, encoder: Encoder, queries: Sequence[LabelledQuery], *, depth: int = 100
) -> dict[str, float]:
    """MAP, recall and MRR of a knowledge base on labelled queries.

    Args:
        searcher: the passages.
        encoder: the encoder that made their vectors.
        queries: at least one.
        depth: passages ranked per query.
    """
    vectors = encoder.encode([turn_text([*query.context, query.text]) for query in queries])
    judged = [
        ([found.passage.passage_id for found in searcher.search(query.text, vector, depth)], query.relevant)
        for query, vector in zip(queries, vectors, strict=True)
    ]
    return {
        "knowledge_map": mean_average_precision(judged),
        "knowledge_recall_at_1": recall_at_k(judged, 1),
        "knowledge_recall_at_5": recall_at_k(judged, 5),
        "knowledge_recall_at_10": recall_at_k(judged, 10),
        "knowledge_mrr_at_10": mrr_at_k(judged, 10),
    }


def paired_bootstrap(
    first: Scores,
    second: Scores,
    *,
    statistic: Callable[[Scores], float] = lambda rows: float(rows.mean()),
    resamples: int = 2000,
    seed: int = _SEED,
) -> Interval:
    """Difference second - first of a statistic of rows, with its interval: the same rows are drawn for both."""
    random = np.random.default_rng(seed)
    draws = random.integers(0, len(first), (resamples, len(first)))
    gaps = [statistic(second[rows]) - statistic(first[rows]) for rows in draws]
    low, high = np.quantile(gaps, [0.025, 0.975])
    return Interval(statistic(second) - statistic(first), float(low), float(high))
