"""Our own log format: one message a row, as CSV or as JSONL. Knows no other format.

Fields ``conversation_id``, ``role`` (customer, agent, bot), ``text``, and optionally ``time`` (ISO 8601, or Unix
seconds; without a zone it is UTC) and ``intent``. Rows of one conversation need not stand together.
"""

import math
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.grouping import grouped
from finetune.history.json_lines import json_records
from finetune.history.lines import csv_records, flaw
from finetune.history.report import ImportReport, Progress

_REQUIRED = ("conversation_id", "role", "text")


def read_csv(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read dialogues of a CSV with a header, one message a row.

    Raises:
        DataError: the file is missing, empty, or lacks a required column.
    """
    records = csv_records(path, report, required=_REQUIRED, progress=progress)
    return _dialogues(records, report)


def read_jsonl(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read dialogues of a JSONL file, one message a line.

    Raises:
        DataError: the file is missing or empty.
    """
    return _dialogues(json_records(path, report, progress), report)


def _dialogues(records: Iterator[tuple[int, dict[str, Any]]], report: ImportReport) -> Iterator[Dialogue]:
    for dialogue in grouped(_messages(records, report)):
        report.dialogues += 1
        report.messages += len(dialogue.messages)
        yield dialogue


def _messages(
    records: Iterator[tuple[int, dict[str, Any]]], report: ImportReport
) -> Iterator[tuple[str, DialogueMessage]]:
    for line, row in records:
        reason = _row_flaw(row)
        if reason is not None:
            report.skip(reason, line)
            continue
        yield str(row["conversation_id"]).strip(), _message(row, report, line)


def _row_flaw(row: dict[str, Any]) -> str | None:
    conversation_id, role, text = (row.get(name) for name in _REQUIRED)
    if not isinstance(conversation_id, str | int) or not str(conversation_id).strip():
        return "no conversation_id"
    if not isinstance(role, str) or role.strip().casefold() not in list(Role):
        return "role is none of customer, agent, bot"
    if not isinstance(text, str) or not text.strip():
        return "empty text"
    values = (str(conversation_id), text, str(row.get("intent") or ""))
    return next((reason for reason in map(flaw, values) if reason), None)


def _message(row: dict[str, Any], report: ImportReport, line: int) -> DialogueMessage:
    intent = row.get("intent")
    if intent is not None and not isinstance(intent, str):
        report.mend("intent that is not a text left out", line)
        intent = None
    try:
        sent_utc = _utc(row.get("time"))
    except (ValueError, OverflowError, OSError):
        # The message itself is sound, and leaving it out would put an answer behind the wrong question.
        report.mend("unreadable time left out", line)
        sent_utc = None
    return DialogueMessage(
        role=Role(row["role"].strip().casefold()),
        text=unicodedata.normalize("NFC", row["text"]).strip(),
        sent_utc=sent_utc,
        intent=intent.strip() or None if intent else None,
    )


def _utc(value: object) -> datetime | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    seconds = _number(value)
    if seconds is not None:
        return datetime.fromtimestamp(seconds, UTC)
    if not isinstance(value, str):
        raise ValueError("neither a text nor a number")
    moment = datetime.fromisoformat(value.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(value: object) -> float | None:
    """Unix seconds, or None; eight digits are a date (20240131) rather than seconds of 1970."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value.strip()) < 9:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
