"""How much memory a process takes that has nothing but the bundle open, measured in one that is made for it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bot
from bot.improvement import GateResult
from bot.values import Versions
from finetune.gates.trial import Trial

TIMEOUT_S = 300


def memory_gate(trial: Trial) -> Iterator[GateResult]:
    """Load the candidate in a fresh process and read its peak resident size."""
    allowed = float(trial.thresholds.memory_mb)
    trial.say(0, 1)
    megabytes, error = resident_mb(trial, trial.candidate.versions)
    trial.say(1, 1)
    if megabytes is None:
        yield GateResult("memory", False, None, allowed, f"it could not be measured: {error}")
        return
    detail = f"a process with the candidate loaded takes {megabytes:.0f} MB"
    if megabytes > allowed:
        detail += "; train a smaller base model, or allow more with memory_mb"
    yield GateResult("memory", megabytes <= allowed, megabytes, allowed, detail)


def resident_mb(trial: Trial, versions: Versions) -> tuple[float | None, str]:
    """Peak resident size (MB) of a fresh process with these versions loaded, or None and why."""
    parts = [versions.bundle, versions.knowledge or "", versions.replies or ""]
    command = [sys.executable, "-m", "bot.resident", str(trial.desk.directory.resolve()), *parts]
    # From where this very code lies: another folder may have a `bot` of its own.
    source = Path(bot.__file__).parents[1]
    try:
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None, f"loading it took more than {TIMEOUT_S} s"
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
    return float(json.loads(done.stdout.splitlines()[-1])["peak_mb"]), ""
