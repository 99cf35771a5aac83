"""The whole road from files to a bundle, in order. Knows every step's door and no step's inside."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from finetune.base_model import resolve_base_model
from finetune.dataset import DatasetReport, DataSources, build_dataset
from finetune.errors import ExportError
from finetune.export import Lineage, export_bundle
from finetune.fit import FittedModel, WorkPlace, fit_model
from finetune.progress import Report
from finetune.recipe import load_recipe
from finetune.tracking import require_trackers
from finetune.variants import Parts
from retrieval.passages import load_passages


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What ``frontdesk train`` is asked for.

    Attributes:
        recipe: ``fast``, ``full`` or a TOML file.
        sources: the data's files.
        out: where the bundle goes; absent or empty.
        lineage: what the manifest shall say that the bundle comes from.
        report_to: where the curves go; None takes the recipe's.
    """

    recipe: str
    sources: DataSources
    out: Path
    lineage: Lineage = field(default_factory=Lineage)
    report_to: tuple[str, ...] | None = None


def train(request: TrainRequest, report: Report) -> Path:
    """Makes a bundle: read, split, train, export, calibrate, measure, publish.

    A killed training goes on from its last checkpoint when the same request is made again. The bundle appears under
    its name in one step, when it is whole.

    Args:
        request: what to make of what.
        report: takes one line at a time for the person who waits.

    Returns:
        The bundle's directory.

    Raises:
        FinetuneError: one line that says what happened and what to do.
    """
    started = time.monotonic()
    _refuse_used(request.out)
    recipe = load_recipe(request.recipe)
    if request.report_to is not None:
        recipe = replace(recipe, report_to=request.report_to)
    require_trackers(recipe.report_to)
    base = resolve_base_model(recipe.base_model)
    report(f"base model {base.name} from {base.source}")
    found = DatasetReport()
    train_part, dev, calibration = build_dataset(request.sources, seed=recipe.seed, report=found)
    for line in found.summary():
        report(line)
    place = _work_place(request.out)
    fitted = fit_model(train_part, dev, recipe, base, place=place, report=report)
    partial = _partial(request.out)
    export_bundle(
        fitted.trained,
        Parts(train_part, dev, calibration),
        recipe=recipe.as_dict(),
        directory=partial,
        passages=load_passages(request.sources.knowledge) if request.sources.knowledge else (),
        training=_figures(fitted, time.monotonic() - started),
        lineage=request.lineage,
        say=report,
    )
    partial.replace(request.out)
    shutil.rmtree(place.checkpoints, ignore_errors=True)
    report(f"bundle {request.out} is ready after {time.monotonic() - started:.0f} s")
    return request.out


def _refuse_used(out: Path) -> None:
    """Says so before hours of training, not after them."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out}: something is there already; give an empty or new --out")


def _work_place(out: Path) -> WorkPlace:
    """Beside the bundle, on the same disk and never inside it."""
    return WorkPlace(checkpoints=out.parent / f".{out.name}.training", log=out.parent / f"{out.name}.tensorboard")


def _partial(out: Path) -> Path:
    """An empty place for the unfinished bundle; what a killed export left there is of no use."""
    partial = out.parent / f".{out.name}.partial"
    if partial.exists():
        shutil.rmtree(partial)
    out.parent.mkdir(parents=True, exist_ok=True)
    return partial


def _figures(fitted: FittedModel, seconds: float) -> Mapping[str, float]:
    figures = {"train_s": round(seconds, 1)}
    if fitted.summary is not None:
        figures |= {"train_steps": float(fitted.summary.steps), "train_best_epoch": float(fitted.summary.best_epoch)}
    return figures
