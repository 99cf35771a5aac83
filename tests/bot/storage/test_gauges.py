from typing import Any

from bot.handoff import Move
from bot.storage.store import Store
from bot.values import Action


def test_gauges_of_an_empty_desk_are_all_zero(store: Store) -> None:
    counted = store.gauges.read()
    assert counted.conversations == {"queue": 0, "agent": 0}
    assert set(counted.jobs.values()) == {0}
    assert counted.longest_wait_s == 0


def test_gauges_count_who_waits_and_how_long_and_jobs_by_state(
    store: Store, clock: Any, make_reply: Any, make_evidence: Any
) -> None:
    for _ in range(3):
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        asked = store.conversations.append_customer(conversation_id, "A person, please", "12345678")
        handed_off = make_reply("I am passing you on.", Action.HANDOFF)
        store.conversations.append_reply(conversation_id, handed_off, make_evidence(), answers=asked.sequence)
        clock.advance(seconds=10)
    store.ownership.move(conversation_id, Move.TAKE_OVER, by="ana")
    store.jobs.enqueue("one")
    store.jobs.enqueue("two")
    store.jobs.take()
    counted = store.gauges.read()
    assert counted.conversations == {"queue": 2, "agent": 1}
    assert (counted.jobs["waiting"], counted.jobs["running"], counted.jobs["done"]) == (1, 1, 0)
    assert counted.longest_wait_s == 30
