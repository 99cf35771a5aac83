"""From a trained model to a finished bundle: graphs, calibration of each, figures, report, and the manifest last.

Reads from top to bottom in ``export_bundle``. Knows nothing of how the model was trained or where a desk lives.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot.bundle import (
    CALIBRATION,
    FORMAT,
    TOKENIZER,
    Bundle,
    BundleManifest,
    bundle_version,
    encoder_name,
    hash_files,
    load_bundle,
    write_manifest,
)
from bot.calibration import Array, Calibration, write_calibrations
from bot.encoder import Encoder
from bot.turn_text import turn_text
from finetune.calibrate import calibrate_variant, intent_prototypes
from finetune.errors import ExportError
from finetune.evaluate import (
    example_texts,
    intent_metrics,
    intent_result,
    reply_metrics,
    reply_rank_rows,
    scope_metrics,
)
from finetune.examples import Dataset, IntentExample
from finetune.graphs import export_graphs
from finetune.model import TrainedModel

MOST_POINTS_LOST = 0.003
"""int8 serves only where it loses at most this share of dev rows ..."""

MOST_ROWS_LOST = 2
"""... or this number of them."""

_PROTOTYPE_EXAMPLES = 16
_DEV_PAIRS = 2000

Say = Callable[[str], None]


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


def export_bundle(
    trained: TrainedModel,
    parts: Parts,
    *,
    recipe: Mapping[str, Any],
    directory: Path,
    training: Mapping[str, float] | None = None,
    say: Say = lambda _: None,
) -> Bundle:
    """Makes a bundle and proves it.

    Args:
        trained: the model in eval mode on the CPU, with its tokenizer and labels.
        parts: the data.
        recipe: as a plain mapping, for the manifest.
        directory: where the bundle goes; must be empty or absent.
        training: figures of the training, such as ``train_s``; they join the bundle's metrics.
        say: told of each step.

    Raises:
        ExportError: the directory is in use, or a graph does not equal the model.
    """
    _prepare(directory)
    say("exporting and comparing with torch")
    variants = export_graphs(trained, directory)
    trained.tokenizer.save(str(directory / TOKENIZER))
    draft = _draft(trained, parts, recipe, directory, variants)
    say("calibrating")
    calibrations = _calibrate(draft, parts)
    write_calibrations(directory / CALIBRATION, calibrations)
    say("measuring on dev")
    chosen = _cpu_variant(draft, parts.dev)
    metrics = {
        **_dev_metrics(Encoder.open(draft, providers="cpu", variant=chosen), draft, parts.dev),
        **(training or {}),
    }
    say("sealing the bundle")
    return _seal(replace(draft.manifest, cpu_variant=chosen, metrics=metrics), directory)


def _prepare(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise ExportError(f"{directory}: something is there already; give an empty or new --out")
    directory.mkdir(parents=True, exist_ok=True)


def _draft(
    trained: TrainedModel, parts: Parts, recipe: Mapping[str, Any], directory: Path, variants: tuple[str, ...]
) -> Bundle:
    """A bundle good enough to run its own graphs, with no calibration yet."""
    write_calibrations(directory / CALIBRATION, dict.fromkeys(variants, Calibration()))
    names = [TOKENIZER, CALIBRATION, *(encoder_name(variant) for variant in variants)]
    manifest = BundleManifest(
        format=FORMAT,
        version="draft",
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        base_model=trained.base_model,
        recipe=json.loads(json.dumps(recipe)),
        dataset_fingerprint=parts.train.fingerprint,
        intents=trained.intents,
        sentiments=trained.sentiments,
        languages=trained.languages,
        vector_dim=trained.vector_dim,
        max_tokens=trained.max_tokens,
        variants=variants,
        cpu_variant="fp32",
        metrics={},
        files=dict.fromkeys(names, ""),
    )
    return Bundle(directory, manifest)


def _calibrate(draft: Bundle, parts: Parts) -> dict[str, Calibration]:
    prototypes = _prototypes(draft, parts.train)
    calibrations = {}
    for variant in draft.manifest.variants:
        encoder = Encoder.open(draft, providers="cpu", variant=variant)
        rows = [example for example in parts.calibration.intents if example.intent in draft.manifest.intents]
        calibrations[variant] = calibrate_variant(
            encoder.outputs(example_texts(rows)) if rows else None,
            np.array([draft.manifest.intents.index(example.intent) for example in rows], dtype=np.int64),
            encoder.outputs(parts.calibration.out_of_scope) if parts.calibration.out_of_scope else None,
            prototypes,
        )
    return calibrations


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


def _cpu_variant(draft: Bundle, dev: Dataset) -> str:
    """Int8 where dev shows that it loses next to nothing; fp32 otherwise, and where dev can show nothing."""
    exact, small = (_right_rows(draft, variant, dev) for variant in ("fp32", "int8"))
    lost = [before.sum() - after.sum() for before, after in zip(exact, small, strict=True)]
    allowed = [max(MOST_ROWS_LOST, MOST_POINTS_LOST * len(before)) for before in exact]
    fits = all(loss <= most for loss, most in zip(lost, allowed, strict=True))
    return "int8" if exact and fits else "fp32"


def _right_rows(draft: Bundle, variant: str, dev: Dataset) -> list[Array]:
    """For each kind of dev data, how right each row is (0..1)."""
    encoder = Encoder.open(draft, providers="cpu", variant=variant)
    rows: list[Array] = []
    if dev.intents and draft.manifest.intents:
        rows.append(intent_result(encoder, draft.manifest.intents, dev.intents).right.astype(np.float32))
    pairs = [(turn_text(pair.context), pair.reply) for pair in dev.reply_pairs[:_DEV_PAIRS]]
    questions = [(pair.question, pair.passage_text) for pair in dev.questions[:_DEV_PAIRS]]
    for texts in (pairs, questions):
        if len(texts) > 1:
            queries, documents = (encoder.encode([pair[side] for pair in texts]) for side in (0, 1))
            rows.append(reply_rank_rows(queries, documents)["r100_at_1"].astype(np.float32))
    return rows


def _dev_metrics(encoder: Encoder, draft: Bundle, dev: Dataset) -> dict[str, float]:
    metrics: dict[str, float] = {}
    if dev.intents and draft.manifest.intents:
        result = intent_result(encoder, draft.manifest.intents, dev.intents)
        metrics |= intent_metrics(result)
        scope = encoder.calibration.out_of_scope_threshold
        if dev.out_of_scope and result.out_of_scope is not None and scope is not None:
            outside = encoder.calibration.out_of_scope(encoder.outputs(dev.out_of_scope))
            if outside is not None:
                metrics |= scope_metrics(result.out_of_scope, outside, scope)
    if len(dev.reply_pairs) > 1:
        metrics |= reply_metrics(encoder, dev.reply_pairs[:_DEV_PAIRS])
    return metrics


def _seal(manifest: BundleManifest, directory: Path) -> Bundle:
    files = hash_files(directory)
    version = bundle_version(manifest.created_utc, files)
    write_manifest(directory, replace(manifest, version=version, files=files))
    return load_bundle(directory)
