"""Files in, figures out: a bundle measured on labelled data that it has not seen. Trains nothing."""

from pathlib import Path

import numpy as np

from bot.bundle import load_bundle
from bot.encoder import Encoder, Providers
from finetune.dataset import load_labelled
from finetune.errors import DataError
from finetune.evaluate import (
    LabelledQuery,
    intent_metrics,
    intent_result,
    knowledge_metrics,
    reply_metrics,
    scope_metrics,
    sentiment_metrics,
    sentiment_result,
)
from finetune.examples import IntentExample
from finetune.history.json_lines import json_records
from finetune.history.report import ImportReport
from retrieval.retriever import Retriever
from retrieval.snapshot import load_snapshot


def evaluate_files(
    bundle_directory: Path,
    *,
    intents: Path | None = None,
    out_of_scope: Path | None = None,
    dialogues: Path | None = None,
    snapshot: Path | None = None,
    queries: Path | None = None,
    sentiments: Path | None = None,
    provider: Providers = "auto",
) -> dict[str, float]:
    """Measure whatever data is given for; metrics of absent data are absent.

    Raises:
        BundleError: the bundle cannot be used.
        DataError: a file is missing or empty, or has a label that the bundle does not know.
        SnapshotError: the snapshot is of another encoder.
    """
    bundle = load_bundle(bundle_directory)
    encoder = Encoder.open(bundle, providers=provider)
    figures: dict[str, float] = {}
    data = load_labelled(intents, out_of_scope, dialogues, sentiments)
    # A label in a file of labels is meant; one in a dialogue may be of an intent that was never trained.
    examples = tuple(row for row in data.intents if row.group is None or row.intent in encoder.intents)
    if examples:
        figures |= _intents(encoder, examples, data.out_of_scope)
    if data.reply_pairs:
        figures |= {f"reply_{name}": value for name, value in reply_metrics(encoder, data.reply_pairs).items()}
    if data.sentiments:
        _refuse_unknown("sentiment", {row.sentiment for row in data.sentiments} - set(encoder.sentiments))
        figures |= sentiment_metrics(sentiment_result(encoder, data.sentiments))
    if snapshot and queries:
        retriever = load_snapshot(snapshot, encoder_id=bundle.manifest.version)
        figures |= knowledge_metrics(retriever, encoder, read_queries(queries, retriever))
    return figures


def read_queries(path: Path, retriever: Retriever) -> list[LabelledQuery]:
    """Labelled queries as ``frontdesk train`` reads them: ``passage_ids`` or ``document_id``, with ``context`` or not.

    Raises:
        DataError: no usable line, or one names a passage or an article that the snapshot lacks.
    """
    report = ImportReport()
    ids_of: dict[str, set[str]] = {}
    for passage in retriever.passages:
        ids_of.setdefault(passage.document_id, set()).add(passage.passage_id)
    known = {passage.passage_id for passage in retriever.passages}
    queries = []
    for line, row in json_records(path, report):
        named = row.get("passage_ids")
        relevant = frozenset(map(str, named)) if named else frozenset(ids_of.get(str(row.get("document_id")), ()))
        context = row.get("context") or []
        if not isinstance(row.get("text"), str) or not relevant:
            raise DataError(f"{path}, line {line}: give text, and passage_ids or the document_id of an indexed article")
        if not isinstance(context, list) or not all(isinstance(text, str) for text in context):
            raise DataError(f"{path}, line {line}: context must be a list of texts")
        if not relevant <= known:
            raise DataError(f"{path}, line {line}: no passage {min(relevant - known)!r} in the snapshot")
        queries.append(LabelledQuery(row["text"], relevant, tuple(context)))
    return queries


def _intents(encoder: Encoder, examples: tuple[IntentExample, ...], out_of_scope: tuple[str, ...]) -> dict[str, float]:
    _refuse_unknown("intent", {example.intent for example in examples} - set(encoder.intents))
    result = intent_result(encoder, encoder.intents, examples)
    figures = intent_metrics(result)
    threshold = encoder.calibration.out_of_scope_threshold
    if out_of_scope and threshold is not None:
        inside = _scope_scores(encoder, [example.text for example in examples])
        outside = _scope_scores(encoder, list(out_of_scope))
        figures |= scope_metrics(inside, outside, threshold)
    return figures


def _refuse_unknown(kind: str, unknown: set[str]) -> None:
    if unknown:
        raise DataError(f"the bundle does not know the {kind} {min(unknown)!r}; correct the label or train with it")


def _scope_scores(encoder: Encoder, texts: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([found.out_of_scope for found in encoder.understand(texts)], dtype=np.float64)
