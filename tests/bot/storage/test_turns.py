"""Leases and bursts: who answers what, once. Two `Store`s stand for two processes on one database."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.errors import TurnTakenError
from bot.handoff import Move
from bot.storage.records import LoggedMessage
from bot.storage.store import Store
from bot.values import Action

Answer = Callable[..., LoggedMessage]


@pytest.fixture
def other(url: str, clock: Any, store: Store) -> Iterator[Store]:
    """Another process's store on the same database."""
    with Store.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def answer(make_reply: Callable[..., Any], make_evidence: Callable[..., Any]) -> Answer:
    """Answers all that waits, as seen by one store."""

    def call(store: Store, conversation_id: str, burst: list[int], action: Action = Action.ANSWER) -> LoggedMessage:
        reply = make_reply(f"to {burst}", action)
        append = store.conversations.append_reply
        return append(conversation_id, reply, make_evidence(), answers=burst[-1], burst=burst)

    return call


def test_fifty_parallel_posts_of_one_client_id_are_owed_once(store: Store, conversation_id: str) -> None:
    with ThreadPoolExecutor(50) as pool:
        posts = list(pool.map(lambda _: post(store, conversation_id, "m1"), range(50)))
    assert all(one == posts[0] for one in posts)
    assert [one.created for one in posts].count(True) == 1
    assert store.turns.owed(conversation_id) == [1]
    assert len(store.conversations.messages_after(conversation_id, 0)) == 1


def test_twenty_messages_at_once_are_answered_in_order_and_once_a_burst(
    store: Store, other: Store, conversation_id: str, answer: Answer
) -> None:
    def write_or_answer(number: int) -> None:
        here = (store, other)[number % 2]
        post(here, conversation_id, f"m{number}")
        if number % 4 == 0 and (burst := here.turns.owed(conversation_id)):
            with contextlib.suppress(TurnTakenError):
                answer(here, conversation_id, burst)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write_or_answer, range(20)))
    if rest := store.turns.owed(conversation_id):
        answer(store, conversation_id, rest)
    logged = store.conversations.messages_after(conversation_id, 0)
    assert [one.sequence for one in logged] == list(range(1, len(logged) + 1))
    asked = [one.sequence for one in logged if one.decision is None]
    assert len(asked) == 20
    replies = [one for one in logged if one.decision]
    answered_by = {sequence: store.conversations.reply_to(conversation_id, sequence) for sequence in asked}
    bursts = {
        reply.sequence: [sequence for sequence, by in answered_by.items() if by and by.sequence == reply.sequence]
        for reply in replies
    }
    assert sorted(sequence for burst in bursts.values() for sequence in burst) == asked
    assert {reply.message.text for reply in replies} == {f"to {burst}" for burst in bursts.values()}


def test_two_processes_that_answer_one_burst_leave_one_reply(
    store: Store, other: Store, conversation_id: str, answer: Answer
) -> None:
    for number in range(3):
        post(store, conversation_id, f"m{number}")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda at: answer((store, other)[at % 2], conversation_id, [1, 2, 3]), range(8)))
    assert all(one == made[0] for one in made)
    assert len(store.conversations.messages_after(conversation_id, 0)) == 4


def test_a_burst_of_which_a_part_has_been_answered_is_refused_and_nothing_is_logged(
    store: Store, other: Store, conversation_id: str, answer: Answer
) -> None:
    post(store, conversation_id, "m1")
    post(store, conversation_id, "m2")
    answer(other, conversation_id, [1])
    with pytest.raises(TurnTakenError):
        answer(store, conversation_id, [1, 2])
    assert len(store.conversations.messages_after(conversation_id, 0)) == 3
    assert store.turns.owed(conversation_id) == [2]


def test_a_late_reply_to_what_a_person_had_meanwhile_is_refused(
    store: Store, conversation_id: str, answer: Answer
) -> None:
    post(store, conversation_id, "m1")
    store.ownership.move(conversation_id, Move.TAKE_OVER, by="ann")
    store.conversations.append_agent(conversation_id, "Done.", agent="ann")
    store.ownership.move(conversation_id, Move.HAND_BACK, by="ann")
    with pytest.raises(TurnTakenError):
        answer(store, conversation_id, [1])
    assert len(store.conversations.messages_after(conversation_id, 0)) == 2


