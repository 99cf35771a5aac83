"""From a trained model to a finished bundle: graphs, calibration of each, figures, report, and the manifest last.

Reads from top to bottom in ``export_bundle``. Knows nothing of how the model was trained or where a desk lives.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.bundle import (
    CALIBRATION,
    FORMAT,
    REPORT,
    TOKENIZER,
    Bundle,
    BundleManifest,
    bundle_version,
    encoder_name,
    hash_files,
    load_bundle,
    write_manifest,
)
from bot.calibration import Calibration, write_calibrations
from finetune.errors import ExportError
from finetune.graphs import export_graphs
from finetune.model import TrainedModel
from finetune.report import write_report
from finetune.variants import Parts, calibrate_variants, choose_cpu_variant, measure_variants
from retrieval.values import Passage

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a bundle comes from.

    Attributes:
        dataset: version of the desk's dataset; None where plain files trained it.
        parent: version of the bundle that was live meanwhile.
    """

    dataset: str | None = None
    parent: str | None = None


def export_bundle(
    trained: TrainedModel,
    parts: Parts,
    *,
    recipe: Mapping[str, Any],
    directory: Path,
    passages: Sequence[Passage] = (),
    training: Mapping[str, float] | None = None,
    lineage: Lineage = Lineage(),
    say: Say = lambda _: None,
) -> Bundle:
    """Makes a bundle and proves it.

    Args:
        trained: the model in eval mode on the CPU, with its tokenizer and labels.
        parts: the data.
        recipe: as a plain mapping, for the manifest.
        directory: where the bundle goes; must be empty or absent.
        passages: the knowledge base that held-back questions are asked of, for the threshold of quoting.
        training: figures of the training, such as ``train_s``; they join the bundle's metrics.
        lineage: what it comes from, for the manifest.
        say: told of each step.

    Raises:
        ExportError: the directory is in use, or a graph does not equal the model.
    """
    _prepare(directory)
    say("exporting and comparing with torch")
    variants = export_graphs(trained, directory, say)
    trained.tokenizer.save(str(directory / TOKENIZER))
    draft = _draft(trained, parts, recipe, directory, variants)
    say("calibrating")
    write_calibrations(directory / CALIBRATION, calibrate_variants(draft, parts, passages))
    say("measuring on dev")
    results = measure_variants(draft, parts.dev)
    chosen = choose_cpu_variant(results)
    metrics = {**results[chosen].metrics, **(training or {})}
    manifest = replace(draft.manifest, cpu_variant=chosen, metrics=metrics, **asdict(lineage))
    say("writing the report")
    write_report(directory / REPORT, manifest, results, parts.dev, training or {})
    return _seal(manifest, directory)


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


def _seal(manifest: BundleManifest, directory: Path) -> Bundle:
    files = hash_files(directory)
    version = bundle_version(manifest.created_utc, files)
    write_manifest(directory, replace(manifest, version=version, files=files))
    return load_bundle(directory)
