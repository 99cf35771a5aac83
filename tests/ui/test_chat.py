"""The chat over HTTP, without a browser: what each event does to the conversation and to the page."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from bot.values import Owner, Role
from ui.app import create_app
from ui.errors import UiError
from ui.visitors import CONVERSATION_COOKIE


def ask(visitor: Any, text: str, letter: str = "12345678") -> str:
    return visitor.fire("deliver", {"text": text, "id": letter})


def test_a_question_shows_typing_and_then_the_cited_answer(site: Any) -> None:
    visitor = site.visitor()
    visitor.begin()
    site.desk.delivery.gate.clear()
    threading.Timer(0.4, site.desk.delivery.gate.set).start()
    visitor.join("deliver", {"text": "Can I return it?", "id": "12345678"}).raise_for_status()
    updates = [str(message) for message in visitor.stream() if message["msg"].startswith("process_")]
    first = next(i for i, update in enumerate(updates) if "fd-typing" in update)
    last = next(i for i, update in enumerate(updates) if "fd-cite" in update)
    assert first < last
    assert any("delivered" in update for update in updates[:last])


def test_a_retried_message_is_stored_once(site: Any) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    ask(visitor, "Can I return it?")
    assert "delivered" in ask(visitor, "Can I return it?")
    assert [logged.message.role for logged in site.desk.store.conversations.logs[conversation_id]] == [
        Role.CUSTOMER, Role.BOT
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write a message"),
        (" \u200b ", "write a message"),
        ("x" * 4001, "longer than 4000"),
        ("a\x00b", "cannot be sent"),
        ("a\x1bb", "cannot be sent"),
    ],
)
def test_texts_that_cannot_be_sent_are_named_and_not_stored(site: Any, text: str, words: str) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    seen = ask(visitor, text)
    assert words in seen
    assert "refused" in seen
    assert site.desk.store.conversations.logs[conversation_id] == []


@pytest.mark.parametrize(
    "data", [None, 5, [], "text", {}, {"text": 5, "id": "12345678"}, {"text": "hi"}, {"text": "hi", "id": "; drop"}]
)
def test_events_of_the_wrong_form_change_nothing(site: Any, data: object) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    assert "fd-notice" in visitor.fire("deliver", data)
    assert site.desk.store.conversations.logs[conversation_id] == []


def test_a_conversation_opens_only_with_its_token(site: Any) -> None:
    owner, other = site.visitor(), site.visitor()
    conversation_id = owner.begin()
    ask(owner, "Can I return it?")
    other.client.cookies.set(CONVERSATION_COOKIE, f"{conversation_id}.guess")
    assert "return it" not in other.fire("refresh")
    assert other.client.get(f"/api/v1/conversations/{conversation_id}/events").status_code == 404
    other.fire("deliver", {"text": "intruder", "id": "87654321"})
    assert "intruder" not in owner.fire("refresh")


def test_feedback_is_stored_with_its_comment(site: Any) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    ask(visitor, "Can I return it?")
    assert "fd-comment" in visitor.fire("rate", {"sequence": 2, "helpful": False})
    seen = visitor.fire("comment", {"sequence": 2, "helpful": False, "comment": " too short "})
    assert "Thank you" in seen
    feedback = site.desk.store.conversations.logs[conversation_id][1].feedback
    assert (feedback.helpful, feedback.comment) == (False, "too short")


@pytest.mark.parametrize("sequence", [0, 1, 99, -1, True, "2"])
def test_feedback_on_anything_but_an_answer_is_refused(site: Any, sequence: object) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    ask(visitor, "Can I return it?")
    assert "Reference" in visitor.fire("rate", {"sequence": sequence, "helpful": True})
    assert all(logged.feedback is None for logged in site.desk.store.conversations.logs[conversation_id])


def test_a_citation_opens_its_passage(site: Any) -> None:
    visitor = site.visitor()
    visitor.begin()
    ask(visitor, "Can I return it?")
    seen = visitor.fire("open", {"sequence": 2, "number": 1})
    assert "<mark>You can send goods back within 30 days.</mark>" in seen
    assert "&lt;b&gt;Keep&lt;/b&gt;" in seen


@pytest.mark.parametrize(("sequence", "number"), [(2, 0), (2, 2), (1, 1), (2, -1)])
def test_passages_that_were_not_cited_stay_closed(site: Any, sequence: int, number: int) -> None:
    visitor = site.visitor()
    visitor.begin()
    ask(visitor, "Can I return it?")
    seen = visitor.fire("open", {"sequence": sequence, "number": number})
    assert "<mark>" not in seen
    assert "Reference" in seen


def test_talking_to_a_person_silences_the_bot(site: Any) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    assert "Waiting for a person" in visitor.fire("person", {"id": "12345678"})
    assert site.desk.store.conversations.owners[conversation_id] is Owner.QUEUE
    before = len(site.desk.store.conversations.logs[conversation_id])
    assert "fd-typing" not in ask(visitor, "hello?", "87654321")
    assert len(site.desk.store.conversations.logs[conversation_id]) == before + 1


def test_state_tells_another_tab_what_is_new(site: Any) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    ask(visitor, "Can I return it?")
    site.desk.store.conversations.append(conversation_id, Role.AGENT, "I am here")
    events = f"/api/v1/conversations/{conversation_id}/events"
    news = visitor.client.get(events, params={"after": 2}).json()
    assert [message["text"] for message in news["messages"]] == ["I am here"]
    assert news["state"] == {"owner": "bot", "last_sequence": 3, "reply": "none", "rating": None}
    assert visitor.client.get(events, params={"after": "x"}).status_code == 422


def test_a_conversation_is_started_once(site: Any) -> None:
    visitor = site.visitor()
    assert visitor.begin() == visitor.begin()
    assert visitor.client.get("/chat/").status_code == 200
    assert len(site.desk.store.conversations.logs) == 1


def test_loading_the_page_starts_no_conversation(site: Any) -> None:
    assert "Hello!" in site.visitor().fire("load")
    assert site.desk.store.conversations.logs == {}


def test_language_follows_the_browser_and_the_wish(site: Any) -> None:
    chinese = site.visitor(**{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "请输入消息" in chinese.fire("refresh")
    chinese.load("?lang=en")
    assert "Write a message" in chinese.fire("refresh")
    english = site.visitor(**{"Accept-Language": "en"})
    english.load("?lang=zh")
    conversation_id = english.begin()
    assert site.desk.store.conversations.locales[conversation_id] == "zh"


def test_front_door_leads_to_the_chat(site: Any) -> None:
    answer = site.visitor().client.get("/?lang=zh", follow_redirects=True)
    assert answer.url.path == "/chat/"
    assert answer.url.query == b"lang=zh"


def test_a_limit_that_no_body_can_carry_is_refused(desk: Any) -> None:
    desk.settings = replace(desk.settings, max_message_chars=50_000)
    with pytest.raises(UiError, match="max_message_chars"):
        create_app(desk.services())
