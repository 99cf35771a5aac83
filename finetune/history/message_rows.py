"""Logs of one message a row, as CSV or as JSONL, our own or mapped by `ColumnMapping`. Knows no other format.

Our own has the fields ``conversation_id``, ``role`` (customer, agent, bot), ``text``, and optionally ``time`` (ISO
8601, or Unix seconds; without a zone it is UTC) and ``intent``. Rows of one conversation need not stand together.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.column_mapping import NEEDED, ColumnMapping
from finetune.history.fields import clean, identity, text_flaw, time_or_none
from finetune.history.grouping import counted, grouped
from finetune.history.json_objects import json_objects
from finetune.history.lines import csv_records, flaw
from finetune.history.report import ImportReport, Progress

_OWN = ColumnMapping()


class _Row(NamedTuple):
    conversation_id: str
    role: Role
    text: str
    time: object
    intent: object


def read_csv(
    path: Path, report: ImportReport, progress: Progress | None = None, mapping: ColumnMapping = _OWN
) -> Iterator[Dialogue]:
    """Read dialogues of a CSV with a header, one message a row.

    Raises:
        DataError: the file is missing, empty, or lacks a required column.
    """
    records = csv_records(
        path,
        report,
        required=mapping.needed,
        progress=progress,
        delimiter=mapping.delimiter,
        encoding=mapping.encoding,
    )
    return _dialogues(records, report, mapping)


def read_jsonl(
    path: Path, report: ImportReport, progress: Progress | None = None, mapping: ColumnMapping = _OWN
) -> Iterator[Dialogue]:
    """Read dialogues of a JSONL file, one message a line, or of a JSON file, one message an object.

    Raises:
        DataError: the file is missing or empty.
    """
    records = ((record.number, record.value) for record in json_objects(path, report, progress))
    return _dialogues(records, report, mapping)


def _dialogues(
    records: Iterator[tuple[int, dict[str, Any]]], report: ImportReport, mapping: ColumnMapping
) -> Iterator[Dialogue]:
    return counted(grouped(_messages(records, report, mapping)), report)


def _messages(
    records: Iterator[tuple[int, dict[str, Any]]], report: ImportReport, mapping: ColumnMapping
) -> Iterator[tuple[str, DialogueMessage]]:
    for line, record in records:
        row = _row(record, mapping)
        if isinstance(row, _Row):
            yield row.conversation_id, _message(row, report, line, mapping)
        else:
            report.skip(row, line)


def _row(record: dict[str, Any], mapping: ColumnMapping) -> _Row | str:
    """The fields of a record, or why it cannot be used."""
    values = {name: _value(record, column) for name, column in mapping.columns.items()}
    conversation_id, role, text = (values[name] for name in NEEDED)
    if not isinstance(conversation_id, str | int) or not str(conversation_id).strip():
        return "no conversation_id"
    key = _role_key(role)
    if key not in mapping.roles:
        return f"role is none of {', '.join(mapping.roles)}"
    meaning = mapping.roles[key]
    if meaning is None:
        return "role that the mapping leaves out"
    reason = text_flaw(text) or flaw(str(conversation_id)) or flaw(str(values.get("intent") or ""))
    if reason is not None:
        return reason
    return _Row(str(conversation_id).strip(), meaning, str(text), values.get("time"), values.get("intent"))


def _value(record: dict[str, Any], column: str) -> object:
    """The column's value: by its name, by its name in lower case (headers of CSV are), or by a path into JSON."""
    for name in (column, column.strip().casefold()):
        if name in record:
            return record[name]
    value: object = record
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _role_key(value: object) -> str:
    """The role as a text; true, false and numbers are roles in some logs."""
    if isinstance(value, bool):
        return str(value).casefold()
    return value.strip().casefold() if isinstance(value, str) else identity(value) or ""


def _message(row: _Row, report: ImportReport, line: int, mapping: ColumnMapping) -> DialogueMessage:
    intent = row.intent
    if intent is not None and not isinstance(intent, str):
        report.mend("intent that is not a text left out", line)
        intent = None
    # The message itself is sound, and leaving it out would put an answer behind the wrong question.
    sent = time_or_none(row.time, lambda: report.mend("unreadable time left out", line), mapping.times)
    return DialogueMessage(row.role, clean(row.text), sent, intent.strip() or None if intent else None)
