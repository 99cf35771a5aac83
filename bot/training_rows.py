"""Texts of labelled rows that a desk keeps in files, found by fingerprint when somebody looks. Knows no database.

Findings hold no text, so that erasure, which rewrites dataset versions, reaches everything that can be shown.
"""

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from bot.dataset_files import DATASETS, TRAINING, dataset_versions
from bot.desk import Desk
from bot.label_findings import RowPlace, row_fingerprint


def texts_of(desk: Desk, places: Collection[RowPlace]) -> dict[RowPlace, str]:
    """Texts of rows in files, of the newest dataset version or else of the training folder; those gone are missing."""
    found: dict[RowPlace, str] = {}
    for folder in _folders(desk):
        wanted = {(place.file, place.fingerprint): place for place in places if place.file and place not in found}
        for name in sorted({str(file) for file, _ in wanted}):
            for text in _texts(folder / name):
                place = wanted.get((name, row_fingerprint(text)))
                if place is not None:
                    found[place] = text
    return found


def _folders(desk: Desk) -> Iterator[Path]:
    versions = dataset_versions(desk.directory / DATASETS)
    if versions:
        yield desk.directory / DATASETS / versions[-1]
    yield desk.directory / TRAINING


def _texts(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".csv":
            yield from (row["text"] for row in csv.DictReader(file) if row.get("text"))
        else:
            for line in filter(str.strip, file):
                yield from (str(message.get("text", "")) for message in json.loads(line).get("messages", ()))
