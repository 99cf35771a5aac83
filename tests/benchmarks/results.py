"""Result files: a flat map from metric to number, with where it came from beside it. Knows no benchmark."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.workplace import ROOT

DETAILS = ("command", "commit", "machine", "measured_utc")
"""Keys beside the metrics; so are ``part_<name>``, which say when and from which commit a part was measured."""

Entry = float | int | str


def is_metric(key: str, value: object) -> bool:
    """Whether an entry of a result file is a figure."""
    return key not in DETAILS and not key.startswith("part_") and isinstance(value, int | float)


def read_results(path: Path) -> dict[str, Entry]:
    """A result file's entries; none where there is no file."""
    entries: dict[str, Entry] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return entries


def merge_part(
    path: Path,
    part: str,
    owned: Sequence[str],
    suffix: str,
    metrics: Mapping[str, float],
    details: Mapping[str, str],
) -> None:
    """Replaces one part's metrics in a result file, and writes it at once.

    Args:
        path: the file; made where it is absent.
        part: the part's name.
        owned: prefixes of the part's metric names (after ``baseline_`` and ``bm25_``); earlier ones go away.
        suffix: ``_gpu``, or empty; figures of the other kind are left alone.
        metrics: the new figures.
        details: command, commit, machine and time.
    """
    kept = {name: value for name, value in read_results(path).items() if not belongs(name, owned, suffix)}
    strays = [name for name in metrics if not belongs(name, owned, suffix)]
    if strays:
        raise ValueError(f"part {part} measured {strays[0]}, which it does not own")
    stamp = {f"part_{part}": f"{details['measured_utc']} {details['commit']}"}
    rounded = {name: round(float(value), 6) for name, value in metrics.items()}
    entries = {**kept, **rounded, **stamp, **details}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    unfinished.replace(path)


def belongs(metric: str, owned: Sequence[str], suffix: str) -> bool:
    """Whether a metric is one of a part's own."""
    if metric in DETAILS or metric.startswith("part_") or metric.endswith("_gpu") != (suffix == "_gpu"):
        return False
    bare = metric.removeprefix("baseline_").removeprefix("bm25_")
    return any(bare.startswith(prefix) for prefix in owned)


def details(command: str) -> dict[str, str]:
    """Command, commit, machine and time of this moment."""
    return {
        "command": command,
        "commit": commit(),
        "machine": machine(),
        "measured_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def commit() -> str:
    """The commit that is checked out; ``-dirty`` where a package's files differ from it."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "bot", "retrieval", "finetune", "ui", "scripts", "migrations")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}-dirty" if changed else name


def machine() -> str:
    """Processor, cores, memory, system and the libraries whose speed counts."""
    from importlib.metadata import version

    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnxruntime-gpu"))
    return f"{_processor()}, {_cores()} cores, {memory_gb:.0f} GB, {platform.system()}, {_graphics()}{libraries}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _graphics() -> str:
    import torch

    return f"{torch.cuda.get_device_name(0)}, " if torch.cuda.is_available() else ""


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
