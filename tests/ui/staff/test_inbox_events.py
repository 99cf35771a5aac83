"""The inbox's events: every move goes through the state machine and onto the audit log; the stream tells of changes."""

import json
from typing import Any

import httpx
import pytest

from bot.values import Owner, Role

SHOUT = "<img src=x onerror=alert(1)>"


@pytest.fixture
def waiting(staff_site: Any) -> str:
    conversation_id: str = staff_site.store.conversations.start(channel="web", locale="en").conversation_id
    staff_site.services.assistant.reply(conversation_id, f"my name is Zoe, where is my order {SHOUT}", "letter-1")
    staff_site.services.delivery.request_person(conversation_id, "letter-2")
    return conversation_id


def act(colleague: Any, name: str, conversation_id: str, /, **more: str) -> str:
    about = {"list": "all", "open": conversation_id, "act": name, "nonce": "n1", **more}
    return str(colleague.fire("st-desk", "act", about=about))


def test_refresh_shows_who_waits_why_and_the_facts_escaped(staff_site: Any, waiting: str) -> None:
    about = {"list": "waiting", "open": waiting}
    seen = staff_site.colleague("ben").fire("st-desk", "refresh", about=about)
    assert "asked for a person" in seen
    assert "customer_name: Zoe" in seen
    assert "&lt;img src=x" in seen
    assert "<img" not in seen
    assert "You can return anything" in seen  # a suggested passage


def test_agent_takes_over_answers_hands_back_and_all_is_audited(staff_site: Any, waiting: str) -> None:
    ben = staff_site.colleague("ben")
    act(ben, "take_over", waiting)
    seen = act(ben, "answer", waiting, text="It left today.")
    assert 'data-done=\\"n1\\"' in seen
    last = staff_site.store.conversations.messages_after(waiting, 0)[-1]
    assert (last.message.role, last.message.text, last.author) == (Role.AGENT, "It left today.", "ben")
    act(ben, "note", waiting, text="was friendly")
    act(ben, "label", waiting, name="parcel")
    act(ben, "unlabel", waiting, name="parcel")
    act(ben, "canned_put", waiting, name="bye", text="Goodbye.")
    act(ben, "canned_remove", waiting, name="bye")
    act(ben, "release", waiting)
    act(ben, "hand_back", waiting)
    act(ben, "close", waiting)
    assert staff_site.store.inbox.get(waiting).owner is Owner.CLOSED
    entries = [entry for entry in staff_site.store.audit.newest(actor="ben") if entry.subject == waiting]
    assert [entry.action for entry in reversed(entries)] == [
        "take_over", "answer", "note", "label", "unlabel", "canned_put", "canned_remove", "release", "hand_back",
        "close",
    ]  # fmt: skip
    assert "It left today" not in json.dumps([dict(entry.detail) for entry in entries])


def test_second_agent_is_told_who_was_faster(staff_site: Any, waiting: str) -> None:
    ben, cem = staff_site.colleague("ben"), staff_site.colleague("cem")
    act(ben, "take_over", waiting)
    assert "ben was faster and has it" in act(cem, "take_over", waiting)
    assert "take it over first" in act(cem, "answer", waiting, text="me too").lower()
    assert "ask them to release it" in act(cem, "close", waiting)
    assert staff_site.store.inbox.get(waiting).agent == "ben"
    assert [entry.actor for entry in staff_site.store.audit.newest(action="take_over")] == ["ben"]


@pytest.mark.parametrize("about", [None, [], "x", {"act": "explode"}, {"act": 3}, {"act": "answer", "text": {}}])
def test_odd_events_change_nothing_and_get_a_sentence(staff_site: Any, about: Any) -> None:
    seen = staff_site.colleague("ben").fire("st-desk", "act", about=about)
    assert '"success": false' in seen
    assert staff_site.store.audit.newest(action="explode") == []


def test_stream_needs_a_login_tells_of_a_hand_off_and_marks_its_agent_present(staff_site: Any, waiting: str) -> None:
    assert httpx.get(f"{staff_site.address}/staff/events").status_code == 401
    ben = staff_site.colleague("ben")
    act(ben, "take_over", waiting)
    with ben.client.stream("GET", "/staff/events", params={"opened": waiting}) as answer:
        ticks = (json.loads(line[5:]) for line in answer.iter_lines() if line.startswith("data:"))
        before = next(ticks)["waiting"]
        other = staff_site.store.conversations.start(channel="web", locale="en").conversation_id
        staff_site.services.delivery.request_person(other, "letter-9")
        assert next(ticks)["waiting"] == before + 1
