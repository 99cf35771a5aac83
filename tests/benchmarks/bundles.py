"""Bundles trained by `frontdesk train`, kept by data, recipe and sources so that parts can share them.

Knows no metric. Training runs as the command of its own that an engineer would type.
"""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from finetune.recipe import load_recipe
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.workplace import ROOT, Workplace

ALONE = 0.1
"""Up to this share of the processor taken by others, a training counts as run alone."""

_AFTER_TRAINING = {
    "mining",
    "masking",
    "filler",
    "replies_file",
    "plots",
    "report",
    "evaluate",
    "evaluation_run",
    "comparison",
    "comparison_page",
    "paired",
    "tracking",
}
"""Modules of finetune that cannot change the weights."""

_SERVING = ("bot/bundle.py", "bot/calibration.py", "bot/encoder.py", "bot/turn_text.py", "retrieval/text.py")


@dataclass(frozen=True, slots=True)
class Training:
    """One run of `frontdesk train`.

    Attributes:
        seconds: wall time of the whole command, from start to sealed bundle.
        others: share of the processors that other work took meanwhile, 0..1.
        whole: False where it went on from a checkpoint, so that the time is not that of a training.
    """

    seconds: float
    others: float
    whole: bool

    @property
    def alone(self) -> bool:
        """Whether the time can be reported."""
        return self.whole and self.others <= ALONE


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished bundle and how its training went."""

    directory: Path
    training: Training


def recipe_for(data_set: str, name: str) -> str:
    """The shipped recipe, or the benchmark's own where this data set needs another limit."""
    own = Path(__file__).parent / "recipes" / f"{data_set}-{name}.toml"
    return str(own) if own.exists() else name


def train_bundle(place: Workplace, name: str, recipe: str, files: Mapping[str, Path | None], seed: int = 13) -> Trained:
    """Gives the bundle of this data, recipe, seed and state of the sources; trains it where it is not there.

    Args:
        place: where it is kept.
        name: for people.
        recipe: a shipped name or a TOML file.
        files: option of `frontdesk train` without its dashes -> file; None is left out.
        seed: overrides the recipe's.

    Raises:
        BenchmarkError: the command failed; it has said why.
    """
    seeded = _seeded(place, name, recipe, seed)
    given = {option: path for option, path in files.items() if path is not None}
    folder = place.folder("bundles") / f"{name}-{seed}-{_fingerprint(seeded, given, place)}"
    record = folder / "training.json"
    if place.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not record.exists():
        place.say(f"training {name}, seed {seed}")
        training = _train(folder, seeded, given)
        record.write_text(json.dumps(asdict(training)) + "\n", encoding="utf-8")
    training = Training(**json.loads(record.read_text(encoding="utf-8")))
    place.say(f"{name}, seed {seed}: trained in {training.seconds:.0f} s, others took {training.others:.0%}")
    return Trained(folder / "bundle", training)


def forget(trained: Trained) -> None:
    """Removes a kept bundle, so that the next call trains it anew."""
    shutil.rmtree(trained.directory.parent)


def _train(folder: Path, recipe: Path, files: Mapping[str, Path]) -> Training:
    whole = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    options = [word for option, path in files.items() for word in (f"--{option}", str(path))]
    command = [sys.executable, "-m", "ui.cli", "train", "--recipe", str(recipe), *options]
    busy, own, started = _busy_seconds(), _children_seconds(), time.monotonic()
    done = subprocess.run([*command, "--out", str(folder / "bundle")], cwd=ROOT, check=False)
    seconds = time.monotonic() - started
    if done.returncode:
        raise BenchmarkError(f"training failed with exit status {done.returncode}; see its message above")
    foreign = (_busy_seconds() - busy) - (_children_seconds() - own)
    return Training(seconds, max(0.0, foreign) / (seconds * (os.cpu_count() or 1)), whole)


def _busy_seconds() -> float:
    """Processor seconds that the whole machine has spent on anything; 0 where Linux's counter is not there."""
    counter = Path("/proc/stat")
    if not counter.exists():
        return 0.0
    user, nice, system, _idle, _wait, irq, soft = map(int, counter.read_text().split("\n", 1)[0].split()[1:8])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _children_seconds() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def _seeded(place: Workplace, name: str, recipe: str, seed: int) -> Path:
    """The recipe with another seed, and with a dozen steps in a smoke run, as a file of the workplace."""
    values = {**load_recipe(recipe).as_dict(), "seed": seed}
    if place.smoke:
        values["training"] = {**values["training"], "max_steps": 12, "epochs": 1}
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    lines = [_assignment(key, value) for key, value in values.items() if key not in tables]
    for table, content in tables.items():
        lines += [f"[{table}]", *(_assignment(key, value) for key, value in content.items())]
    path = place.folder("recipes") / f"{name}-{seed}.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _assignment(key: str, value: object) -> str:
    return f"{key} = {json.dumps(value)}"  # texts, numbers, booleans and flat lists look alike in JSON and TOML


def _fingerprint(recipe: Path, files: Mapping[str, Path], place: Workplace) -> str:
    digest = hashlib.sha256(json.dumps([load_recipe(recipe).as_dict(), place.gpu], sort_keys=True).encode())
    for option, path in sorted(files.items()):
        digest.update(option.encode() + path.read_bytes())
    for path in sorted((ROOT / "finetune").rglob("*.py")) + [ROOT / name for name in _SERVING]:
        if path.stem not in _AFTER_TRAINING:
            # Comments and layout do not train.
            digest.update(ast.dump(ast.parse(path.read_text(encoding="utf-8"))).encode())
    return digest.hexdigest()[:16]
