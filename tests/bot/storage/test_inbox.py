"""The inbox's lists, notes, labels and canned replies on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import ConversationNotFoundError, InvalidTextError
from bot.handoff import Move
from bot.storage.inbox import InboxItem
from bot.storage.store import Store
from bot.values import Action, Owner, Role


@pytest.fixture
def begin(store: Store, clock: Any) -> Callable[[str], str]:
    def start(text: str) -> str:
        clock.advance(seconds=1)
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        store.conversations.append_customer(conversation_id, text, "m1")
        return conversation_id

    return start


@pytest.fixture
def hand_off(store: Store, make_reply: Any, make_evidence: Any) -> Callable[[str], None]:
    def move(conversation_id: str) -> None:
        reply = make_reply(action=Action.HANDOFF)
        store.conversations.append_reply(conversation_id, reply, make_evidence(), answers=1)

    return move


def test_waiting_comes_longest_first_with_its_reason(store: Store, begin: Any, clock: Any, hand_off: Any) -> None:
    first, second, _ = begin("one"), begin("two"), begin("three")
    hand_off(second)
    clock.advance(seconds=5)
    hand_off(first)
    waiting = store.inbox.waiting()
    assert [(item.conversation_id, item.handoff_reason) for item in waiting] == [
        (second, "reply_confident"), (first, "reply_confident"),
    ]  # fmt: skip
    assert (waiting[0].last_text, waiting[0].last_role, waiting[0].owner) == ("Two days.", Role.BOT, Owner.QUEUE)
    assert store.inbox.count_waiting() == 2


def test_an_angry_customer_counts_as_waiting_longer_and_nobody_starves(
    store: Store, begin: Any, clock: Any, make_reply: Any, make_evidence: Any
) -> None:
    def waits(mood: str | None, *, after_minutes: int) -> str:
        clock.advance(minutes=after_minutes)
        conversation_id: str = begin("hello")
        evidence = make_evidence()
        read = replace(evidence, understanding=replace(evidence.understanding, sentiment=mood))
        store.conversations.append_reply(conversation_id, make_reply(action=Action.HANDOFF), read, answers=1)
        return conversation_id

    patient = waits("neutral", after_minutes=0)
    calm = waits(None, after_minutes=8)
    angry, late = waits("anger", after_minutes=5), waits("positive", after_minutes=1)
    ten = timedelta(minutes=10)
    assert _ids(store.inbox.waiting()) == [patient, calm, angry, late]
    ordered = store.inbox.waiting(angry=("negative", "anger"), counts=ten)
    assert _ids(ordered) == [patient, angry, calm, late]
    assert [item.mood for item in ordered] == ["neutral", "anger", None, "positive"]
    assert _ids(store.inbox.waiting(limit=2, angry=("anger",), counts=ten)) == [patient, angry]
    assert _ids(store.inbox.waiting(angry=("anger",))) == [patient, calm, angry, late]


def test_the_mood_is_that_of_the_newest_turn_that_was_read(
    store: Store, begin: Any, make_reply: Any, make_evidence: Any
) -> None:
    conversation_id = begin("hello")
    evidence = make_evidence()
    for number, mood in enumerate(("positive", "negative", None), start=1):
        if number > 1:
            store.conversations.append_customer(conversation_id, "more", f"m{number}")
        read = replace(evidence, understanding=replace(evidence.understanding, sentiment=mood))
        store.conversations.append_reply(conversation_id, make_reply(), read, answers=2 * number - 1)
    assert store.inbox.get(conversation_id).mood == "negative"
    assert store.inbox.newest()[0].mood == "negative"
    assert store.inbox.get(begin("another")).mood is None


def _ids(items: list[InboxItem]) -> list[str]:
    return [item.conversation_id for item in items]


def test_each_agent_sees_their_own_and_all_see_the_newest(store: Store, begin: Any) -> None:
    first, second = begin("one"), begin("two")
    store.ownership.move(first, Move.TAKE_OVER, by="ben")
    assert [item.conversation_id for item in store.inbox.of_agent("ben")] == [first]
    assert store.inbox.of_agent("ana") == []
    assert {item.conversation_id for item in store.inbox.newest()} == {first, second}
    assert store.inbox.get(first).agent == "ben"


def test_signature_changes_with_what_a_page_shows(store: Store, begin: Any, hand_off: Any) -> None:
    opened, other = begin("one"), begin("two")
    before = store.inbox.signature(opened)
    store.conversations.append_customer(other, "the bot's, and not open", "m2")
    assert store.inbox.signature(opened) == before
    store.conversations.append_customer(opened, "more", "m2")
    changed = store.inbox.signature(opened)
    assert changed != before
    hand_off(other)
    assert store.inbox.signature(opened) != changed
    assert store.inbox.signature("a\0b") == store.inbox.signature("")


def test_newest_change_grows_with_every_message(store: Store, begin: Any, clock: Any) -> None:
    assert store.inbox.newest_change() == 0
    conversation_id = begin("one")
    before = store.inbox.newest_change()
    clock.advance(milliseconds=1)
    store.conversations.append_customer(conversation_id, "two", "m2")
    assert store.inbox.newest_change() == before + 1000


def test_notes_and_labels_are_kept_with_their_authors(store: Store, conversation_id: str) -> None:
    store.notes.add(conversation_id, "call back", author="ben")
    for _ in range(2):
        store.notes.label(conversation_id, " Urgent ", author="ben")
    store.notes.label(conversation_id, "angry", author="ana")
    assert [(note.author, note.text) for note in store.notes.of(conversation_id)] == [("ben", "call back")]
    assert store.notes.labels(conversation_id) == ["angry", "urgent"]
    store.notes.unlabel(conversation_id, "angry")
    assert store.notes.labels(conversation_id) == ["urgent"]


def test_notes_of_unknown_conversations_and_blank_ones_are_refused(store: Store, conversation_id: str) -> None:
    with pytest.raises(ConversationNotFoundError):
        store.notes.add("nope", "text", author="ben")
    with pytest.raises(InvalidTextError):
        store.notes.add(conversation_id, "  ", author="ben")
    with pytest.raises(ConversationNotFoundError):
        store.inbox.get("nope")


def test_canned_replies_are_replaced_by_name_and_removed(store: Store) -> None:
    store.canned.put("Hello", "Hi.", by="ben")
    store.canned.put("Hello", "Good day.", by="ana")
    assert [(text.name, text.text, text.changed_by) for text in store.canned.everything()] == [
        ("Hello", "Good day.", "ana")
    ]
    store.canned.remove("Hello")
    assert store.canned.everything() == []
