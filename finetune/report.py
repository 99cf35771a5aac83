"""The report in a bundle: figures, curves and a model card as one HTML page, with the tables beside it.

No customer's text is written: rows are references (number, short hash) into the dev part, to be resolved by whoever
holds it. Knows results; runs no model.
"""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from sklearn.metrics import precision_recall_fscore_support  # type: ignore[import-untyped]

from bot.bundle import BundleManifest
from finetune.calibrate import RISK
from finetune.evaluate import IntentResult, example_texts
from finetune.examples import Dataset
from finetune.plots import confusion_plot, reliability_plot, risk_coverage_plot
from finetune.variants import DevResult

MOST_READABLE = 25
"""Intents in the picture of confusions: those that are confused most."""

_WORST = 50


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Precision, recall and F1 of one intent, or of one mood, on dev, with its number of rows."""

    intent: str
    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """How often one intent was taken for another."""

    labelled: str
    guessed: str
    rows: int


@dataclass(frozen=True, slots=True)
class ConfusedRow:
    """A reference to one wrong row of dev: its number there and the start of its text's sha256."""

    row: int
    text_hash: str
    labelled: str
    guessed: str
    confidence: float


def write_report(
    directory: Path,
    manifest: BundleManifest,
    results: Mapping[str, DevResult],
    dev: Dataset,
    times: Mapping[str, float],
) -> None:
    """Writes ``index.html``, ``model_card.md``, tables and curves.

    Args:
        directory: the bundle's ``report`` folder; made here.
        manifest: of the bundle; its version and files may still be open.
        results: each variant on dev.
        dev: the rows that the results are of.
        times: seconds by step of the training.
    """
    directory.mkdir()
    chosen = results[manifest.cpu_variant].intents
    tables = _tables(chosen, manifest.intents, dev) if chosen is not None else {}
    moods = results[manifest.cpu_variant].moods
    if moods is not None:
        tables["moods"] = class_rows(moods, manifest.sentiments)
    for name, rows in tables.items():
        _write_csv(directory / f"{name}.csv", rows)
    curves = _curves(results, manifest.intents)
    for name, svg in curves.items():
        (directory / f"{name}.svg").write_text(svg, encoding="utf-8")
    values: dict[str, Any] = {
        "manifest": manifest,
        "recipe": json.dumps(manifest.recipe, indent=1, ensure_ascii=False),
        "results": results,
        "tables": tables,
        "curves": curves,
        "times": times,
        "dev": dev,
        "risk": RISK,
    }
    pages = Environment(loader=PackageLoader("finetune"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    (directory / "index.html").write_text(pages.get_template("report.html").render(values), encoding="utf-8")
    plain = pages.overlay(autoescape=False)
    (directory / "model_card.md").write_text(plain.get_template("model_card.md").render(values), encoding="utf-8")


def class_rows(result: IntentResult, intents: Sequence[str]) -> list[ClassRow]:
    """The classification report, weakest intent first; intents without a dev row are left out."""
    numbers = np.unique(result.labels[result.labels >= 0])
    columns = precision_recall_fscore_support(result.labels, result.guesses, labels=numbers, zero_division=0)
    rows = [
        ClassRow(intents[number], float(precision), float(recall), float(f1), int(count))
        for number, precision, recall, f1, count in zip(numbers, *columns, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.f1, row.intent))


def confused_pairs(result: IntentResult, intents: Sequence[str]) -> list[ConfusedPair]:
    """The pairs of intents that are confused most, up to fifty."""
    wrong = zip(result.labels[~result.right].tolist(), result.guesses[~result.right].tolist(), strict=True)
    return [
        ConfusedPair(_intent_name(intents, labelled), intents[guessed], rows)
        for (labelled, guessed), rows in Counter(wrong).most_common(_WORST)
    ]


def confused_rows(result: IntentResult, intents: Sequence[str], dev: Dataset) -> list[ConfusedRow]:
    """References to the wrong rows that the model was surest of, up to fifty."""
    wrong = np.flatnonzero(~result.right)
    surest = wrong[np.argsort(-result.confidences[wrong], kind="stable")][:_WORST]
    texts = example_texts([dev.intents[row] for row in surest])
    return [
        ConfusedRow(
            row=int(row),
            text_hash=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12],
            labelled=dev.intents[row].intent,
            guessed=intents[result.guesses[row]],
            confidence=float(result.confidences[row]),
        )
        for row, text in zip(surest, texts, strict=True)
    ]


def _tables(result: IntentResult, intents: Sequence[str], dev: Dataset) -> dict[str, list[Any]]:
    return {
        "classification": class_rows(result, intents),
        "confused_pairs": confused_pairs(result, intents),
        "confused_rows": confused_rows(result, intents, dev),
    }


def _curves(results: Mapping[str, DevResult], intents: Sequence[str]) -> dict[str, str]:
    curves = {}
    for variant, result in results.items():
        if (guessed := result.intents) is None:
            continue
        threshold = result.calibration.reply.value if result.calibration.reply else None
        curves[f"reliability.{variant}"] = reliability_plot(guessed.confidences, guessed.right)
        curves[f"risk_coverage.{variant}"] = risk_coverage_plot(guessed.confidences, guessed.right, threshold, RISK)
        if variant == "fp32":
            curves["confusions"] = _confusions(guessed, intents)
    return curves


def _confusions(result: IntentResult, intents: Sequence[str]) -> str:
    """Heat map of the intents that are confused most (of all, where they are few)."""
    known = result.labels >= 0
    matrix = np.zeros((len(intents), len(intents)), dtype=np.int64)
    np.add.at(matrix, (result.labels[known], result.guesses[known]), 1)
    errors = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * matrix.diagonal()
    shown = np.sort(np.argsort(-errors, kind="stable")[:MOST_READABLE])
    return confusion_plot(matrix[np.ix_(shown, shown)], [intents[number] for number in shown])


def _intent_name(intents: Sequence[str], number: int) -> str:
    return intents[number] if number >= 0 else "(a label that the bundle does not know)"


def _write_csv(path: Path, rows: Sequence[Any]) -> None:
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(rows[0])))
        writer.writeheader()
        writer.writerows(_safe_cells(asdict(row)) for row in rows)


def _safe_cells(row: dict[str, Any]) -> dict[str, Any]:
    """A label that begins like a formula must stay text in a spreadsheet."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
        for name, value in row.items()
    }
