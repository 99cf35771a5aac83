"""Replies that come by themselves, made by real threads on a real desk."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.assistant import Assistant
from bot.bootstrap import Services
from bot.delivery import Delivery
from bot.handoff import Move
from bot.storage.records import utc_now
from bot.storage.store import Store
from bot.values import Action, Evidence, Owner, Reply

PATIENCE_S = 10.0


class MovedClock:
    """The real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> Any:
        return utc_now() + self.ahead


class Failing(Assistant):
    """The real assistant, which fails as often as it is told to, or waits for a gate while it thinks."""

    def consider(self, *args: Any) -> tuple[Evidence, Reply]:
        STARTED.set()
        assert GATE.wait(PATIENCE_S)
        if FAILURES:
            raise FAILURES.pop()
        return super().consider(*args)


FAILURES: list[Exception] = []
GATE, STARTED = threading.Event(), threading.Event()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def database_url(services: Services) -> str:
    return services.desk.database_url(services.settings)


@pytest.fixture
def delivery(services: Services, database_url: str, clock: MovedClock) -> Iterator[Delivery]:
    FAILURES.clear()
    GATE.set()
    STARTED.clear()
    with Store.open(database_url, clock=clock) as store:
        assistant = Failing(store, services.live.current, services.settings)
        made = Delivery(
            store,
            assistant,
            pause_s=0.05,
            workers=2,
            agent_absence=timedelta(minutes=5),
            eraser=lambda name: bool(store.erasing.erase([name]).rows),
        )
        made.start()
        yield made
        GATE.set()
        made.stop()


def test_a_reply_is_produced_without_anybody_waiting_and_told_to_the_listeners(delivery: Delivery) -> None:
    changed: list[str] = []
    delivery.listeners.append(changed.append)
    conversation = start(delivery)
    asked = delivery.post(conversation, "where is my order", "m1")
    assert asked.created
    reply = wait_for(lambda: delivery.store.conversations.reply_to(conversation, 1))
    assert reply.message.text == "You can follow your parcel under My account."
    wait_for(lambda: changed == [conversation, conversation])


def test_a_burst_is_answered_once_as_one_text(delivery: Delivery) -> None:
    conversation = start(delivery)
    for number, text in enumerate(("hello", "where is", "my order")):
        delivery.post(conversation, text, f"m{number}")
    wait_for(lambda: delivery.store.conversations.reply_to(conversation, 3))
    log = delivery.store.conversations.messages_after(conversation, 0)
    assert [logged.decision is None for logged in log] == [True, True, True, False]
    assert delivery.store.conversations.reply_to(conversation, 1) == log[-1]


def test_a_customer_who_never_pauses_is_answered_all_the_same(delivery: Delivery) -> None:
    conversation = start(delivery)
    for number in range(40):
        delivery.post(conversation, "where is my order", f"m{number}")
        time.sleep(0.02)
    log = delivery.store.conversations.messages_after(conversation, 0)
    assert any(logged.decision for logged in log)


def test_a_turn_that_fails_is_tried_again_when_its_lease_has_ended(delivery: Delivery, clock: MovedClock) -> None:
    FAILURES.extend([RuntimeError("broken"), ValueError("broken again")])
    conversation = start(delivery)
    delivery.post(conversation, "where is my order", "m1")
    wait_for(lambda: len(FAILURES) == 1)
    clock.ahead += timedelta(seconds=11)
    wait_for(lambda: not FAILURES)
    clock.ahead += timedelta(seconds=11)
    wait_for(lambda: delivery.store.conversations.reply_to(conversation, 1))
    assert len(delivery.store.conversations.messages_after(conversation, 0)) == 2


def test_a_turn_that_is_late_under_load_is_not_given_up(delivery: Delivery, clock: MovedClock) -> None:
    GATE.clear()
    conversation = start(delivery)
    delivery.post(conversation, "where is my order", "m1")
    assert STARTED.wait(PATIENCE_S)
    for _ in range(5):
        clock.ahead += timedelta(seconds=11)
        delivery._take_abandoned()
    GATE.set()
    wait_for(lambda: delivery.store.conversations.reply_to(conversation, 1))
    assert not delivery.store.conversations.messages_after(conversation, 0)[0].reply_failed


def test_a_turn_that_always_fails_is_marked_as_failed_and_told(delivery: Delivery, clock: MovedClock) -> None:
    FAILURES.extend(RuntimeError("broken") for _ in range(4))
    conversation = start(delivery)
    delivery.post(conversation, "where is my order", "m1")
    for left in (3, 2, 1, 0):
        wait_for(lambda left=left: len(FAILURES) == left)
        clock.ahead += timedelta(seconds=11)
    told: list[str] = []
    delivery.listeners.append(told.append)
    wait_for(lambda: delivery.store.conversations.messages_after(conversation, 0)[0].reply_failed)
    wait_for(lambda: told)
    delivery.post(conversation, "where is my order", "m1")
    wait_for(lambda: delivery.store.conversations.reply_to(conversation, 1))


