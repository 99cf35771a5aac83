"""Questions with their answers, from CSV and JSON. Knows nothing of files on disk.

Columns of the CSV and keys of the JSON objects, in any case: ``question`` and ``answer`` are required; ``id`` names
the entry (otherwise its question does), ``category`` goes before the question in the title, ``url`` is shown as its
source. Other columns are left out. The JSON is a list of such objects, bare or under one key, or one object a line;
an answer may be a list of paragraphs.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.documents.decoding import decode
from retrieval.errors import DocumentError
from retrieval.text import normalise

if TYPE_CHECKING:
    from _csv import Reader as CsvReader


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of an FAQ.

    Attributes:
        line: 1-based line of the file where it begins.
        name: its id, or "" where the file gives none.
        paragraphs: of the answer.
        url: "" where the file gives none.
    """

    line: int
    name: str
    category: str
    question: str
    paragraphs: tuple[str, ...]
    url: str


BadRow = Callable[[int, str], None]
"""Told the line and the reason of a row that is left out."""

ReadEntries = Callable[[bytes, BadRow], Iterator[Entry]]
"""Turns the bytes of one FAQ into entries; raises DocumentError where the whole file cannot be used."""

_REQUIRED = ("question", "answer")
_SEPARATOR = re.compile(r"[\s,]*")
_LIST_START = re.compile(r'\s*(?:\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[(?=\s*[{\]])|\[)?')


def read_faq_csv(content: bytes, bad_row: BadRow) -> Iterator[Entry]:
    """Reads a CSV with a header; its delimiter is a comma, semicolon or tab, whichever parts the header.

    Raises:
        DocumentError: not text, or no columns question and answer.
    """
    text = decode(content)
    header = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows = _csv_rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), bad_row)
    _, names = next(rows, (1, []))
    columns = [normalise(name).casefold() for name in names]
    if missing := [name for name in _REQUIRED if name not in columns]:
        raise DocumentError(f"has no column {' and '.join(missing)}; its first line must name the columns")
    for line, cells in rows:
        if len(cells) != len(columns):
            bad_row(line, f"{len(cells)} cells where the header has {len(columns)}; check the quotes")
        elif entry := _entry(line, dict(zip(columns, cells, strict=True)), bad_row):
            yield entry


def read_faq_json(content: bytes, bad_row: BadRow) -> Iterator[Entry]:
    """Reads a JSON list of objects, or one object a line.

    Raises:
        DocumentError: not text, or no list of objects in it.
    """
    text = decode(content)
    found = False
    for line, row in _json_rows(text, bad_row):
        found = True
        if not isinstance(row, dict):
            bad_row(line, "not an object with question and answer")
        elif entry := _entry(line, {normalise(key).casefold(): value for key, value in row.items()}, bad_row):
            yield entry
    if not found:
        raise DocumentError('no list of objects; write [{"question": "...", "answer": "..."}, ...]')


def _csv_rows(reader: "CsvReader", bad_row: BadRow) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad_row(line, f"not CSV ({error}); check the quotes")
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _json_rows(text: str, bad_row: BadRow) -> Iterator[tuple[int, object]]:
    """Decodes one element after the other, so that each has its line and a damaged one ends only the rest."""
    decoder = json.JSONDecoder()
    position = _list_start(text)
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            bad_row(line, f"not JSON ({reason}); the rest of the file is left out")
            return
        yield line, row
        position = _after_separator(text, end)
        if text[position : position + 1] in ("]", "}"):
            return


def _list_start(text: str) -> int:
    """Gives where the first element is: in the bare list, in the list under the first key, or the first line."""
    start = _LIST_START.match(text)
    return _after_separator(text, start.end() if start else 0)


def _after_separator(text: str, position: int) -> int:
    found = _SEPARATOR.match(text, position)
    return found.end() if found else position


def _entry(line: int, row: Mapping[str, object], bad_row: BadRow) -> Entry | None:
    question = " ".join(_paragraphs(row.get("question")))
    paragraphs = _paragraphs(row.get("answer"))
    if not question or not paragraphs:
        bad_row(line, f"no {'answer' if question else 'question'}; fill it in or remove the row")
        return None
    name, category, url = (" ".join(_paragraphs(row.get(key))) for key in ("id", "category", "url"))
    return Entry(line=line, name=name, category=category, question=question, paragraphs=paragraphs, url=url)


def _paragraphs(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else [value]
    texts = [str(part) for part in parts if isinstance(part, str | int) and not isinstance(part, bool)]
    return tuple(line for text in texts for line in map(normalise, text.split("\n")) if line)
