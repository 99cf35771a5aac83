"""Passages as rows of a JSONL file, their ids, and the text that stands for one in an index.

Knows nothing of document formats, vectors or indexes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.text import normalise
from retrieval.values import Passage


def passage_id(source: str, text: str, occurrence: int = 0) -> str:
    """Names a passage by what it says and where: 20 hex digits of a SHA-256.

    Args:
        source: the document it belongs to.
        text: the passage's own text.
        occurrence: how often the same text came before in the same document.
    """
    parts = [source, text] if occurrence == 0 else [source, text, str(occurrence)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]


def indexed_text(passage: Passage) -> str:
    """Gives the text that keyword search indexes and the encoder reads: the title, then the passage."""
    if not passage.title or passage.text.startswith(passage.title):
        return passage.text
    return f"{passage.title}\n{passage.text}"


def unique_passages(passages: Iterable[Passage]) -> list[Passage]:
    """Gives passages in normal form, and the first of those that are equal under one id.

    Raises:
        DocumentError: one id names two different texts, or a text is empty.
    """
    kept: dict[str, Passage] = {}
    for passage in map(_normalised, passages):
        if not passage.text:
            raise DocumentError(f"passage_id {passage.passage_id!r} has no text; remove it")
        first = kept.setdefault(passage.passage_id, passage)
        if first.text != passage.text:
            raise DocumentError(
                f"passage_id {passage.passage_id!r} names two different texts; give each passage an id of its own"
            )
    return list(kept.values())


def write_passages(path: Path, passages: Iterable[Passage]) -> int:
    """Writes one JSON object a line in UTF-8 and gives their number; an existing file is replaced."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for passage in passages:
            file.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
            count += 1
    return count


def load_passages(path: Path) -> list[Passage]:
    """Reads a passages file; a row needs only ``passage_id`` and ``text``, blank lines are left out.

    Raises:
        DocumentError: the file is missing or not UTF-8, a row is no such object, or one id names two texts.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__}); check the path") from error
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    try:
        return unique_passages(rows)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from error


def _row(path: Path, number: int, line: str) -> Passage:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path}, line {number}: not a JSON object; write one passage a line") from error
    name, text = (_text(row, "passage_id"), _text(row, "text")) if isinstance(row, dict) else ("", "")
    if not name or not normalise(text):
        raise DocumentError(f"{path}, line {number}: needs passage_id and text, both texts that are not empty")
    position = row.get("position", 0)
    if not isinstance(position, int) or isinstance(position, bool) or position < 0:
        raise DocumentError(f"{path}, line {number}: position must be a whole number from 0 on")
    return Passage(
        passage_id=name,
        document_id=_text(row, "document_id") or name,
        title=_text(row, "title"),
        text=text,
        source_uri=_text(row, "source_uri"),
        position=position,
    )


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _normalised(passage: Passage) -> Passage:
    return replace(passage, title=normalise(passage.title), text=_lines(passage.text))


def _lines(text: str) -> str:
    return "\n".join(line for line in map(normalise, text.splitlines()) if line)
