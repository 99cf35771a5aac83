import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import (
    ConversationNotFoundError,
    InvalidTextError,
    MessageNotFoundError,
    OwnedByPersonError,
)
from bot.handoff import Move
from bot.storage.store import Store
from bot.values import Action, Evidence, Owner, Reply, Role

Make = Callable[..., Any]


@pytest.fixture
def evidence(make_evidence: Make) -> Evidence:
    made: Evidence = make_evidence()
    return made


@pytest.fixture
def reply(make_reply: Make) -> Reply:
    made: Reply = make_reply()
    return made


def texts(store: Store, conversation_id: str, after: int = 0) -> list[str]:
    return [logged.message.text for logged in store.conversations.messages_after(conversation_id, after)]


def test_new_conversation_belongs_to_the_bot_and_opens_with_its_token_only(store: Store) -> None:
    started = store.conversations.start(channel="web", locale="zh-CN")
    other = store.conversations.start(channel="web", locale="en")
    found = store.standings.find(started.conversation_id, started.token)
    assert found is not None
    assert (found.channel, found.locale, found.owner, found.last_sequence) == ("web", "zh-CN", Owner.BOT, 0)
    for wrong in ("", other.token, started.token + "x", "\ud800", "\0"):
        assert store.standings.find(started.conversation_id, wrong) is None
    for wrong in ("", other.conversation_id, "\ud800", "\0", "' OR 1=1 --"):
        assert store.standings.find(wrong, started.token) is None


def test_token_is_not_in_the_database_or_the_repr(store: Store) -> None:
    started = store.conversations.start(channel="web", locale="en")
    assert started.token not in repr(started)


def test_unknown_conversation_is_an_error_or_empty(store: Store, reply: Reply, evidence: Evidence) -> None:
    for unknown in ("nobody", "\0", "\ud800"):
        with pytest.raises(ConversationNotFoundError):
            store.conversations.load(unknown)
        with pytest.raises(ConversationNotFoundError):
            store.conversations.append_customer(unknown, "Hello", "m1")
        with pytest.raises(ConversationNotFoundError):
            store.conversations.append_reply(unknown, reply, evidence, answers=1)
        with pytest.raises(ConversationNotFoundError):
            store.ownership.move(unknown, Move.TAKE_OVER, by="ann")
        assert store.conversations.messages_after(unknown, 0) == []
        assert store.conversations.reply_to(unknown, 1) is None


def test_retry_of_a_client_message_gives_the_first_row_for_ever(store: Store, conversation_id: str, clock: Any) -> None:
    first = store.conversations.append_customer(conversation_id, "Hello", "m1")
    store.conversations.append_customer(conversation_id, "Anybody?", "m2")
    clock.advance(days=7)
    again = store.conversations.append_customer(conversation_id, "Hello (sent again)", "m1")
    assert first.created
    assert not again.created
    assert again == first
    assert texts(store, conversation_id) == ["Hello", "Anybody?"]


def test_client_message_id_is_free_in_another_conversation(store: Store, conversation_id: str) -> None:
    other = store.conversations.start(channel="web", locale="en").conversation_id
    assert store.conversations.append_customer(conversation_id, "Hello", "m1").created
    assert store.conversations.append_customer(other, "Hello", "m1").created


def test_client_resumes_from_any_sequence_number(
    store: Store, conversation_id: str, reply: Reply, evidence: Evidence
) -> None:
    for number in range(3):
        asked = store.conversations.append_customer(conversation_id, f"Question {number}", f"m{number}")
        store.conversations.append_reply(conversation_id, reply, evidence, answers=asked.sequence)
    everything = store.conversations.messages_after(conversation_id, 0)
    assert [logged.sequence for logged in everything] == [1, 2, 3, 4, 5, 6]
    for start in range(8):
        assert store.conversations.messages_after(conversation_id, start) == everything[start:]


