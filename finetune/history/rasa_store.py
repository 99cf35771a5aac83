"""Events of a Rasa tracker store, wherever they were kept. Knows nothing of what an event means.

- JSON or JSONL of trackers (``sender_id``, ``events``), as the HTTP API gives them:
  https://rasa.com/docs/reference/api/pro/http-api/tracker/add-a-message-to-a-tracker/
- JSON or JSONL of events with ``sender_id``, as event brokers and so ``rasa export`` give them:
  https://rasa.com/docs/rasa/2.x/event-brokers
- rows of the SQL tracker store's table ``events`` (``sender_id``, ``type_name``, ``timestamp``, ``intent_name``,
  ``data``: the event as JSON) as CSV, JSON, SQLite file or ``pg_dump``; the table is defined in
  https://github.com/RasaHQ/rasa/blob/790d89d3470ba6d758300975b1d5a68ac74219d2/rasa/core/tracker_store.py
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from finetune.errors import DataError
from finetune.history.fields import identity, mapping
from finetune.history.json_objects import json_objects
from finetune.history.lines import csv_records, head_of, numbered_lines
from finetune.history.report import ImportReport, Progress

TABLE_COLUMNS = ("sender_id", "type_name", "data")
SQLITE_MARK = b"SQLite format 3\0"
COPY = re.compile(r"COPY (?:\S+\.)?\"?events\"? \((?P<columns>[^)]*)\) FROM stdin;")
_SQL_STARTS = (b"--", b"COPY ", b"SET ", b"BEGIN", b"PRAGMA", b"CREATE ", b"INSERT ", b"/*")
_COPY_ESCAPE = re.compile(r"\\(.)")
_COPY_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_HEAD_BYTES = 4096


class StoredEvent(NamedTuple):
    """One event with its conversation.

    Attributes:
        number: line or record of the file.
        sender_id: the conversation.
        event: the event as Rasa serialises it, ``event`` being its type name.
    """

    number: int
    sender_id: str
    event: dict[str, Any]


def stored_events(path: Path, report: ImportReport, progress: Progress | None) -> Iterator[StoredEvent]:
    """Each event in the order of the file.

    Raises:
        DataError: the file is missing, empty, damaged, or SQL without the rows of the table ``events``.
    """
    head = head_of(path, _HEAD_BYTES)
    if head.startswith(SQLITE_MARK):
        rows = _sqlite_rows(path, report)
    elif head.lstrip().startswith((b"{", b"[")):
        yield from _json_events(path, report, progress)
        return
    elif head.lstrip().startswith(_SQL_STARTS):
        rows = _copied_rows(path, report, progress)
    else:
        rows = csv_records(path, report, required=TABLE_COLUMNS, progress=progress)
    for number, row in rows:
        yield from _row_event(number, row, report)


def _json_events(path: Path, report: ImportReport, progress: Progress | None) -> Iterator[StoredEvent]:
    for number, _, value in ((r.number, r.name, r.value) for r in json_objects(path, report, progress)):
        if "type_name" in value and "data" in value:
            yield from _row_event(number, value, report)
        elif isinstance(value.get("events"), list):
            sender = identity(value.get("sender_id"))
            if sender is None:
                report.skip("no sender_id", number)
                continue
            for event in value["events"]:
                if isinstance(event, dict):
                    yield StoredEvent(number, sender, event)
                else:
                    report.mend("event that is not an object left out", number)
        else:
            sender = identity(value.get("sender_id"))
            if sender is None or not isinstance(value.get("event"), str):
                report.skip("neither an event with sender_id nor a tracker", number)
            else:
                yield StoredEvent(number, sender, value)


def _row_event(number: int, row: dict[str, Any], report: ImportReport) -> Iterator[StoredEvent]:
    sender = identity(row.get("sender_id"))
    data = row["data"]
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            report.skip("column data is broken JSON", number)
            return
    if sender is None or not isinstance(data, dict):
        report.skip("no sender_id, or column data is not an object", number)
        return
    intent = {"intent": {"name": row.get("intent_name")}} if row.get("intent_name") else {}
    yield StoredEvent(
        number,
        sender,
        {
            **data,
            "event": data.get("event") or row.get("type_name"),
            "timestamp": data.get("timestamp") or row.get("timestamp"),
            "parse_data": mapping(data.get("parse_data")) or intent,
        },
    )


def _sqlite_rows(path: Path, report: ImportReport) -> Iterator[tuple[int, dict[str, Any]]]:
    report.unit = "record"
    query = "SELECT sender_id, type_name, timestamp, intent_name, data FROM events ORDER BY id"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.text_factory = lambda stored: stored.decode("utf-8", errors="surrogateescape")
            for number, row in enumerate(database.execute(query), start=1):
                report.rows += 1
                yield number, dict(row)
    except sqlite3.Error as error:
        raise DataError(f"{path}: no readable table events of a Rasa tracker store ({error}); copy it again") from error


def _copied_rows(path: Path, report: ImportReport, progress: Progress | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows between ``COPY ... FROM stdin;`` and a line of a backslash and a full stop.

    The text format of COPY: https://www.postgresql.org/docs/current/sql-copy.html
    """
    columns: list[str] | None = None
    found = False
    for number, line in numbered_lines(path, report, progress):
        if columns is None:
            start = COPY.match(line)
            if start:
                columns, found = [name.strip(' "') for name in start["columns"].split(",")], True
        elif line.rstrip("\r\n") == "\\.":
            columns = None
        else:
            values = [_copied_value(value) for value in line.rstrip("\r\n").split("\t")]
            if len(values) == len(columns) and set(TABLE_COLUMNS) <= set(columns):
                report.rows += 1
                yield number, dict(zip(columns, values, strict=True))
            else:
                report.skip("wrong number of columns", number)
    if not found:
        raise DataError(
            f"{path}: SQL without `COPY events (...) FROM stdin`; dump the table with pg_dump as it is, or as CSV"
        )


def _copied_value(value: str) -> str | None:
    if value == "\\N":
        return None
    return _COPY_ESCAPE.sub(lambda found: _COPY_CHARACTERS.get(found[1], found[1]), value)
