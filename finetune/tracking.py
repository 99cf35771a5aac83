"""Where a training's curves go: TensorBoard files, or by name Weights & Biases or MLflow. Knows no model and no data.

What is sent are the recipe, losses and dev scores: never a text or a label. Both services' own clients are used,
imported only where they are named: transformers' callbacks want its Trainer, accelerate's trackers its whole state.
"""

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from torch.utils.tensorboard import SummaryWriter

from finetune.errors import TrackingError
from finetune.progress import Report
from finetune.recipe import Recipe

PROJECT = "frontdesk"

_PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}
_INSTALLED_BY = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow-skinny"}

Log = Callable[[Mapping[str, float], int], None]
"""Takes named values of one step."""


class Tracker(Protocol):
    """One place that curves go to."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Notes named values of one step."""

    def close(self) -> None:
        """Writes what is still in memory."""


def require_trackers(names: Sequence[str]) -> None:
    """Says before hours of training, not after them, what cannot be reported to.

    Raises:
        TrackingError: a name is unknown, or its package is not installed.
    """
    for name in names:
        if name not in _PACKAGES:
            raise TrackingError(f"report_to: {name!r} is unknown; known are {', '.join(_PACKAGES)}")
        if importlib.util.find_spec(_PACKAGES[name]) is None:
            raise TrackingError(f"report_to: {name} is not installed; run: pip install {_INSTALLED_BY[name]}")


@contextmanager
def tracking(names: Sequence[str], recipe: Recipe, directory: Path, report: Report) -> Iterator[Log]:
    """Opens the named trackers and closes them at the end, however that comes.

    Args:
        names: of ``tensorboard``, ``wandb`` and ``mlflow``; may be empty.
        recipe: its values are noted as the run's configuration.
        directory: where TensorBoard's files lie; the others' local files lie in folders beside it.
        report: told where the curves are.

    Raises:
        TrackingError: a tracker is unknown, not installed, or does not open.
    """
    require_trackers(names)
    with ExitStack() as closing:
        trackers = []
        for name in names:
            tracker = _opened(name, recipe, directory, report)
            closing.callback(tracker.close)
            trackers.append(tracker)

        def log(values: Mapping[str, float], step: int) -> None:
            for tracker in trackers:
                tracker.log(values, step)

        yield log


def _opened(name: str, recipe: Recipe, directory: Path, report: Report) -> Tracker:
    if name == "tensorboard":
        return _TensorBoard(directory)
    kind = _WeightsAndBiases if name == "wandb" else _MLflow
    try:
        return kind(recipe, directory.with_suffix(f".{name}"), report)
    except Exception as error:  # the clients raise whatever their transport does
        raise TrackingError(
            f"report_to: {name} does not open ({type(error).__name__}: {error}); leave it out"
        ) from error


class _TensorBoard:
    def __init__(self, directory: Path) -> None:
        self._writer = SummaryWriter(str(directory))

    def log(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class _WeightsAndBiases:
    """A run of Weights & Biases: kept on this machine unless ``WANDB_MODE`` says otherwise."""

    def __init__(self, recipe: Recipe, directory: Path, report: Report) -> None:
        import wandb  # type: ignore[import-not-found, unused-ignore]

        mode = os.environ.get("WANDB_MODE") or "offline"
        directory.mkdir(parents=True, exist_ok=True)
        name = directory.stem
        self._run = wandb.init(project=PROJECT, name=name, dir=str(directory), mode=mode, config=flat(recipe.as_dict()))
        sent = "send it with `wandb sync`, or set WANDB_MODE=online" if mode == "offline" else "it is sent as it goes"
        report(f"Weights & Biases run in {directory} ({mode}): {sent}")

    def log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        self._run.finish()


class _MLflow:
    """A run of MLflow: in a SQLite file unless ``MLFLOW_TRACKING_URI`` names a server."""

    def __init__(self, recipe: Recipe, directory: Path, report: Report) -> None:
        from mlflow import MlflowClient  # type: ignore[import-not-found, unused-ignore]

        address = os.environ.get("MLFLOW_TRACKING_URI")
        if not address:
            directory.mkdir(parents=True, exist_ok=True)
            address = f"sqlite:///{directory.resolve() / 'mlflow.db'}"
        self._client = MlflowClient(tracking_uri=address)
        known = self._client.get_experiment_by_name(PROJECT)
        experiment = known.experiment_id if known else self._client.create_experiment(PROJECT)
        self._run = self._client.create_run(experiment, run_name=directory.stem).info.run_id
        for name, value in flat(recipe.as_dict()).items():
            self._client.log_param(self._run, name, value)
        report(f"MLflow run {self._run} at {address if address.startswith('sqlite') else 'MLFLOW_TRACKING_URI'}")

    def log(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._client.log_metric(self._run, name, value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._run)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values with dotted names, lists as texts."""
    rows: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows |= flat(value, f"{prefix}{name}.")
        else:
            rows[prefix + name] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return rows
