"""`scripts/bench loop --only kills`: a training that is killed with -9 ten times over its whole life, export included.

It has to end with the very same graphs as one that nothing disturbed, and no half bundle may show under its name.
"""

import csv
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bot.bundle import load_bundle
from finetune.base_model import PACKAGED_NAME, resolve_base_model
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.workplace import ROOT, Workplace

KILLS = 10
_INTENTS, _ROWS, _LAYERS = 8, 25, 2
_RECIPE = """name = "kills"
base_model = "{base}"
encoder = "trained"
max_tokens = 64
[training]
epochs = 4
learning_rate = 1e-4
checkpoint_steps = 1
[intents]
batch_size = 32
max_tokens = 32
"""
_SAID = ("base model", "training ", "exporting", "calibrating", "measuring", "writing")
"""How the lines begin that tell a step of the training; before the first one it imports its packages."""

_TRAINING = 2
_POLL_S = 0.005
_PATIENCE_S = 600.0


@dataclass
class Watch:
    """Looks at the place of the bundle all the time.

    Attributes:
        half: how often something stood there that was no whole bundle.
    """

    out: Path
    half: int = 0
    looks: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop.wait(_POLL_S):
            self.looks += 1
            if self.out.exists() and not (self.out / "manifest.json").is_file():
                self.half += 1

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many seconds into a step (its place in `_SAID`, from 1; 0 is before the first line)."""

    step: int
    after_s: float


def measure(place: Workplace) -> dict[str, float]:
    """Trains once undisturbed and once killed again and again; compares the bundles' files."""
    source = _source(place)
    folder = place.folder("loop") / "kills"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    recipe = _RECIPE.format(base=_small_base(folder / "base"))
    (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
    started = time.monotonic()
    steps_s = _undisturbed(folder, source)
    whole_s = time.monotonic() - started
    place.say(f"undisturbed: {whole_s:.0f} s, steps {[round(seconds, 1) for seconds in steps_s]}")
    seed = random.SystemRandom().randrange(10_000)
    moments = _moments(steps_s, 3 if place.smoke else KILLS, random.Random(seed))
    place.say(f"seed {seed} of the moments: {[(moment.step, round(moment.after_s, 1)) for moment in moments]}")
    with _watched(folder / "killed") as watch:
        survived = sum(_killed_and_whole(place, folder, source, moment) for moment in moments)
        _finish(folder, source)
    same = _equal_graphs(place, folder / "whole", folder / "killed")
    return {
        "training_kills": float(len(moments)),
        "training_kills_survived": float(survived) if same and not watch.half else 0.0,
        "training_kills_half_bundles": float(watch.half),
        "training_kills_looks": float(watch.looks),
        "training_kills_undisturbed_s": whole_s,
    }


def _source(place: Workplace) -> Path:
    """The first rows of a few intents of CLINC150, so that one training takes a minute."""
    with place.source("intents/clinc150/train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["intent"]) for row in csv.DictReader(file)]
    intents = sorted({intent for _, intent in rows})[:_INTENTS]
    path = place.folder("data") / "kills.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "intent"))
        for intent in intents:
            writer.writerows([row for row in rows if row[1] == intent][:_ROWS])
    return path


def _small_base(directory: Path) -> Path:
    """The first layers of the base model, so that ten kills take minutes."""
    base = resolve_base_model(PACKAGED_NAME)
    backbone = base.load_backbone()
    backbone.encoder.layer = backbone.encoder.layer[:_LAYERS]
    backbone.config.num_hidden_layers = _LAYERS
    backbone.save_pretrained(directory)
    shutil.copy(base.directory / "tokenizer.json", directory)
    return directory


def _undisturbed(folder: Path, source: Path) -> list[float]:
    """Seconds of each step, the imports first."""
    times = [time.monotonic()]
    with _training(folder, folder / "whole", source) as (process, lines):
        while (step := _next_step(lines)) is not None:
            if step == len(times):
                times.append(time.monotonic())
        times.append(time.monotonic())
        if process.wait(_PATIENCE_S):
            raise BenchmarkError("the undisturbed training failed; see what it said above")
    return [later - earlier for earlier, later in pairwise(times)]


def _moments(steps_s: Sequence[float], kills: int, chance: random.Random) -> list[Moment]:
    """One in each equal part of the whole life, in order; those in the training follow each other."""
    life, moments, trained_s = sum(steps_s), [], 0.0
    for number in range(kills):
        left = chance.uniform(number, number + 1) / kills * life
        step = 0
        while step < len(steps_s) - 1 and left > steps_s[step]:
            left -= steps_s[step]
            step += 1
        if step == _TRAINING:
            left, trained_s = left - trained_s, left  # the next attempt goes on where this one was killed
        moments.append(Moment(step, left))
    return moments


def _killed_and_whole(place: Workplace, folder: Path, source: Path, moment: Moment) -> bool:
    """Starts or goes on, kills at a moment; whether it was alive then and left no half bundle."""
    with _training(folder, folder / "killed", source) as (process, lines):
        step: int | None = 0
        while step is not None and step < moment.step:
            step = _next_step(lines)
        _next_step(lines, moment.after_s)  # comes sooner where it is faster now; then it is killed at once
        process.send_signal(signal.SIGKILL)
        killed = process.wait(_PATIENCE_S) == -signal.SIGKILL
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith((".killed", "killed")))
    place.say(f"step {moment.step} after {moment.after_s:.1f} s: {'killed' if killed else 'ended before'}; {left}")
    if (folder / "killed").exists():  # killed after the bundle had been finished: it has to be whole
        load_bundle(folder / "killed")
    return killed


def _finish(folder: Path, source: Path) -> None:
    if (folder / "killed").exists():
        return
    with _training(folder, folder / "killed", source) as (process, lines):
        while _next_step(lines) is not None:
            pass
        if process.wait(_PATIENCE_S):
            raise BenchmarkError("the killed training cannot be finished; see what it said above")


def _equal_graphs(place: Workplace, whole: Path, killed: Path) -> bool:
    """Whether all but the report is the same, byte for byte: the report and the manifest hold times."""
    first, second = load_bundle(whole).manifest.files, load_bundle(killed).manifest.files
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    place.say(f"{len(first)} files, of which differ: {differing or 'none'}")
    return not [name for name in differing if not name.startswith("report/")]


@contextmanager
def _watched(out: Path) -> Iterator[Watch]:
    watch = Watch(out)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


Lines = queue.Queue[str | None]


@contextmanager
def _training(folder: Path, out: Path, source: Path) -> Iterator[tuple["subprocess.Popen[str]", Lines]]:
    """A real `frontdesk train` and what it says, line by line; None at its end."""
    command = [sys.executable, "-m", "ui.cli", "train", "--recipe", str(folder / "recipe.toml")]
    command += ["--intents", str(source), "--out", str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines: Lines = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait(_PATIENCE_S)


def _next_step(lines: Lines, patience_s: float = _PATIENCE_S) -> int | None:
    """The number of the step that begins next, from 1; None at the end, or when nothing begins in time."""
    end = time.monotonic() + patience_s
    while (left := end - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            return None
        if line is None:
            return None
        if begun := [step for step, words in enumerate(_SAID, start=1) if line.startswith(words)]:
            return begun[0]
    return None
