"""Chatwoot, Zendesk and OpenAI's chat files, on hand-written samples, sound and broken."""

import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.values import Role
from finetune.dialogues import Dialogue
from finetune.errors import DataError
from finetune.history.chatwoot import read_chatwoot
from finetune.history.fields import html_text
from finetune.history.formats import reader_of
from finetune.history.openai_chat import read_openai
from finetune.history.report import ImportReport
from finetune.history.zendesk import read_zendesk

MESSAGES: list[dict[str, Any]] = [
    {"id": 1, "conversation_id": 7, "message_type": 0, "content": "hello", "created_at": 1700000000, "private": False,
     "sender": {"id": 3, "type": "contact"}, "sender_type": "Contact"},
    {"id": 2, "conversation_id": 7, "message_type": 1, "content": "<p>Hi &amp; welcome</p><p>Jo</p>", "private": False,
     "created_at": 1700000010, "sender": {"id": 1, "type": "user"}, "sender_type": "User"},
    {"id": 3, "conversation_id": 7, "message_type": 1, "content": "she is angry", "private": True,
     "created_at": 1700000011, "sender": {"id": 1, "type": "user"}, "sender_type": "User"},
    {"id": 4, "conversation_id": 7, "message_type": 2, "content": "Jo self-assigned this", "created_at": 1700000012},
    {"id": 5, "conversation_id": 7, "message_type": 3, "content": "Get notified by email", "created_at": 1700000013},
    {"id": 6, "conversation_id": 7, "message_type": 1, "content": "I am a bot", "created_at": 1700000014,
     "sender": {"id": 9, "type": "agent_bot"}, "sender_type": "AgentBot"},
    {"id": 7, "conversation_id": 7, "message_type": 1, "content": "a campaign", "created_at": 1700000015,
     "sender": None, "sender_type": None, "sender_id": None},
    {"id": 8, "conversation_id": 7, "message_type": 0, "content": None, "created_at": 1700000016},
    {"id": 9, "conversation_id": 7, "message_type": 1, "content": "lost", "status": "failed", "sender_type": "User"},
    {"id": 10, "conversation_id": 7, "message_type": 0, "content": "This message was deleted",
     "content_attributes": {"deleted": True}},
]  # fmt: skip
WEBHOOK = {
    "id": "11", "content": "over a webhook", "created_at": "2020-03-03 13:05:57 UTC", "message_type": "incoming",
    "conversation": {"display_id": "8", "messages": [{"id": 12, "content": "other", "message_type": 3}]},
    "event": "message_created",
}  # fmt: skip


def _write(folder: Path, content: object, *, lines: bool = False) -> Path:
    path = folder / "log.json"
    path.write_text("\n".join(map(json.dumps, content)) if lines else json.dumps(content, indent=1))  # type: ignore[call-overload]
    return path


def _said(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(message.role.value, message.text) for message in dialogue.messages]


@pytest.mark.parametrize("shape", ["page", "conversation", "conversations", "lines", "pages"])
def test_chatwoot_keeps_notes_and_system_messages_out_in_each_shape(tmp_path: Path, shape: str) -> None:
    conversation = {"id": 7, "meta": {"sender": {"id": 3}}, "messages": MESSAGES}
    contents: dict[str, object] = {
        "page": {"meta": {"labels": []}, "payload": MESSAGES},
        "conversation": conversation,
        "conversations": {"data": {"meta": {"all_count": 1}, "payload": [conversation]}},
        "lines": MESSAGES,
        "pages": [{"payload": MESSAGES[:5]}, {"payload": MESSAGES[3:]}],
    }
    report = ImportReport()
    (dialogue,) = read_chatwoot(_write(tmp_path, contents[shape], lines=shape == "lines"), report)
    assert dialogue.conversation_id == "7"
    assert _said(dialogue) == [
        ("customer", "hello"),
        ("agent", "Hi & welcome\nJo"),
        ("bot", "I am a bot"),
        ("bot", "a campaign"),
    ]
    assert dialogue.messages[0].sent_utc == datetime.fromtimestamp(1700000000, UTC)
    reasons = {reason: found.count for reason, found in report.skipped.items()}
    assert reasons.pop("message that was read before", 0) == (2 if shape == "pages" else 0)
    assert reasons == {
        "private note": 1,
        "activity message": 1,
        "template message (greeting, form)": 1,
        "empty text": 1,
        "message that failed to be sent": 1,
        "deleted message": 1,
    }


