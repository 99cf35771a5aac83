"""Accuracy, out-of-scope and ranking figures on the development data, beside frozen MiniLM on the same rows.

Every figure goes the product's road: input files, `frontdesk train`, the exported bundle's own encoder. Each part reads
from top to bottom. Knows no speed.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.bundle import load_bundle
from bot.encoder import Encoder
from finetune.evaluate import (
    IntentResult,
    auroc_interval,
    expected_calibration_error,
    intent_metrics,
    intent_result,
    paired_bootstrap,
    reply_metrics,
    reply_rank_rows,
)
from finetune.examples import IntentExample, ReplyPair
from finetune.intent_files import read_intents, read_out_of_scope
from finetune.paired import mcnemar
from tests.benchmarks import data
from tests.benchmarks.baselines import FrozenVectors, LinearHead, distance_to_nearest, fit_linear_head, right_rows
from tests.benchmarks.bundles import Trained, recipe_for, train_bundle
from tests.benchmarks.protocol import paired_p
from tests.benchmarks.workplace import Workplace

Metrics = dict[str, float]

SEEDS = (13, 14, 15)


def measure_clinc150(place: Workplace) -> Metrics:
    """150 intents: accuracy, calibration and out-of-scope."""
    files = data.clinc150(place)
    trained = _train_intents(place, "clinc150", "full", files)
    encoder, examples = open_encoder(place, trained.directory), read_intents(files.dev)
    result = intent_result(encoder, encoder.intents, examples)
    outside = read_out_of_scope(files.dev_out_of_scope["oos"])
    found = intent_metrics(result)
    return {
        "clinc150_accuracy": found["intent_accuracy"],
        "clinc150_macro_f1": found["intent_macro_f1"],
        "clinc150_ece": found["intent_ece"],
        "clinc150_train_s": trained.training.seconds,
        **_oos(encoder, result, "clinc150_oos", outside),
        **_clinc150_baseline(place, files, examples, outside),
    }


def measure_banking77_fast(place: Workplace) -> Metrics:
    """77 intents by a head on the frozen encoder."""
    files = data.banking77(place)
    result, examples = _banking77(place, "fast", SEEDS[0])
    head = _linear_head(place, files.train)
    baseline = right_rows(head, head.chances(_vectors(place, examples)), _labels(examples))
    return {
        "banking77_fast_accuracy": float(result.right.mean()),
        "banking77_fast_ece": intent_metrics(result)["intent_ece"],
        "baseline_banking77_fast_accuracy": float(baseline.mean()),
    }


def measure_banking77_full(place: Workplace) -> Metrics:
    """77 intents by the trained encoder: mean of three seeds, against `fast` row by row."""
    fast, examples = _banking77(place, "fast", SEEDS[0])
    results = {seed: _banking77(place, "full", seed)[0] for seed in SEEDS}
    head = _linear_head(place, data.banking77(place).train)
    baseline = right_rows(head, head.chances(_vectors(place, examples)), _labels(examples))
    mean_right = np.mean([result.right for result in results.values()], axis=0)
    gap = paired_bootstrap(fast.right.astype(np.float64), mean_right)
    metrics = {
        "banking77_full_accuracy": float(mean_right.mean()),
        "banking77_full_gain_over_fast": gap.value,
        "banking77_full_gain_over_fast_low": gap.low,
        "banking77_full_gain_over_fast_high": gap.high,
        "banking77_full_gain_over_fast_p": paired_p(fast.right.astype(np.float64), mean_right),
        "baseline_banking77_full_accuracy": float(baseline.mean()),
    }
    for seed, result in results.items():
        metrics[f"banking77_full_accuracy_seed_{seed}"] = float(result.right.mean())
        metrics[f"banking77_full_mcnemar_p_seed_{seed}"] = mcnemar(fast.right, result.right).p_value
    return metrics


def measure_banking77_oos(place: Workplace) -> Metrics:
    """50 intents in scope, the rest of the bank and other domains out of scope; no out-of-scope row trains."""
    files = data.banking77_oos(place)
    trained = _train_intents(place, "banking77-oos", "full", files)
    encoder, examples = open_encoder(place, trained.directory), read_intents(files.dev)
    result = intent_result(encoder, encoder.intents, examples)
    head = _linear_head(place, files.train)
    chances = head.chances(_vectors(place, examples))
    metrics = {
        "banking77_oos_accuracy": float(result.right.mean()),
        "baseline_banking77_oos_accuracy": float(right_rows(head, chances, _labels(examples)).mean()),
    }
    for name, path in files.dev_out_of_scope.items():
        outside = read_out_of_scope(path)
        metrics |= _oos(encoder, result, f"banking77_oos_{name}", outside)
        metrics |= _frozen_oos(place, head, examples, outside, f"banking77_oos_{name}")
    return metrics


def measure_airlines(place: Workplace) -> Metrics:
    """The agent's reply among 100, on the fold that nothing was trained on."""
    files = data.airlines(place)
    recipe = recipe_for("airlines", "full")
    trained = train_bundle(
        place, "airlines", recipe, {"dialogues": files.train, "dev-dialogues": files.dev}
    )  # fmt: skip
    in_file_order = data.reply_pairs(files.dev)
    encoder = open_encoder(place, trained.directory)
    metrics = {"airlines_pairs": float(len(in_file_order)), "airlines_train_s": trained.training.seconds}
    # In the order of the file a block holds the threads of one afternoon: most of one airline, many about one delay.
    for ending, pairs in (("", data.by_hash(in_file_order)), ("_file_order", in_file_order)):
        figures = {**reply_metrics(encoder, pairs), **_frozen_replies(place, pairs)}
        named = {"r100_at_1": "airlines_r100_at_1", "r100_at_10": "airlines_r100_at_10", "r100_mrr": "airlines_mrr"}
        metrics |= {kind + named[name] + ending: figures[kind + name] for kind in ("", "baseline_") for name in named}
    return metrics


