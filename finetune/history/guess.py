"""Guesses the format of a log from its content, whatever its name. Knows each format by a few fields only.

A guess that could be two formats is refused: a wrong one would read nonsense without a word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from finetune.errors import DataError
from finetune.history.column_guess import Proposal, propose
from finetune.history.column_mapping import NEEDED
from finetune.history.fields import mapping, objects
from finetune.history.json_objects import PAGE, JsonRecord, json_objects
from finetune.history.lines import csv_records, head_of
from finetune.history.openai_chat import ROLES
from finetune.history.rasa_store import COPY, SQLITE_MARK, TABLE_COLUMNS
from finetune.history.report import ImportReport

NLU = "rasa-nlu"
"""The one format that holds labelled examples instead of dialogues."""

_SAMPLE = 300
_HEAD_BYTES = 2**20
_ZENDESK_LISTS = frozenset(("tickets", "ticket_events", "audits"))
_LISTS = _ZENDESK_LISTS | {"payload", "users"}
_NLU_LIST = re.compile(rb"^nlu:[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_COPY = re.compile(COPY.pattern.encode())
_DELIMITERS = (",", ";", "\t", "|")
_AIRLINES = frozenset(("first_tweet_id", "tag", "first_utterance", "context"))
_NO_LOG = {
    b"PK\x03\x04": "a ZIP or Excel file; unpack it, or save the sheet as CSV",
    b"%PDF": "a PDF file; export the log as CSV or JSON",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it",
    b"BZh": "a bzip2 file; unpack it",
}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a log seems to be.

    Attributes:
        format: name for ``--format``.
        because: what in the file says so.
        proposal: proposed meaning of its columns, where its format does not say it.
    """

    format: str
    because: str
    proposal: Proposal | None = None


def guess_format(path: Path) -> Guess:
    """The format of a log, by its first bytes and records.

    Raises:
        DataError: the file is missing, empty or damaged; it is no log; it could be several formats; or no column is
            clearly the conversation, the role or the text.
    """
    head = head_of(path, _HEAD_BYTES)
    no_log = next((what for mark, what in _NO_LOG.items() if head.startswith(mark)), None)
    if no_log is not None:
        raise DataError(f"{path}: this is {no_log}")
    if head.startswith(SQLITE_MARK):
        return Guess("rasa", "a SQLite file, as Rasa's SQL tracker store writes")
    if _COPY.search(head):
        return Guess("rasa", "a dump with the table events")
    if _NLU_LIST.search(head) and b"intent:" in head:
        return Guess(NLU, "YAML with a list nlu of intents")
    try:
        return _json_guess(path) if head.lstrip().startswith((b"{", b"[")) else _csv_guess(path, head)
    except DataError as error:
        raise DataError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error


def _json_guess(path: Path) -> Guess:
    found_records = islice(json_objects(path, ImportReport(), lists=_LISTS), _SAMPLE)
    records = [record for record in found_records if record.name != PAGE or "ticket" in record.value]
    found = Counter(name for record in records for name in _signatures(record))
    if not found:
        return _json_columns([record.value for record in records])
    if len(found) > 1:
        told = ", ".join(f"{name} ({count} of {len(records)} objects)" for name, count in found.most_common())
        raise DataError(f"this could be {told}; say which with --format")
    [(name, count)] = found.items()
    if name == "dialogues":
        raise DataError("these are dialogues that `frontdesk history import` wrote; use the file as it is")
    return Guess(name, f"{count} of the first {len(records)} objects have its fields")


def _signatures(record: JsonRecord) -> Iterator[str]:
    value = record.value
    messages = objects(value.get("messages"))
    if "DialogueID" in value and "Events" in value:
        yield "star"
    if {"conversation_id", "messages"} <= value.keys() and any("text" in message for message in messages):
        yield "dialogues"
    elif messages and all(message.get("role") in ROLES for message in messages):
        yield "openai"
    if {"message_type", "content"} <= value.keys() or any("message_type" in message for message in messages):
        yield "chatwoot"
    if set(NEEDED) <= value.keys():
        yield "jsonl"
    if _is_zendesk(record, value):
        yield "zendesk"
    if "sender_id" in value and (isinstance(value.get("events"), list) or _is_event(value)):
        yield "rasa"


def _is_event(value: dict[str, Any]) -> bool:
    event = isinstance(value.get("event"), str) and "message_type" not in value  # a webhook of Chatwoot has one
    return event or set(TABLE_COLUMNS) <= value.keys()


def _is_zendesk(record: JsonRecord, value: dict[str, Any]) -> bool:
    if record.name in _ZENDESK_LISTS:
        return True
    ticket = mapping(value.get("ticket")) or value
    return isinstance(value.get("child_events"), list) or (
        "id" in ticket
        and (isinstance(ticket.get("comments"), list) or {"requester_id", "description"} <= ticket.keys())
    )


def _json_columns(values: list[dict[str, Any]]) -> Guess:
    rows = [_flat(value) for value in values]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise DataError("no object in it could be read; is this a log?")
    return Guess("jsonl", "JSON of no known format, with columns", propose(names, rows))


def _flat(value: dict[str, Any]) -> dict[str, object]:
    """Fields that are texts or numbers, those of inner objects by their path."""
    flat: dict[str, object] = {}
    for name, inner in value.items():
        parts = {f"{name}.{key}": item for key, item in inner.items()} if isinstance(inner, dict) else {name: inner}
        flat.update({key: item for key, item in parts.items() if isinstance(item, str | int | float)})
    return flat


def _csv_guess(path: Path, head: bytes) -> Guess:
    if b"\0" in head[:4096]:
        raise DataError("this is no text file; export the log as CSV or JSON")
    encoding = _encoding(head)
    samples = {delimiter: _sample(path, delimiter, encoding) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda one: len(samples[one]) * (len(samples[one][0]) - 1) if samples[one] else -1)
    rows = samples[delimiter]
    if not rows or len(rows[0]) < 2:
        raise DataError("neither JSON, YAML nor a table with a header; is this a log?")
    names = rows[0].keys()
    if names >= _AIRLINES:
        return Guess("airlines", "its columns")
    if set(TABLE_COLUMNS) <= names and delimiter == ",":
        return Guess("rasa", "columns of the table events of a tracker store")
    if set(NEEDED) <= names and delimiter == "," and encoding == "utf-8":
        return Guess("csv", "columns conversation_id, role and text")
    proposal = propose(list(names), rows, delimiter, encoding)
    if encoding != "utf-8":
        proposal = replace(proposal, notes=("the file is not UTF-8; make sure of encoding", *proposal.notes))
    return Guess("csv", "a table with a header", proposal)


def _encoding(head: bytes) -> str:
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _sample(path: Path, delimiter: str, encoding: str) -> list[dict[str, str]]:
    records = csv_records(path, ImportReport(), delimiter=delimiter, encoding=encoding)
    return [row for _, row in islice(records, _SAMPLE)]