def test_chatwoot_reads_webhooks_once_and_reports_the_rest(tmp_path: Path) -> None:
    rows: list[Any] = [
        WEBHOOK,
        {**WEBHOOK, "event": "message_updated", "content": "edited"},
        {"event": "webwidget_triggered", "id": 12, "current_conversation": None},
        {"message_type": "incoming", "content": "whose"},
        {"id": None, "messages": []},
        {"message_type": ["odd"], "content": "x", "conversation_id": 8},
        {"message_type": True, "content": "x", "conversation_id": {"id": 8}, "conversation": [1]},
    ]
    report = ImportReport()
    (dialogue,) = read_chatwoot(_write(tmp_path, rows, lines=True), report)
    assert (dialogue.conversation_id, _said(dialogue)) == ("8", [("customer", "over a webhook")])
    assert dialogue.messages[0].sent_utc == datetime(2020, 3, 3, 13, 5, 57, tzinfo=UTC)
    assert report.skipped["message that was read before"].lines == [2]
    assert report.skipped["neither a message nor a conversation"].lines == [3]
    assert report.skipped["message without conversation_id"].lines == [4, 7]
    assert report.skipped["conversation without id"].lines == [5]
    assert report.skipped["unknown message_type"].lines == [6]


COMMENTS: list[dict[str, Any]] = [
    {"id": 1, "type": "Comment", "author_id": 100, "body": "Where is it?", "public": True,
     "created_at": "2024-01-02T10:00:00Z", "via": {"channel": "web"}},
    {"id": 2, "type": "Comment", "author_id": 200, "html_body": "<div class='zd-comment'>On its way<br>Jo</div>",
     "body": "On its way Jo", "public": True, "created_at": "2024-01-02T10:05:00Z"},
    {"id": 3, "type": "Comment", "author_id": 200, "body": "rude customer", "public": False},
    {"id": 4, "type": "Comment", "author_id": 200, "body": "no flag at all"},
    {"id": 5, "type": "VoiceComment", "author_id": 100, "body": "Call from +44", "public": True},
    {"id": 6, "type": "Comment", "author_id": -1, "body": "Ticket merged", "public": True},
    {"id": 7, "type": "Comment", "author_id": 200, "body": "We got it", "public": True, "via": {"channel": "rule"}},
    {"id": 8, "type": "Comment", "author_id": 300, "body": "my wife here", "public": True},
]  # fmt: skip
TICKET = {
    "id": 35, "subject": "Parcel", "requester_id": 100, "collaborator_ids": [300], "assignee_id": 200,
    "comments": COMMENTS,
}  # fmt: skip
USERS = [{"id": 100, "role": "end-user"}, {"id": 200, "role": "admin"}, {"id": 300, "role": "end-user"}]
SAID = [("customer", "Where is it?"), ("agent", "On its way\nJo"), ("customer", "my wife here")]


def _ticket_events() -> dict[str, object]:
    created = {"event_type": "Create", "requester_id": 100, "status": "new"}
    children = [{**comment, "event_type": comment["type"]} for comment in COMMENTS]
    return {
        "ticket_events": [
            {"id": 1, "ticket_id": 35, "child_events": [created, children[0]]},
            {"id": 2, "ticket_id": 35, "updater_id": 200, "child_events": children[1:]},
        ],
        "users": USERS,
        "end_of_stream": True,
    }


@pytest.mark.parametrize("shape", ["line", "page", "events", "single"])
def test_zendesk_keeps_internal_notes_out_in_each_shape(tmp_path: Path, shape: str) -> None:
    contents: dict[str, object] = {
        "line": [TICKET],
        "page": {"tickets": [TICKET], "users": USERS, "after_cursor": None},
        "events": _ticket_events(),
        "single": {"ticket": TICKET, "users": USERS},
    }
    report = ImportReport()
    (dialogue,) = read_zendesk(_write(tmp_path, contents[shape], lines=shape == "line"), report)
    assert (dialogue.conversation_id, _said(dialogue)) == ("35", SAID)
    assert dialogue.messages[1].sent_utc == datetime(2024, 1, 2, 10, 5, tzinfo=UTC)
    assert report.skipped["internal note"].count == 2
    # Among ticket events a voice comment is an event of another type, not a comment.
    assert report.skipped["voice comment"].count == (shape != "events")
    assert report.skipped["message of a rule or of the system"].count == 2
    assert not report.mended


def test_zendesk_says_whom_it_took_for_an_agent(tmp_path: Path) -> None:
    unassigned = {**TICKET, "assignee_id": None}
    report = ImportReport()
    (dialogue,) = read_zendesk(_write(tmp_path, [unassigned]), report)
    assert _said(dialogue) == SAID
    assert report.mended["author of unknown role taken for an agent"].count == 1


