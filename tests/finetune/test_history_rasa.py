"""Rasa's training examples and tracker stores, on hand-written samples, sound and broken."""

import csv
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.values import Role
from finetune.dialogues import Dialogue
from finetune.errors import DataError
from finetune.history.rasa_events import read_rasa
from finetune.history.rasa_nlu import read_rasa_nlu
from finetune.history.report import ImportReport

NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hey [Sara](name)
    - good morning
    no dash here
- synonym: credit
  examples: |
    - credit card account
- regex: number
  examples: |
    - \\d+
- intent: faq/ask_hours
  examples:
  - text: |
      when does the [shop]{"entity": "place", "value": "store"} open
    metadata:
      sentiment: neutral
  - text: [a, list]
  - metadata: {}
- intent: pay
  examples: |
    - from [savings][{"entity": "account"}, {"entity": "source"}] to [12](amount:12.0)
    -
- intent: nothing
stories: []
"""
EVENTS: list[dict[str, Any]] = [
    {"event": "action", "name": "action_session_start", "timestamp": 1700000000.0},
    {"event": "session_started", "timestamp": 1700000000.0},
    {"event": "user", "text": "/greet", "timestamp": 1700000001.0, "parse_data": {"intent": {"name": "greet"}}},
    {"event": "user", "text": "where is it", "timestamp": 1700000002.5, "parse_data": {"intent": {"name": "track"}}},
    {"event": "slot", "name": "x", "value": 1, "timestamp": 1700000003.0},
    {"event": "bot", "text": "On its way.", "timestamp": 1700000004.0, "data": {"buttons": None}},
    {"event": "bot", "text": None, "data": {"attachment": "map.png"}, "timestamp": 1700000004.0},
    {"event": "user", "text": "gibberish", "timestamp": "soon", "parse_data": {"intent": {"name": "nlu_fallback"}}},
    {"event": "agent", "text": "Jo here.", "timestamp": 1700000006.0},
    {"event": "session_started", "timestamp": 1700100000.0},
    {"event": "user", "text": "again", "timestamp": 1700100001.0, "parse_data": None},
]


def _said(dialogue: Dialogue) -> list[tuple[str, str, str | None]]:
    return [(message.role.value, message.text, message.intent) for message in dialogue.messages]


def test_nlu_gives_the_words_of_each_example_with_its_intent(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text("\ufeff" + NLU, encoding="utf-8")
    report = ImportReport()
    assert [(example.text, example.intent) for example in read_rasa_nlu(path, report)] == [
        ("hey Sara", "greet"),
        ("good morning", "greet"),
        ("when does the shop open", "faq/ask_hours"),
        ("from savings to 12", "pay"),
    ]
    assert report.skipped["line of examples without a dash"].lines == [7]
    assert report.skipped["empty text"].lines == [20, 21, 25]
    assert report.skipped["intent without examples"].lines == [26]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("stories:\n- story: x\n", "no list `nlu`"),
        ("- a\n", "no list `nlu`"),
        ("nlu: [\n", "not YAML"),
        ("nlu: " + "[" * 100_000, "nested deeper"),
        ("\x00\x01", "not YAML"),
        ("# nothing\n", "no list `nlu`"),
    ],
)
def test_nlu_that_cannot_be_read_is_a_one_line_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_rasa_nlu(path, ImportReport()))
    assert "\n" not in str(caught.value)


def test_nlu_runs_no_code_that_yaml_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(f"nlu: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n")
    assert list(read_rasa_nlu(path, ImportReport())) == []
    assert not (tmp_path / "made").exists()


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "sender_id": "s1",
            "type_name": event["event"],
            "timestamp": event["timestamp"] if isinstance(event["timestamp"], float) else None,
            "intent_name": ((event.get("parse_data") or {}).get("intent") or {}).get("name"),
            "action_name": None,
            "data": json.dumps(event),
        }
        for number, event in enumerate(EVENTS, start=1)
    ]


def _tracker(path: Path) -> None:
    path.write_text(json.dumps({"sender_id": "s1", "slots": {}, "events": EVENTS}, indent=1))


def _broker_lines(path: Path) -> None:
    path.write_text("".join(json.dumps({"sender_id": "s1", **event}) + "\n" for event in EVENTS))


def _broker_list(path: Path) -> None:
    path.write_text(json.dumps([{"sender_id": "s1", **event} for event in EVENTS]))


def _table_json(path: Path) -> None:
    path.write_text(json.dumps(_rows()))


def _table_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(_rows()[0]))
        writer.writeheader()
        writer.writerows(_rows())


def _table_copy(path: Path) -> None:
    columns = list(_rows()[0])
    lines = [f"COPY public.events ({', '.join(columns)}) FROM stdin;"]
    for row in _rows():
        values = ("\\N" if value is None else str(value).replace("\\", "\\\\") for value in row.values())
        lines.append("\t".join(values))
    path.write_text("-- PostgreSQL database dump\nSET x = 1;\n" + "\n".join(lines) + "\n\\.\nSELECT 1;\n")


def _table_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id, type_name, timestamp, intent_name, action_name,"
            " data)"
        )
        database.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?)", [tuple(row.values()) for row in _rows()])
    database.close()


@pytest.mark.parametrize(
    "write", [_tracker, _broker_lines, _broker_list, _table_json, _table_csv, _table_copy, _table_sqlite]
)
def test_each_form_of_a_tracker_store_gives_the_same_dialogues(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "store"
    write(path)
    report = ImportReport()
    first, second = read_rasa(path, report)
    assert (first.conversation_id, second.conversation_id) == ("s1", "s1/2")
    assert _said(first) == [
        ("customer", "where is it", "track"),
        ("bot", "On its way.", None),
        ("customer", "gibberish", None),
        ("agent", "Jo here.", None),
    ]
    assert _said(second) == [("customer", "again", None)]
    assert first.messages[0].sent_utc == datetime.fromtimestamp(1700000002.5, UTC)
    assert report.skipped["button press (/intent), nobody's words"].count == 1
    assert report.skipped["bot event without text (a picture, a form)"].count == 1


def test_broken_events_are_reported_and_never_stop(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    rows: list[Any] = [
        {"sender_id": "a", "event": "user", "text": "hi"},
        {"event": "user", "text": "whose"},
        {"sender_id": "a", "event": ["user"]},
        {"sender_id": None, "events": []},
        {"sender_id": "a", "events": [None, {"event": {}}, {"event": "user", "text": 5}]},
        {"sender_id": "a", "type_name": "user", "data": "{cut"},
        {"sender_id": "a", "type_name": "user", "data": 7},
        {"sender_id": 9, "event": "user", "text": "bye", "timestamp": 1e400, "parse_data": {"intent": "x"}},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    report = ImportReport()
    dialogues = list(read_rasa(path, report))
    assert [(dialogue.conversation_id, _said(dialogue)) for dialogue in dialogues] == [
        ("a", [("customer", "hi", None)]),
        ("9", [("customer", "bye", None)]),
    ]
    assert report.skipped["neither an event with sender_id nor a tracker"].lines == [2, 3]
    assert report.skipped["no sender_id"].lines == [4]
    assert report.skipped["column data is broken JSON"].lines == [6]
    assert report.mended["event that is not an object left out"].lines == [5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"-- dump\nINSERT INTO events VALUES (1);\n", "without `COPY events"),
        (b"a,b\n1,2\n", "no column sender_id"),
        (b"SQLite format 3\0" + b"\0" * 50, "no readable table events"),
    ],
)
def test_stores_that_cannot_be_read_are_one_line_errors(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "store"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_rasa(path, ImportReport()))
    assert "\n" not in str(caught.value)


def test_bots_are_bots_so_that_no_reply_is_learnt_from_them(tmp_path: Path) -> None:
    path = tmp_path / "store"
    _tracker(path)
    roles = {message.role for dialogue in read_rasa(path, ImportReport()) for message in dialogue.messages}
    assert roles == {Role.CUSTOMER, Role.BOT, Role.AGENT}
