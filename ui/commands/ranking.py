"""Rows of `frontdesk rank`: contexts and candidates scored by one encoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.turn_text import turn_text
from retrieval.values import Encode
from ui.commands.progress import Progress
from ui.commands.tables import read_objects

_ROWS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class RankingRow:
    """A context (oldest message first) and the replies to choose from."""

    context: tuple[str, ...]
    candidates: tuple[str, ...]


def read_rows(path: Path) -> list[RankingRow]:
    """Read the rows of a JSONL file.

    Raises:
        click.ClickException: a row lacks a list, or a list is empty or holds something else than texts.
    """
    return [
        RankingRow(_texts(path, number, row, "context"), _texts(path, number, row, "candidates"))
        for number, row in read_objects(path)
    ]


def rank_rows(rows: list[RankingRow], encode: Encode, progress: Progress) -> Iterator[dict[str, list[float]]]:
    """Cosine of each candidate with its context, row by row; each different text is encoded once in a group of rows."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        group = rows[start : start + _ROWS_AT_ONCE]
        texts = {turn_text(row.context) for row in group} | {text for row in group for text in row.candidates}
        order = sorted(texts)
        vector_of = dict(zip(order, encode(order), strict=True))
        for row in group:
            turn = vector_of[turn_text(row.context)]
            yield {"scores": [float(vector_of[text] @ turn) for text in row.candidates]}
        progress(start + len(group), len(rows))


def _texts(path: Path, number: int, row: dict[str, Any], key: str) -> tuple[str, ...]:
    values = row.get(key)
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not values:
        raise click.ClickException(f'{path} line {number}: "{key}" must be a list of texts that is not empty')
    given = [value.get("text") if isinstance(value, dict) else value for value in values]
    texts = tuple(text for text in given if isinstance(text, str))
    if len(texts) != len(given):
        raise click.ClickException(f'{path} line {number}: "{key}" must hold texts only')
    return texts