def test_zendesk_takes_the_description_where_comments_were_not_exported(tmp_path: Path) -> None:
    tickets: list[Any] = [
        {"id": 1, "requester_id": 5, "description": "It is broken", "created_at": "2024-01-02T10:00:00Z"},
        {"id": 2, "requester_id": 5, "description": "hidden", "is_public": False},
        {"id": 3, "requester_id": 5, "description": "gone", "status": "deleted"},
        {"id": None, "description": "x"},
        {"id": 4, "comments": None, "description": ["odd"], "requester_id": {}},
        {"hello": 1},
    ]
    report = ImportReport()
    (dialogue,) = read_zendesk(_write(tmp_path, {"tickets": tickets}), report)
    assert (dialogue.conversation_id, _said(dialogue)) == ("1", [("customer", "It is broken")])
    assert {reason: found.lines for reason, found in report.skipped.items()} == {
        "internal note": [2],
        "deleted ticket": [3],
        "no ticket: neither comments nor description": [4, 6],
        "empty text": [5],
    }
    assert report.summary()[1].endswith("(record 2)")


def test_openai_reads_users_and_chosen_answers(tmp_path: Path) -> None:
    rows: list[Any] = [
        {"messages": [
            {"role": "system", "content": "You are kind."},
            {"role": "user", "content": [{"type": "text", "text": "where is it"}, {"type": "image_url"}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "content": "{}", "tool_call_id": "1"},
            {"role": "assistant", "content": "No idea.", "weight": 0},
            {"role": "assistant", "content": "On its way.", "weight": 1},
        ]},
        {"messages": [{"role": "system", "content": "x"}]},
        {"prompt": "x"},
        {"messages": [{"role": "wizard", "content": "x"}, 5, {"role": "user"}, {"role": "user", "content": "bye"}]},
    ]  # fmt: skip
    report = ImportReport()
    path = _write(tmp_path, rows, lines=True)
    first, last = read_openai(path, report)
    assert _said(first) == [("customer", "where is it"), ("bot", "No idea."), ("agent", "On its way.")]
    assert _said(last) == [("customer", "bye")]
    assert report.skipped["no message of user or assistant"].lines == [2]
    assert report.skipped["no messages"].lines == [3]
    assert report.mended["message of unknown role left out"].lines == [4]
    assert first.conversation_id == next(iter(read_openai(path, ImportReport()))).conversation_id
    as_bot = next(iter(reader_of("openai", assistant=Role.BOT)(path, ImportReport(), None)))
    assert _said(as_bot)[2] == ("bot", "On its way.")


def test_html_becomes_what_a_reader_sees() -> None:
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>Dear&nbsp;Jo,</p><!-- no -->"
        "<ul><li>one</li><li>two\nlines</li></ul><script>x()</script>a<br/>b &lt;c&gt;</body></html>"
    )
    assert html_text(html) == "Dear Jo,\none\ntwo lines\na\nb <c>"
    assert html_text("<div>" * 5000 + "deep" + "</div>" * 5000) == "deep"


# fmt: off
_FIELDS = (
    "id", "messages", "message_type", "content", "conversation_id", "conversation", "private", "created_at", "sender",
    "payload", "data", "tickets", "comments", "public", "author_id", "body", "html_body", "description",
    "requester_id", "child_events", "ticket_id", "event_type", "users", "role", "sender_id", "events", "event",
    "text", "timestamp", "parse_data", "intent", "type_name", "via", "status", "weight", "tool_calls",
)
# fmt: on
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=80)
@given(
    content=_JSON, name=st.sampled_from(["chatwoot", "zendesk", "openai", "rasa", "jsonl", "star"]), lines=st.booleans()
)
def test_no_json_makes_a_reader_fail(
    tmp_path_factory: pytest.TempPathFactory, content: Any, name: str, lines: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    rows = content if isinstance(content, list) and lines else [content]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    with suppress(DataError):  # one line is what a file that is no log gets
        for dialogue in reader_of(name)(path, ImportReport(), None):
            assert dialogue.conversation_id
            assert all(message.text.strip() for message in dialogue.messages)


@given(cut=st.integers(1, 900), noise=st.binary(max_size=3))
def test_no_damage_makes_a_reader_fail(tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes) -> None:
    whole = json.dumps({"payload": MESSAGES}).encode()
    path = tmp_path_factory.getbasetemp() / "cut.json"
    path.write_bytes(whole[:cut] + noise + whole[cut + 2 :])
    report = ImportReport()
    dialogues = list(read_chatwoot(path, report))
    assert dialogues or report.skipped


def test_a_packed_file_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps({"payload": MESSAGES}).encode()))
    assert len(list(read_chatwoot(path, ImportReport()))) == 1
