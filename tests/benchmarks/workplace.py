"""Where a benchmark reads and writes, and how it speaks. Knows no metric."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from tests.benchmarks.errors import DataMissingError, NoGpuError

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"


def say(line: str) -> None:
    """Prints one line of progress at once."""
    click.echo(line, err=True)


@dataclass(frozen=True, slots=True)
class Workplace:
    """One run's folders and choices.

    Attributes:
        data: the development data, as its README lays it out.
        work: for copies, bundles and desks; may be deleted at any time.
        smoke: a few rows and steps only, to see that everything runs; such figures mean nothing.
        gpu: train and serve with CUDA; metrics get the suffix ``_gpu``.
        fresh: train anew even where a bundle of the same data, recipe and sources is there.
    """

    data: Path
    work: Path
    smoke: bool = False
    gpu: bool = False
    fresh: bool = False
    say: Callable[[str], None] = say

    @property
    def results(self) -> Path:
        """Where result files go; those of a smoke run stay out of the repository."""
        return self.work / "results" if self.smoke else RESULTS

    @property
    def providers(self) -> Literal["cpu", "cuda"]:
        """Where the bundle's encoder runs."""
        return "cuda" if self.gpu else "cpu"

    def source(self, name: str) -> Path:
        """A file of the development data.

        Raises:
            DataMissingError: it is not there.
        """
        path = self.data / name
        if not path.is_file():
            raise DataMissingError(f"{path} is missing; say where the development data lies with --data DIR")
        return path

    def folder(self, name: str) -> Path:
        """A folder below ``work``, made now."""
        path = self.work / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def open_workplace(data: Path | None, *, smoke: bool, gpu: bool, fresh: bool) -> Workplace:
    """Builds the workplace from options and environment.

    Args:
        data: ``--data``; None takes ``FRONTDESK_BENCH_DATA`` or ``../shared/data`` beside the repository.

    Raises:
        NoGpuError: a GPU is wanted and there is none.
    """
    if gpu:
        _require_gpu()
    found = data or Path(os.environ.get("FRONTDESK_BENCH_DATA") or ROOT.parent / "shared" / "data")
    work = Path(os.environ.get("FRONTDESK_BENCH_WORK") or ROOT / ".bench")
    return Workplace(found.resolve(), (work / ("smoke" if smoke else "full")).resolve(), smoke, gpu, fresh)


def _require_gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        raise NoGpuError("--gpu: torch finds no CUDA device here; run it on a machine with an NVIDIA driver")
