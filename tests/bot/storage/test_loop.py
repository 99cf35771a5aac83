"""Runs of improve, their differences and the golden marks on both databases."""

from typing import Any

import pytest

from bot.errors import MessageNotFoundError, RunNotFoundError
from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, GateResult, RunState, Said
from bot.storage.runs import KILLED
from bot.storage.store import Store


@pytest.fixture
def answered(store: Store, make_reply: Any, make_evidence: Any) -> tuple[str, int]:
    """A conversation and the sequence of the bot's message in it."""
    conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
    asked = store.conversations.append_customer(conversation_id, "When?", "m1")
    told = store.conversations.append_reply(conversation_id, make_reply(), make_evidence(), answers=asked.sequence)
    return conversation_id, told.sequence


def said(text: str) -> Said:
    return Said("answer", "approved_reply", "delivery_time", 0.9, text, ("r1",))


def test_a_run_keeps_its_gates_and_figures(store: Store) -> None:
    run_id = store.runs.start(by="eve", parent_bundle="b1")
    store.runs.step(run_id, "training", 3, 9)
    gate = GateResult("golden_set", False, 0.7, 0.9, "one intent lost 20 points", {"returns": -0.2})
    store.runs.add_gate(run_id, gate)
    store.runs.add_figures(run_id, {"reviewed_turns": 10})
    store.runs.add_figures(run_id, {"train_s": 2.5})
    store.runs.record(run_id, bundle_version="b2", dataset_version="d2")
    store.runs.finish(run_id, RunState.HELD, "golden_set")
    run = store.runs.get(run_id)
    assert (run.state, run.step, run.done, run.total, run.reason) == (RunState.HELD, "training", 3, 9, "golden_set")
    assert run.gates == (gate,)
    assert run.figures == {"reviewed_turns": 10, "train_s": 2.5}
    assert (run.parent_bundle, run.bundle_version, run.dataset_version) == ("b1", "b2", "d2")
    assert store.runs.last_measured() == run


def test_a_run_that_was_killed_is_marked_when_the_next_begins(store: Store) -> None:
    killed = store.runs.start(by="eve", parent_bundle=None)
    after = store.runs.start(by="eve", parent_bundle=None)
    assert (store.runs.get(killed).state, store.runs.get(killed).reason) == (RunState.FAILED, KILLED)
    assert [run.run_id for run in store.runs.newest()] == [after, killed]
    assert store.runs.last_measured() is None
    with pytest.raises(RunNotFoundError, match="frontdesk improve --list"):
        store.runs.get(after + 1)


def test_differences_come_by_risk_and_go_with_their_message(store: Store, answered: tuple[str, int]) -> None:
    run_id = store.runs.start(by="eve", parent_bundle="b1")
    found = Difference(*answered, DifferenceKind.OTHER_ANSWER, 0.5, said("Two days."), said("Three days."))
    gone = Difference("erased", 2, DifferenceKind.ANSWERS_ANEW, 0.9, said("a"), said("b"))
    store.replays.replace(run_id, [found, gone])
    assert store.replays.of(run_id) == [found]
    store.replays.judge(run_id, *answered, DifferenceVerdict.WORSE, by="rae")
    assert store.replays.of(run_id, unjudged=True) == []
    assert store.replays.of(run_id)[0].reviewer == "rae"
    assert store.replays.verdicts(run_id) == {DifferenceVerdict.WORSE: 1}
    store.replays.judge(run_id, *answered, None, by="rae")
    assert store.replays.verdicts(run_id) == {None: 1}
    store.erasing.erase([answered[0]])
    assert store.replays.of(run_id) == []
    with pytest.raises(MessageNotFoundError):
        store.replays.judge(run_id, *answered, DifferenceVerdict.SAME, by="rae")


def test_golden_marks_are_the_last_word_and_can_be_taken_back(store: Store, answered: tuple[str, int]) -> None:
    store.golden.mark(*answered, True, by="rae")
    store.golden.mark(*answered, False, by="rae")
    assert store.golden.marks() == {answered: False}
    store.golden.mark(*answered, None, by="rae")
    assert store.golden.marks() == {}
    with pytest.raises(MessageNotFoundError):
        store.golden.mark(answered[0], 1, True, by="rae")