def _frozen_replies(place: Workplace, pairs: Sequence[ReplyPair]) -> Metrics:
    frozen = FrozenVectors(place)
    rows = reply_rank_rows(frozen.of(data.pair_texts(pairs)), frozen.of([pair.reply for pair in pairs]))
    return {f"baseline_{name}": float(values.mean()) for name, values in rows.items()}


def open_encoder(place: Workplace, directory: Path) -> Encoder:
    """The bundle's encoder as a server opens it."""
    return Encoder.open(load_bundle(directory), providers=place.providers)


def _train_intents(place: Workplace, name: str, recipe: str, files: data.IntentFiles, seed: int = SEEDS[0]) -> Trained:
    given = {"intents": files.train, "out-of-scope": files.out_of_scope, "dev-intents": files.dev}
    if files.out_of_scope:
        given["dev-out-of-scope"] = files.dev_out_of_scope["oos"]
    return train_bundle(place, f"{name}-{recipe}", recipe_for(name, recipe), given, seed)


def _banking77(place: Workplace, recipe: str, seed: int) -> tuple[IntentResult, Sequence[IntentExample]]:
    files = data.banking77(place)
    encoder = open_encoder(place, _train_intents(place, "banking77", recipe, files, seed).directory)
    examples = read_intents(files.dev)
    return intent_result(encoder, encoder.intents, examples), examples


def _oos(encoder: Encoder, result: IntentResult, name: str, outside: Sequence[str]) -> Metrics:
    scores = encoder.calibration.out_of_scope(encoder.outputs(outside))
    if result.out_of_scope is None or scores is None:
        raise ValueError(f"{name}: the bundle has no out-of-scope score")
    area = auroc_interval(result.out_of_scope, scores)
    metrics = {f"{name}_auroc": area.value, f"{name}_auroc_low": area.low, f"{name}_auroc_high": area.high}
    threshold = encoder.calibration.out_of_scope_threshold
    if threshold is not None:
        metrics[f"{name}_recall_at_threshold"] = float((scores >= threshold).mean())
        metrics[f"{name}_refused_in_scope_at_threshold"] = float((result.out_of_scope >= threshold).mean())
    return metrics


def _clinc150_baseline(
    place: Workplace, files: data.IntentFiles, examples: Sequence[IntentExample], outside: Sequence[str]
) -> Metrics:
    head = _linear_head(place, files.train)
    chances = head.chances(_vectors(place, examples))
    right = right_rows(head, chances, _labels(examples))
    return {
        "baseline_clinc150_accuracy": float(right.mean()),
        "baseline_clinc150_ece": expected_calibration_error(chances.max(axis=1), right),
        **_frozen_oos(place, head, examples, outside, "clinc150_oos"),
    }


def _frozen_oos(
    place: Workplace, head: LinearHead, examples: Sequence[IntentExample], outside: Sequence[str], name: str
) -> Metrics:
    """By the least sure label, and by the distance to the nearest training row."""
    inside_vectors, outside_vectors = _vectors(place, examples), FrozenVectors(place).of(outside)
    sure = [1.0 - head.chances(vectors).max(axis=1) for vectors in (inside_vectors, outside_vectors)]
    near = [distance_to_nearest(head.vectors, vectors) for vectors in (inside_vectors, outside_vectors)]
    return {
        f"baseline_{name}_auroc": auroc_interval(*sure, resamples=2).value,
        f"baseline_{name}_auroc_nearest": auroc_interval(*near, resamples=2).value,
    }


def _linear_head(place: Workplace, train: Path) -> LinearHead:
    examples = read_intents(train)
    return fit_linear_head(_vectors(place, examples), _labels(examples))


def _vectors(place: Workplace, examples: Sequence[IntentExample]) -> np.ndarray:
    return FrozenVectors(place).of([example.text for example in examples])


def _labels(examples: Sequence[IntentExample]) -> list[str]:
    return [example.intent for example in examples]