def test_a_listener_that_fails_stops_neither_this_turn_nor_the_next(
    delivery: Delivery, database_url: str, clock: MovedClock
) -> None:
    def broken(conversation_id: str) -> None:
        raise RuntimeError("this stream is gone")

    delivery.listeners.append(broken)
    conversation = start(delivery)
    delivery.store.ownership.move(conversation, Move.TAKE_OVER, by="ann")
    clock.ahead += timedelta(minutes=6)
    wait_for(lambda: delivery.store.conversations.load(conversation).owner is Owner.QUEUE)
    left_behind = start(delivery)
    with Store.open(database_url, clock=clock) as dead:
        dead.conversations.append_customer(left_behind, "where is my order", "m1")
    clock.ahead += timedelta(seconds=11)
    wait_for(lambda: delivery.store.conversations.reply_to(left_behind, 1))


def test_a_message_that_another_process_took_meanwhile_is_answered_by_the_one_with_the_lease(
    delivery: Delivery, database_url: str, clock: MovedClock
) -> None:
    GATE.clear()
    conversation = start(delivery)
    delivery.post(conversation, "where is my order", "m1")
    assert STARTED.wait(PATIENCE_S)
    with Store.open(database_url, clock=clock) as other:
        other.conversations.append_customer(conversation, "is it late?", "m2")
        assert not other.turns.is_mine(conversation)
        GATE.set()
        wait_for(lambda: delivery.store.conversations.reply_to(conversation, 2), patience_s=5)
    assert len(delivery.store.conversations.messages_after(conversation, 0)) == 4


def test_stop_finishes_the_turns_that_run_and_begins_no_other(delivery: Delivery) -> None:
    GATE.clear()
    running, waiting = start(delivery), start(delivery)
    delivery.post(running, "where is my order", "m1")
    assert STARTED.wait(PATIENCE_S)
    stopping = threading.Thread(target=delivery.stop)
    stopping.start()
    time.sleep(0.2)
    assert stopping.is_alive()
    delivery.post(waiting, "where is my order", "m1")
    GATE.set()
    stopping.join(PATIENCE_S)
    assert not stopping.is_alive()
    assert delivery.store.conversations.reply_to(running, 1) is not None
    assert delivery.store.turns.owed(waiting) == [1]


def test_what_a_stopped_process_left_is_answered_by_the_next(
    services: Services, delivery: Delivery, database_url: str, clock: MovedClock
) -> None:
    delivery.stop()
    conversation = start(delivery)
    delivery.post(conversation, "where is my order", "m1")
    clock.ahead += timedelta(seconds=11)
    with Store.open(database_url, clock=clock) as store:
        assistant = Assistant(store, services.live.current, services.settings)
        later = Delivery(
            store,
            assistant,
            pause_s=0.05,
            workers=1,
            agent_absence=timedelta(minutes=5),
            eraser=lambda name: bool(store.erasing.erase([name]).rows),
        )
        later.start()
        wait_for(lambda: store.conversations.reply_to(conversation, 1))
        later.stop()


def test_the_conversation_of_an_absent_agent_returns_to_the_queue_and_listeners_hear_of_it(
    delivery: Delivery, clock: MovedClock
) -> None:
    conversation = start(delivery)
    delivery.store.ownership.move(conversation, Move.TAKE_OVER, by="ann")
    heard: list[str] = []
    delivery.listeners.append(heard.append)
    clock.ahead += timedelta(minutes=6)
    wait_for(lambda: heard)
    assert delivery.store.conversations.load(conversation).owner is Owner.QUEUE


def test_a_person_asked_for_while_the_bot_hands_off_is_announced_once(delivery: Delivery) -> None:
    conversation = start(delivery)
    delivery.post(conversation, "let me talk to a human", "m1")
    delivery.request_person(conversation, "m2")
    wait_for(lambda: not delivery.store.turns.owed(conversation))
    log = delivery.store.conversations.messages_after(conversation, 0)
    assert len([one for one in log if one.decision and one.decision.action is Action.HANDOFF]) == 1


def wait_for(look: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Wait until a look gives something, and give it."""
    end = time.monotonic() + patience_s
    while not (seen := look()):
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.02)
    return seen


def start(delivery: Delivery) -> str:
    return delivery.store.conversations.start(channel="web", locale="en").conversation_id
