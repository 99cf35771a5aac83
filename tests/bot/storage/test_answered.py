"""The bot's turns as they stood before it answered, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, Said
from bot.storage import answered
from bot.storage.store import Store
from bot.values import Evidence, Reply
from tests.bot.storage.conftest import NOON, FakeClock

MakeReply, MakeEvidence = Callable[..., Reply], Callable[..., Evidence]


@pytest.fixture
def places(store: Store, clock: FakeClock, make_reply: MakeReply, make_evidence: MakeEvidence) -> list[tuple[str, int]]:
    """Three answers, an hour between two of them: to one message, to two at once, and to a third after these."""
    found = []
    first = store.conversations.start(channel="web", locale="en-GB").conversation_id
    second = store.conversations.start(channel="web", locale="zh").conversation_id
    for conversation_id, texts in ((first, ["When?"]), (second, ["Hello", "Where is it?"]), (second, ["And now?"])):
        asked = [store.conversations.append_customer(conversation_id, text, f"m-{text}").sequence for text in texts]
        said = store.conversations.append_reply(
            conversation_id, make_reply(), make_evidence(), answers=asked[-1], burst=asked
        )
        found.append((conversation_id, said.sequence))
        clock.advance(hours=1)
    return found


def test_newest_come_first_within_time_and_limit(store: Store, places: list[tuple[str, int]]) -> None:
    assert store.answered.newest(NOON, 10) == places[::-1]
    assert store.answered.newest(NOON + timedelta(minutes=30), 10) == places[:0:-1]
    assert store.answered.newest(NOON, 1) == places[2:]
    assert store.answered.newest(NOON + timedelta(days=1), 10) == []


def test_a_turn_is_what_the_bot_had_read(
    store: Store, places: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answered, "CONVERSATIONS_A_PAGE", 1)
    store.conversations.add_feedback(*places[1], helpful=True)
    one, two, three = store.answered.turns(places)
    assert (one.locale, one.burst, [it.message.text for it in one.messages]) == ("en-GB", (1,), ["When?"])
    assert (two.locale, two.burst, len(two.messages)) == ("zh", (1, 2), 2)
    assert two.said.feedback is not None
    assert (three.burst, [it.sequence for it in three.messages]) == ((4,), [1, 2, 3, 4])


def test_what_is_erased_or_no_bot_message_is_left_out(store: Store, places: list[tuple[str, int]]) -> None:
    store.erasing.erase([places[0][0]])
    wanted = [*places, ("nobody", 2), (places[1][0], 1)]
    assert [(it.conversation_id, it.said.sequence) for it in store.answered.turns(wanted)] == places[1:]


def test_verdicts_are_found_again_and_carried_into_the_next_run(store: Store, places: list[tuple[str, int]]) -> None:
    said = Said("answer", "approved_reply", "delivery", 0.9, "Two days.", ("r1",))
    runs = [store.runs.start(by="eve", parent_bundle="b1") for _ in range(2)]
    found = Difference(*places[0], DifferenceKind.OTHER_ANSWER, 0.5, said, replace(said, text="Three days."))
    store.replays.replace(runs[0], [found, replace(found, conversation_id=places[1][0], sequence=places[1][1])])
    assert store.replays.judged() == []
    store.replays.judge(runs[0], *places[0], DifferenceVerdict.BETTER, by="rae")
    (judged,) = store.replays.judged()
    store.replays.replace(runs[1], [judged])
    assert store.replays.of(runs[1]) == [judged]
    assert store.replays.verdicts(runs[1]) == {DifferenceVerdict.BETTER: 1}
