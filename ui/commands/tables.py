"""Rows in, rows out: the CSV and JSONL files of the batch commands, with errors that name the line."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click


def read_texts(path: Path) -> list[str]:
    """The ``text`` column of a CSV file, row by row.

    Raises:
        click.ClickException: empty, no such column, or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames is None:
                raise click.ClickException(f"{path} is empty; give a CSV file with a column named text")
            if "text" not in rows.fieldnames:
                found = ", ".join(rows.fieldnames)
                raise click.ClickException(f"{path}: no column named text (found: {found}); name one so")
            texts = [row["text"] or "" for row in rows]
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8 ({error.reason} at byte {error.start}); convert it") from error
    except csv.Error as error:
        raise click.ClickException(f"{path}: not readable as CSV ({error})") from error
    if not texts:
        raise click.ClickException(f"{path} has a header and no rows; add rows below it")
    return texts


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) for each line of a JSONL file; blank lines are passed over.

    Raises:
        click.ClickException: a line is no JSON object, or there is none.
    """
    empty = True
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            empty = False
            try:
                row = json.loads(line)
            except ValueError as error:
                raise click.ClickException(f"{path} line {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise click.ClickException(f"{path} line {number}: an object {{...}} is wanted")
            yield number, row
    if empty:
        raise click.ClickException(f"{path} is empty; give one JSON object a line")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_objects(path: Path, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
    """Write one JSON value a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
