"""The four log formats, on hand-written logs, sound and broken."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.errors import DataError
from finetune.history import lines
from finetune.history.airlines import read_airlines
from finetune.history.dialogue_file import read_dialogues, write_dialogues
from finetune.history.formats import reader_of
from finetune.history.grouping import grouped
from finetune.history.message_rows import read_csv, read_jsonl
from finetune.history.report import EXAMPLES_A_REASON, ImportReport
from finetune.history.star import read_star

AIRLINES_HEAD = "first_tweet_id,tag,first_utterance,context\n"


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_airlines_reads_speakers_and_labels_the_first_customer_message(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "log.csv",
        AIRLINES_HEAD + "7,DELAY,<cust__  __company__  why so late ? __cust>,"
        '"<rep__  __cust__  Sorry, weather. *ABC __rep> <cust__ Dear  __company__ , thanks __cust>"\n'
        "8,UNK,<cust__ hello __cust>,\n",
    )
    report = ImportReport()
    first, second = read_airlines(path, report)
    assert [(m.role, m.text, m.intent) for m in first.messages] == [
        (Role.CUSTOMER, "why so late?", "DELAY"),
        (Role.AGENT, "Sorry, weather. *ABC", None),
        (Role.CUSTOMER, "Dear, thanks", None),
    ]
    assert (second.conversation_id, second.messages[0].intent) == ("8", None)
    assert (report.dialogues, report.messages, report.skipped_rows) == (2, 4, 0)


def test_airlines_branches_of_one_thread_keep_one_id(tmp_path: Path) -> None:
    row = "7,UNK,<cust__ a __cust>,<rep__ b __rep>\n"
    assert [
        d.conversation_id for d in read_airlines(_file(tmp_path, "l.csv", AIRLINES_HEAD + row * 2), ImportReport())
    ] == [
        "7",
        "7",
    ]


def test_airlines_reports_rows_without_messages_and_goes_on(tmp_path: Path) -> None:
    path = _file(tmp_path, "l.csv", AIRLINES_HEAD + "1,UNK,nothing,here\n,UNK,,\n3,UNK,<cust__ a __cust>,\n")
    report = ImportReport()
    assert [d.conversation_id for d in read_airlines(path, report)] == ["3"]
    assert {reason: found.lines for reason, found in report.skipped.items()} == {
        "no message between markers": [2],
        "no first_tweet_id": [3],
    }


def test_star_reads_only_what_the_two_said(tmp_path: Path) -> None:
    events = [
        {"Agent": "UserGuide", "Action": "instruct", "Text": "act", "UnixTime": 1},
        {"Agent": "User", "Action": "utter", "Text": " Hi there ", "UnixTime": 1589375697},
        {"Agent": "Wizard", "Action": "request_suggestions", "Text": "draft"},
        {
            "Agent": "Wizard",
            "Action": "pick_suggestion",
            "Text": "Your name?",
            "ActionLabel": "ask_name",
            "UnixTime": 2,
        },
        {"Agent": "Wizard", "Action": "utter", "Text": "?", "ActionLabel": ""},
        {"Agent": "User", "Action": "complete"},
        "odd",
    ]
    rows = [{"DialogueID": 4, "Events": events}, {"DialogueID": 5, "Events": []}, {"Events": events}]
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    report = ImportReport()
    (dialogue,) = read_star(path, report)
    assert dialogue.conversation_id == "4"
    assert dialogue.messages[0] == DialogueMessage(
        Role.CUSTOMER, "Hi there", datetime.fromtimestamp(1589375697, UTC), None
    )
    assert [(m.role, m.text, m.intent) for m in dialogue.messages[1:]] == [
        (Role.AGENT, "Your name?", "ask_name"),
        (Role.AGENT, "?", None),
    ]
    assert report.skipped["no message"].lines == [2]
    assert report.skipped["no DialogueID or no Events"].lines == [3]


def test_csv_gathers_a_conversation_from_rows_that_lie_apart(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "log.csv",
        "Conversation_ID,role,text,time,intent\n"
        "b,customer,where is it,2026-01-02T10:00:00Z,order_status\n"
        "a,customer,hello,,\n"
        "b,Agent,on its way,2026-01-02 10:05:00,\n"
        "b,customer,again,1767348180,\n",
    )
    b, a = read_csv(path, ImportReport())
    assert (b.conversation_id, a.conversation_id) == ("b", "a")
    assert [(m.text, m.intent) for m in b.messages] == [
        ("where is it", "order_status"),
        ("again", None),
        ("on its way", None),
    ]
    assert b.messages[1].sent_utc == datetime(2026, 1, 2, 10, 3, tzinfo=UTC)


def test_csv_keeps_the_order_of_the_file_when_a_time_is_missing(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "log.csv",
        "conversation_id,role,text,time\n1,customer,late,2026-01-02\n1,agent,early,2026-01-01\n1,customer,none,\n",
    )
    (dialogue,) = read_csv(path, ImportReport())
    assert [m.text for m in dialogue.messages] == ["late", "early", "none"]


def test_csv_bad_rows_are_reported_by_line_and_never_stop(tmp_path: Path) -> None:
    rows = [
        b"conversation_id,role,text,time",
        b"1,customer,good one,",
        b"1,customer,bad \xff bytes,",
        b"1,customer,nul \x00 here,",
        b"1,customer",
        b"1,robot,who am I,",
        b"1,customer,   ,",
        b",customer,no id,",
        b'1,customer,"never closed,',
        b"1,agent,still read,yesterday",
        b"1,customer," + b"x" * (lines.MAX_FIELD_CHARACTERS + 1) + b",",
        b'1,customer,"two\nlines",',
        b"2,customer,last,",
    ]
    report = ImportReport()
    dialogues = list(read_csv(_file(tmp_path, "log.csv", b"\n".join(rows) + b"\n"), report))
    assert [[m.text for m in d.messages] for d in dialogues] == [["good one", "still read", "two\nlines"], ["last"]]
    assert report.skipped["not UTF-8"].lines == [3]
    assert report.skipped["NUL character"].lines == [4]
    assert report.skipped["wrong number of columns"].lines == [5]
    assert report.skipped["role is none of customer, agent, bot"].lines == [6]
    assert report.skipped["empty text"].lines == [7]
    assert report.skipped["no conversation_id"].lines == [8]
    assert {line for reason, found in report.skipped.items() if "CSV" in reason for line in found.lines} == {9, 11}
    assert report.mended["unreadable time left out"].lines == [10]
    assert any(line.startswith("skipped 1: not UTF-8 (line 3)") for line in report.summary())


def test_jsonl_bad_rows_are_reported_by_line_and_never_stop(tmp_path: Path) -> None:
    good = {"conversation_id": 5, "role": "customer", "text": "hi", "intent": "greet", "time": 1767348180.5}
    rows = [
        json.dumps(good),
        "{broken",
        "[]",
        "",
        json.dumps({**good, "text": None}),
        '{"conversation_id": "5", "role": "agent", "text": "lone \\ud800"}',
        "[" * 100_000,
        json.dumps({**good, "intent": 3, "time": [], "role": "bot", "text": "yo"}),
        json.dumps({**good, "conversation_id": None}),
    ]
    report = ImportReport()
    (dialogue,) = read_jsonl(_file(tmp_path, "log.jsonl", "\n".join(rows)), report)
    assert (dialogue.conversation_id, [m.text for m in dialogue.messages]) == ("5", ["hi", "yo"])
    assert report.skipped["broken JSON"].lines == [2, 7]
    assert report.skipped["not a JSON object"].lines == [3]
    assert report.skipped["not UTF-8"].lines == [6]
    assert report.mended["intent that is not a text left out"].lines == [8]
    assert report.mended["unreadable time left out"].lines == [8]


def test_report_keeps_few_line_numbers_however_many_rows_are_bad() -> None:
    report = ImportReport()
    for line in range(1, 1001):
        report.skip("odd", line)
    assert report.skipped["odd"].lines == list(range(1, EXAMPLES_A_REASON + 1))
    assert report.skipped_rows == 1000
    assert report.summary()[1] == "skipped 1000: odd (lines 1, 2, 3, 4, 5, ...)"


def test_a_line_without_end_is_left_out_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 40)
    report = ImportReport()
    path = _file(tmp_path, "l.txt", "short\n" + "x" * 100 + "\nend\n")
    assert list(lines.numbered_lines(path, report)) == [(1, "short\n"), (3, "end\n")]
    assert report.skipped["line longer than 40 bytes"].lines == [2]


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path, "log.csv", "conversation_id,role,text\n" + "1,customer,hi\n" * 5000)
    seen: list[tuple[int, int]] = []
    list(read_csv(path, ImportReport(), lambda done, total: seen.append((done, total))))
    assert len(seen) > 2
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "no such file"),
        ("empty.csv", b"", "is empty"),
        ("wide.csv", b"\xff\xfea\x00", "UTF-16"),
        ("columns.csv", b"id,words\n1,hi\n", "no column conversation_id, role, text"),
        ("cut.csv.gz", gzip.compress(b"conversation_id,role,text\n" * 99)[:-20], "damaged gzip"),
        ("not.csv.gz", b"plain text", "damaged gzip"),
    ],
)
def test_unusable_files_are_one_line_errors(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_csv(path, ImportReport()))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reader_of_an_unknown_format_names_the_known_ones() -> None:
    assert reader_of("star") is read_star
    with pytest.raises(DataError, match="airlines, star, csv, jsonl"):
        reader_of("xml")


def test_dialogue_file_gives_back_what_was_written(tmp_path: Path) -> None:
    message = DialogueMessage(Role.AGENT, "Grüße \u2028 x", datetime(2026, 1, 1, tzinfo=UTC), "greet")
    dialogues = [Dialogue("1", (message, DialogueMessage(Role.CUSTOMER, "b"))), Dialogue("2", ())]
    path = tmp_path / "d.jsonl"
    assert write_dialogues(path, dialogues) == 2
    assert list(read_dialogues(path)) == dialogues


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"messages": []}',
        '{"conversation_id": "1", "messages": [{"role": "cat", "text": "x"}]}',
        '{"conversation_id": "1", "messages": [{"role": "agent", "text": 5}]}',
        '{"conversation_id": "1", "messages": [{"role": "agent", "text": "x", "sent_utc": "noon"}]}',
        '{"conversation_id": "1", "messages": 7}',
    ],
)
def test_dialogue_file_errors_name_the_line(tmp_path: Path, line: str) -> None:
    path = _file(tmp_path, "d.jsonl", '{"conversation_id": "1", "messages": []}\n' + line + "\n")
    with pytest.raises(DataError, match="line 2: not a dialogue"):
        list(read_dialogues(path))


def test_an_interrupted_import_leaves_the_old_file(tmp_path: Path) -> None:
    path = _file(tmp_path, "d.jsonl", "old")

    def breaking() -> object:
        yield Dialogue("1", ())
        raise DataError("stop")

    with pytest.raises(DataError):
        write_dialogues(path, breaking())  # type: ignore[arg-type]
    assert path.read_text() == "old"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)), max_size=30))
def test_grouping_loses_nothing_and_keeps_order(rows: list[tuple[str, int]]) -> None:
    messages = [(name, DialogueMessage(Role.CUSTOMER, str(number))) for name, number in rows]
    expected: dict[str, list[str]] = {}
    for name, number in rows:
        expected.setdefault(name, []).append(str(number))
    found = {d.conversation_id: [m.text for m in d.messages] for d in grouped(iter(messages))}
    assert list(found.items()) == list(expected.items())
