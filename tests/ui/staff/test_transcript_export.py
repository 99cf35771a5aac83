"""Export: exactly the filter, harmless cells, and a page of conversations in memory at a time."""

import csv
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.storage.records import Feedback, LoggedDecision, LoggedMessage
from bot.storage.transcript_records import Thumb, Transcript, TranscriptFilter, TranscriptSummary
from bot.values import Action, Decision, IntentScore, Message, Owner, Role, Versions
from ui.staff.export import COLUMNS, csv_lines, harmless, jsonl_lines
from ui.staff.transcript_query import FilterError, asked_of, filter_from, query_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FORMULAS = (
    '=cmd|"/c calc"!A1', "+1+2", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", '=HYPERLINK("http://x","y")',
)  # fmt: skip


def transcript(*texts: str, label: str = "vip") -> Transcript:
    summary = TranscriptSummary("c1", NOON, "web", Owner.BOT, len(texts), 4, labels=(label,))
    messages = tuple(
        LoggedMessage(place, Message(Role.BOT if place % 2 == 0 else Role.CUSTOMER, text, NOON))
        for place, text in enumerate(texts, 1)
    )
    decisions = {message.sequence: decision(message) for message in messages if message.message.role is Role.BOT}
    return Transcript(summary, messages, decisions)


def decision(message: LoggedMessage) -> LoggedDecision:
    taken = Decision(Action.ANSWER, "reply_confident", math.nan)
    return LoggedDecision(
        "c1", message.sequence, 1, message.message.text, NOON, taken, (), (), Versions("b1", "k1", None),
        (IntentScore("returns", 0.9),), 0.1, None, None, (), (), 12.0, Feedback(False, "=bad()", NOON),
    )  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_csv_begins_a_formula(formula: str) -> None:
    lines = "".join(csv_lines([transcript(formula, formula, label=formula)]))
    rows = list(csv.DictReader(io.StringIO(lines.removeprefix("\ufeff"), newline="")))
    assert [row["text"] for row in rows] == [f"'{formula}"] * 2
    assert rows[1]["feedback_comment"] == "'=bad()"
    cells = [cell for row in rows for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")) for cell in cells)


def test_harmless_cells_stay_as_they_are() -> None:
    for cell in ("", "Where is it?", "a=b", "1+1", "'=1", "快递", "5 - 3"):
        assert harmless(cell) == cell


def test_csv_says_what_was_said_and_thought() -> None:
    lines = "".join(csv_lines([transcript('He said "no",\nthen left', "Réponse 快递")]))
    assert lines.startswith("\ufeffconversation_id,")
    asked, answered = csv.DictReader(io.StringIO(lines[1:], newline=""))
    assert tuple(asked) == COLUMNS
    assert (asked["text"], asked["intent"], asked["role"]) == ('He said "no",\nthen left', "", "customer")
    assert (answered["text"], answered["intent"], answered["action"]) == ("Réponse 快递", "returns", "answer")
    assert (answered["confidence"], answered["feedback"], answered["bundle_version"]) == ("", "down", "b1")


def test_jsonl_is_one_object_a_conversation_without_nan() -> None:
    (line,) = jsonl_lines([transcript("=1", "line\nbreak")])
    whole = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (whole["conversation_id"], whole["labels"], whole["rating"]) == ("c1", ["vip"], 4)
    assert [message["text"] for message in whole["messages"]] == ["=1", "line\nbreak"]
    assert whole["messages"][1]["ranking"] == [["returns", 0.9]]


def test_writers_take_one_conversation_after_the_other() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Transcript]:
        while True:
            taken.append(1)
            yield transcript("a", "b")

    lines = csv_lines(endless())
    for _ in range(5):
        next(lines)
    assert len(taken) == 2
    next(jsonl_lines(endless()))
    assert len(taken) == 3


FILTERS = [
    TranscriptFilter(),
    TranscriptFilter(
        NOON, NOON + timedelta(days=1), "it's \"odd\" & 快递", Action.CLARIFY, 0.25, 1.0, Thumb.DOWN, "a=b&c", "b1",
        "web", Owner.QUEUE, 'late "parcel" +%', ("anger", "negative"),
    ),
    TranscriptFilter(confidence_from=0.0),
]  # fmt: skip


@pytest.mark.parametrize("wanted", FILTERS)
def test_filter_survives_the_address(wanted: TranscriptFilter) -> None:
    assert filter_from(dict(parse_qsl(query_of(wanted)))) == wanted


def test_audit_says_what_was_asked_but_no_words() -> None:
    asked = asked_of(FILTERS[1])
    assert (asked["text"], asked["label"]) == ("(words)", "a=b&c")
    assert "parcel" not in json.dumps(asked)


@pytest.mark.parametrize(
    "fields",
    [{"from": "yesterday"}, {"until": "2026-99-99"}, {"confidence_from": "much"}, {"confidence_to": 1.5},
     {"confidence_from": "nan"}, {"action": "sing"}, {"feedback": "sideways"}, {"owner": "me"}, {"text": "a\0"},
     {"label": "\ud800"}],
)  # fmt: skip
def test_filter_that_cannot_be_read_is_said_in_words(fields: dict[str, Any]) -> None:
    with pytest.raises(FilterError) as raised:
        filter_from(fields)
    assert "\n" not in str(raised.value)


def test_blank_fields_and_local_times_are_understood() -> None:
    assert filter_from({"text": "  ", "intent": "", "from": None, "other": "x"}) == TranscriptFilter()
    assert filter_from({"from": "2026-11-23 13:00:00+01:00"}).from_utc == NOON
    assert filter_from({"from": "2026-11-23 12:00:00"}).from_utc == NOON