def test_the_process_that_took_the_message_holds_the_lease_until_it_is_answered(
    store: Store, other: Store, conversation_id: str, answer: Answer
) -> None:
    post(store, conversation_id, "m1")
    post(other, conversation_id, "m2")
    assert holders(conversation_id, store, other) == [True, False]
    answer(store, conversation_id, [1])
    assert holders(conversation_id, store, other) == [True, False]
    answer(store, conversation_id, [2])
    assert holders(conversation_id, store, other) == [False, False]
    post(other, conversation_id, "m3")
    assert holders(conversation_id, store, other) == [False, True]


def test_an_abandoned_lease_is_taken_over_after_ten_seconds(
    store: Store, other: Store, conversation_id: str, clock: Any
) -> None:
    post(store, conversation_id, "m1")
    clock.advance(seconds=10)
    assert other.turns.abandoned() == []
    assert not other.turns.take(conversation_id)
    clock.advance(seconds=1)
    assert other.turns.abandoned() == [conversation_id]
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(lambda _: other.turns.take(conversation_id), range(10))).count(True) == 1
    assert holders(conversation_id, store, other) == [False, True]
    assert other.turns.abandoned() == []


def test_a_conversation_answered_meanwhile_is_not_taken(
    store: Store, other: Store, conversation_id: str, clock: Any, answer: Answer
) -> None:
    post(store, conversation_id, "m1")
    clock.advance(seconds=11)
    assert other.turns.abandoned() == [conversation_id]
    answer(store, conversation_id, [1])
    assert not other.turns.take(conversation_id)
    post(store, conversation_id, "m2")
    assert holders(conversation_id, store, other) == [True, False]


def test_three_vain_takes_mark_the_message_as_failed_and_its_client_id_tries_once_more(
    store: Store, conversation_id: str, clock: Any, answer: Answer
) -> None:
    post(store, conversation_id, "m1")
    give_up(store, conversation_id, clock)
    assert [one.reply_failed for one in store.conversations.messages_after(conversation_id, 0)] == [True]
    assert store.turns.all_owed() == []
    again = post(store, conversation_id, "m1")
    assert (again.sequence, again.created, again.reply_failed) == (1, False, False)
    assert store.turns.is_mine(conversation_id)
    assert store.turns.owed(conversation_id) == [1]
    answer(store, conversation_id, [1])
    assert len(store.conversations.messages_after(conversation_id, 0)) == 2


def test_a_new_message_after_a_failed_one_gets_all_its_attempts(store: Store, conversation_id: str, clock: Any) -> None:
    post(store, conversation_id, "m1")
    give_up(store, conversation_id, clock)
    post(store, conversation_id, "m2")
    give_up(store, conversation_id, clock)
    assert [one.reply_failed for one in store.conversations.messages_after(conversation_id, 0)] == [True, True]


def test_what_a_person_took_is_nobodys_turn(store: Store, other: Store, conversation_id: str, clock: Any) -> None:
    post(store, conversation_id, "m1")
    store.ownership.move(conversation_id, Move.TAKE_OVER, by="ann")
    post(store, conversation_id, "m2")
    clock.advance(seconds=60)
    assert other.turns.abandoned() == []
    assert store.turns.owed(conversation_id) == []
    assert not store.turns.is_mine(conversation_id)


def post(store: Store, conversation_id: str, client_id: str) -> LoggedMessage:
    return store.conversations.append_customer(conversation_id, f"text of {client_id}", client_id)


def holders(conversation_id: str, *stores: Store) -> list[bool]:
    return [store.turns.is_mine(conversation_id) for store in stores]


def give_up(store: Store, conversation_id: str, clock: Any) -> None:
    """Let the lease run out until nobody tries any more, after three attempts."""
    taken = 0
    while store.turns.abandoned() or store.turns.is_mine(conversation_id):
        clock.advance(seconds=11)
        if store.turns.take(conversation_id):
            taken += 1
    assert taken == 3
