"""Where a desk's own files hold rows of conversations, and how these go. Knows no database and no tombstones.

Dataset versions and the training folder hold rows by conversation; unfinished trainings have learnt from them. Bundles
hold no texts: those of a dataset that loses rows are flagged.
"""

import fcntl
import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.bundle_flags import flag_datasets
from bot.dataset_files import (
    DATASETS,
    TRAINING,
    UNFINISHED,
    Forgotten,
    dataset_versions,
    forget,
    forget_rows,
    rows_of,
)
from bot.desk import Desk
from bot.errors import DeskError
from retrieval.artifact import MANIFEST_NAME

_ERASE_LOCK = ".erase.lock"


@dataclass(frozen=True, slots=True)
class ErasedFiles:
    """What went, or would go.

    Attributes:
        datasets: versions with the rows that they lost.
        training: rows of the training folder.
        unfinished: trainings on those datasets that were killed; they are removed with their checkpoints.
        running: a run of ``improve`` is under way; its dataset is among ``datasets`` as soon as it is written.
    """

    datasets: tuple[Forgotten, ...] = ()
    training: int = 0
    unfinished: int = 0
    running: bool = False

    @property
    def rows(self) -> int:
        """Rows in all."""
        return self.training + sum(forgotten.rows for forgotten in self.datasets)


def rows_in_files(desk_directory: Path, conversation_ids: Collection[str]) -> ErasedFiles:
    """Tell what `erase_from_files` would take out."""
    gone, datasets = set(conversation_ids), desk_directory / DATASETS
    rows = [Forgotten(version, rows_of(datasets / version, gone)) for version in dataset_versions(datasets)]
    training = desk_directory / TRAINING
    found = rows_of(training, gone) if training.is_dir() else 0
    return ErasedFiles(tuple(forgotten for forgotten in rows if forgotten.rows), found)


def erase_from_files(desk_directory: Path, conversation_ids: Collection[str], reason: str) -> ErasedFiles:
    """Take conversations out of all files; the datasets that lose rows are flagged first, under a lock of its own.

    A kill leaves files as they were or as they shall be; the same call goes on.

    Args:
        desk_directory: the desk.
        conversation_ids: whose rows go.
        reason: of the flag, see `bot.bundle_flags`.
    """
    with erasing(desk_directory):
        found = rows_in_files(desk_directory, conversation_ids)
        if found.datasets:
            flag_datasets(desk_directory, [forgotten.version for forgotten in found.datasets], reason)
        forget(desk_directory / DATASETS, conversation_ids)  # also seals what a kill left unsealed
        if found.training:
            for path in sorted((desk_directory / TRAINING).iterdir()):
                if path.suffix in {".csv", ".jsonl"}:
                    forget_rows(path, set(conversation_ids))
        unfinished, running = _remove_unfinished(desk_directory, found.datasets)
    return ErasedFiles(found.datasets, found.training, unfinished, running)


@contextmanager
def erasing(desk_directory: Path) -> Iterator[None]:
    """Hold the desk's erasure lock: two that rewrite one file would undo each other."""
    with (desk_directory / _ERASE_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_unfinished(desk_directory: Path, datasets: Collection[Forgotten]) -> tuple[int, bool]:
    """Remove trainings that nobody runs, and what killed writers left beside datasets; whether somebody runs one."""
    try:
        with Desk(desk_directory).improving():
            # Also of versions that an earlier call changed while a run held the lock: that run may have been killed.
            touched = {forgotten.version for forgotten in datasets} | _touched_before(desk_directory / DATASETS)
            names = [UNFINISHED.format(dataset=version) for version in touched]
            unfinished = [path for name in names for path in desk_directory.glob(f"work/*{name}*")]
            half_written = [*desk_directory.glob(f"{DATASETS}/.*"), *desk_directory.glob(f"{DATASETS}/*/.*")]
            for path in [*unfinished, *half_written]:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
    except DeskError:  # a run of improve is under way
        return 0, True
    return len(unfinished), False


def _touched_before(datasets: Path) -> set[str]:
    """Dataset versions that an erasure has taken rows out of."""
    manifests = {version: datasets / version / MANIFEST_NAME for version in dataset_versions(datasets)}
    return {
        version for version, path in manifests.items() if json.loads(path.read_text(encoding="utf-8")).get("forgotten")
    }
