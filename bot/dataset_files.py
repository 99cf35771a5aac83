"""The files of a desk's dataset versions, and how a conversation is taken out of them again.

A dataset version is a directory that nothing changes but erasure. Knows lines and their conversations, not what they
teach: `finetune.dataset_store` writes them.
"""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import DeskError
from retrieval.artifact import MANIFEST_NAME, read_artifact, seal, write_atomically
from retrieval.errors import ArtifactError

DATASETS = "datasets"
TRAINING = "training"
"""The folder of what a desk learnt from before it had logs of its own."""
UNFINISHED = "improve-{dataset}-"
"""How the name of a training's work folder begins, by its dataset version."""
CONVERSATION = "conversation_id"
"""The field, or the column, of a row that comes from a conversation."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out of one dataset version: which, and how many rows."""

    version: str
    rows: int


def dataset_versions(datasets: Path) -> list[str]:
    """Whole versions in a folder of datasets, oldest first."""
    if not datasets.is_dir():
        return []
    return sorted(path.parent.name for path in datasets.glob(f"*/{MANIFEST_NAME}") if path.parent.name[0] != ".")


def read_dataset_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a dataset version whose files are the ones that were written.

    Raises:
        DeskError: it is missing or damaged.
    """
    try:
        return read_artifact(directory)
    except ArtifactError as error:
        raise DeskError(f"dataset {error}") from error


def conversations_in(directory: Path) -> set[str]:
    """Ids of the conversations that a dataset version holds anything of."""
    rows = (row for path in _row_files(directory) for row in _rows(path))
    return {str(row[CONVERSATION]) for row in rows if row.get(CONVERSATION)}


def forget(datasets: Path, conversation_ids: Collection[str]) -> list[Forgotten]:
    """Take conversations out of every dataset version; safe to run again where it was killed.

    A version keeps its name and fingerprint, since bundles name them; its manifest counts what is gone.
    """
    gone = set(conversation_ids)
    found = [Forgotten(version, _forget_in(datasets / version, gone)) for version in dataset_versions(datasets)]
    return [forgotten for forgotten in found if forgotten.rows]


def forget_rows(path: Path, conversation_ids: Collection[str]) -> int:
    """Take the rows of conversations out of one CSV or JSONL file, in one step; gives how many there were."""
    rows = list(_rows(path))
    kept = [row for row in rows if row.get(CONVERSATION) not in conversation_ids]
    if len(kept) < len(rows):
        write: Callable[[list[dict[str, Any]]], str] = _as_csv if path.suffix == ".csv" else _as_jsonl
        write_atomically(path, write(kept) if kept or path.suffix == ".jsonl" else _as_csv(rows, head_only=True))
    return len(rows) - len(kept)


def rows_of(directory: Path, conversation_ids: Collection[str]) -> int:
    """Count the rows that a folder's CSV and JSONL files hold of conversations."""
    rows = (row for path in _row_files(directory) for row in _rows(path))
    return sum(row.get(CONVERSATION) in conversation_ids for row in rows)


def _forget_in(directory: Path, gone: Collection[str]) -> int:
    dropped = sum(forget_rows(path, gone) for path in _row_files(directory))
    manifest = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
    if dropped or not _is_sealed(directory):  # a killed erasure has changed a file and not the manifest
        manifest.pop("files")
        seal(directory, {**manifest, "forgotten": int(manifest.get("forgotten", 0)) + dropped})
    return dropped


def _is_sealed(directory: Path) -> bool:
    try:
        read_artifact(directory)
    except ArtifactError:
        return False
    return True


def _row_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix in {".jsonl", ".csv"})


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a file of the desk or of its engineer.

    Raises:
        DeskError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".csv":
                yield from csv.DictReader(file)
            else:
                yield from map(_object, filter(str.strip, file))
    except (ValueError, csv.Error) as error:
        raise DeskError(f"{path} cannot be read ({type(error).__name__}): mend the file") from None


def _object(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("no object")
    return row


def _as_jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _as_csv(rows: list[dict[str, Any]], *, head_only: bool = False) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    if not head_only:
        writer.writerows(rows)
    return file.getvalue()