def test_reply_comes_back_with_its_decision_sources_and_versions(
    store: Store, conversation_id: str, reply: Reply, evidence: Evidence
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    logged = store.conversations.append_reply(conversation_id, reply, evidence, answers=1)
    assert (logged.created, logged.sequence, logged.answers) == (True, 2, 1)
    assert (logged.message.role, logged.message.text) == (Role.BOT, reply.text)
    assert (logged.decision, logged.sources) == (reply.decision, reply.sources)
    assert (logged.options, logged.versions) == (reply.options, reply.versions)
    assert store.conversations.reply_to(conversation_id, 1) == logged
    assert store.conversations.messages_after(conversation_id, 1) == [logged]


def test_second_reply_to_a_message_gives_the_first(
    store: Store, conversation_id: str, make_reply: Make, evidence: Evidence
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    first = store.conversations.append_reply(conversation_id, make_reply("Two days."), evidence, answers=1)
    second = store.conversations.append_reply(conversation_id, make_reply("Three days."), evidence, answers=1)
    assert second == first
    assert not second.created
    assert texts(store, conversation_id) == ["How long?", "Two days."]


def test_reply_needs_a_customers_message_to_answer(
    store: Store, conversation_id: str, reply: Reply, evidence: Evidence
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    store.conversations.append_reply(conversation_id, reply, evidence, answers=1)
    for wrong in (0, 2, 3):
        with pytest.raises(MessageNotFoundError):
            store.conversations.append_reply(conversation_id, reply, evidence, answers=wrong)
    assert len(texts(store, conversation_id)) == 2


def test_handoff_makes_the_queue_the_owner_and_silences_the_bot(
    store: Store, conversation_id: str, make_reply: Make, evidence: Evidence
) -> None:
    for name in ("m1", "m2"):
        store.conversations.append_customer(conversation_id, "A person, please", name)
    handoff = make_reply("A person will answer.", Action.HANDOFF)
    logged = store.conversations.append_reply(conversation_id, handoff, evidence, answers=1)
    assert store.conversations.load(conversation_id).owner is Owner.QUEUE
    with pytest.raises(OwnedByPersonError):
        store.conversations.append_reply(conversation_id, handoff, evidence, answers=2)
    assert store.conversations.append_reply(conversation_id, handoff, evidence, answers=1) == logged
    assert [(owed.conversation_id, owed.sequence) for owed in store.turns.all_owed()] == []


def test_unanswered_lists_only_what_the_bot_owes(
    store: Store, conversation_id: str, reply: Reply, evidence: Evidence
) -> None:
    other = store.conversations.start(channel="web", locale="en").conversation_id
    store.conversations.append_customer(conversation_id, "One", "m1")
    store.conversations.append_customer(other, "Two", "m1")
    store.conversations.append_customer(conversation_id, "Three", "m2")
    assert [(owed.conversation_id, owed.sequence) for owed in store.turns.all_owed()] == [
        (conversation_id, 1),
        (other, 1),
        (conversation_id, 2),
    ]
    store.conversations.append_reply(conversation_id, reply, evidence, answers=1)
    store.ownership.move(other, Move.TAKE_OVER, by="ann")
    assert [(owed.conversation_id, owed.sequence) for owed in store.turns.all_owed()] == [(conversation_id, 2)]


def test_bot_does_not_owe_what_came_while_a_person_owned(store: Store, conversation_id: str) -> None:
    store.ownership.move(conversation_id, Move.TAKE_OVER, by="ann")
    store.conversations.append_customer(conversation_id, "For you, Ann", "m1")
    store.ownership.move(conversation_id, Move.HAND_BACK, by="ann")
    assert [(owed.conversation_id, owed.sequence) for owed in store.turns.all_owed()] == []
    store.conversations.append_customer(conversation_id, "And for the bot", "m2")
    assert [(owed.conversation_id, owed.sequence) for owed in store.turns.all_owed()] == [(conversation_id, 2)]


def test_latest_feedback_wins(store: Store, conversation_id: str, reply: Reply, evidence: Evidence) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    store.conversations.append_reply(conversation_id, reply, evidence, answers=1)
    store.conversations.add_feedback(conversation_id, 2, helpful=False, comment="Too slow")
    store.conversations.add_feedback(conversation_id, 2, helpful=True, comment="  ")
    feedback = store.conversations.messages_after(conversation_id, 1)[0].feedback
    assert feedback is not None
    assert (feedback.helpful, feedback.comment) == (True, None)


def test_feedback_needs_a_bot_message(store: Store, conversation_id: str) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    for wrong in (1, 2):
        with pytest.raises(MessageNotFoundError):
            store.conversations.add_feedback(conversation_id, wrong, helpful=True)


def test_decisions_keep_the_evidence_with_the_passage_of_that_moment(
    store: Store, conversation_id: str, make_reply: Make, make_evidence: Make
) -> None:
    for number, passage_text in enumerate(("It takes two days.", "It takes three days."), start=1):
        asked = store.conversations.append_customer(conversation_id, "How long?", f"m{number}")
        evidence = make_evidence(passage_text)
        store.conversations.append_reply(conversation_id, make_reply(), evidence, answers=asked.sequence)
        latest = list(store.conversations.decisions_since(asked.message.sent_utc))[-1]
        assert (latest.ranking, latest.passages) == (evidence.understanding.ranking, evidence.passages)
        assert (latest.out_of_scope, latest.sentiment, latest.foreign) == (0.05, "neutral", None)
    first, second = store.conversations.decisions_since(asked.message.sent_utc)
    assert [found.passage.text for found in (*first.passages, *second.passages)] == [
        "It takes two days.",
        "It takes three days.",
    ]
    ranked = first.replies[0]
    assert (ranked.reply_id, ranked.version, ranked.score, ranked.rank) == ("r1", 2, 0.75, 1)
    assert (first.conversation_id, first.sequence, first.answers) == (conversation_id, 2, 1)
    assert (first.latency_ms, first.decision, first.sources) == (12.5, make_reply().decision, make_reply().sources)


def test_decisions_since_a_time_leave_earlier_ones_out_and_cross_pages(
    store: Store, conversation_id: str, reply: Reply, evidence: Evidence, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.conversations.DECISIONS_A_PAGE", 2)
    for number in range(1, 6):
        asked = store.conversations.append_customer(conversation_id, "How long?", f"m{number}")
        store.conversations.append_reply(conversation_id, reply, evidence, answers=asked.sequence)
        clock.advance(minutes=1)
    since = clock.now - timedelta(minutes=4)
    assert [logged.answers for logged in store.conversations.decisions_since(since)] == [3, 5, 7, 9]


def test_scores_that_are_no_numbers_are_logged_as_such(
    store: Store, conversation_id: str, make_reply: Make, make_evidence: Make
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    broken = make_reply(action=Action.HANDOFF, confidence=math.nan)
    logged = store.conversations.append_reply(conversation_id, broken, make_evidence(score=math.inf), answers=1)
    assert logged.decision is not None
    assert math.isnan(logged.decision.confidence)
    (decision,) = store.conversations.decisions_since(logged.message.sent_utc)
    assert math.isnan(decision.passages[0].score)
    assert math.isnan(decision.replies[0].score)


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "\ud800", "x" * 100_001])
def test_text_that_cannot_be_stored_is_refused_and_leaves_no_gap(store: Store, conversation_id: str, text: str) -> None:
    with pytest.raises(InvalidTextError):
        store.conversations.append_customer(conversation_id, text, "m1")
    with pytest.raises(InvalidTextError):
        store.conversations.append_customer(conversation_id, "Hello", text)
    assert store.conversations.append_customer(conversation_id, "Hello", "m1").sequence == 1


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE messages; --", "<script>alert(1)</script>", "🙂" * 20_000, "w" * 50_000, "a\r\n\x1b[31mb"]
)
def test_hostile_text_is_kept_as_it_is(store: Store, conversation_id: str, text: str) -> None:
    store.conversations.append_customer(conversation_id, text, "m1")
    assert texts(store, conversation_id) == [text]


def test_text_is_kept_in_nfc(store: Store, conversation_id: str) -> None:
    assert store.conversations.append_customer(conversation_id, "cafe\u0301", "m1").message.text == "caf\u00e9"


def test_times_come_back_aware_and_utc(store: Store, conversation_id: str, clock: Any) -> None:
    store.conversations.append_customer(conversation_id, "Hello", "m1")
    sent = store.conversations.load(conversation_id).messages[0].sent_utc
    assert sent == clock.now
    assert sent.utcoffset() == timedelta(0)
