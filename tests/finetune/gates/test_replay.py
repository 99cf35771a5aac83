"""Replay on a log of the tiny shop's bot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.bootstrap import Services
from bot.improvement import DifferenceKind, DifferenceVerdict, GateResult
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from finetune.gates import Trial
from finetune.gates.replay import replay_gate
from tests.finetune.gates.conftest import confused, spoilt, talk

MakeTrial = Callable[..., Trial]


def results(trial: Trial) -> dict[str, GateResult]:
    return {result.name: result for result in replay_gate(trial)}


@pytest.fixture
def log(services: Services) -> list[tuple[str, int]]:
    """Four conversations that the bot answers alone, and one that ends with a person."""
    talks = [talk(services, "where is my order") for _ in range(4)]
    talks.append(talk(services, "where is my order", "i want to talk to a person"))
    return [(name, replies[0].sequence) for name, replies in talks]


def test_an_equal_candidate_differs_nowhere(
    services: Services, make_trial: MakeTrial, log: list[tuple[str, int]]
) -> None:
    told: list[tuple[int, int]] = []
    trial = make_trial(say=lambda done, total: told.append((done, total)))
    found = results(trial)
    assert all(result.passed for result in found.values())
    assert (found["replay_risk"].value, found["replay_risk"].figures["turns"]) == (0.0, 6)
    alone = found["replay_alone"].figures
    assert alone["candidate"] == alone["live"] == 0.8
    assert 0 < alone["candidate_low"] < 0.8 < alone["candidate_high"] < 1
    assert services.store.replays.of(trial.run_id) == []
    assert told[-1] == (6, 6)


def test_lost_answers_are_kept_by_risk_and_hold_the_candidate_back(
    services: Services, make_trial: MakeTrial, log: list[tuple[str, int]]
) -> None:
    save_opinion(services.store, *log[2], Opinion(Verdict.APPROVED), reviewer="rae")
    services.store.conversations.add_feedback(*log[1], helpful=True)
    trial = make_trial(spoilt(services.live.current(), confused("order_status")))
    found = results(trial)
    assert (found["replay_alone"].passed, found["replay_alone"].value) == (False, 80.0)
    assert found["replay_alone"].figures["difference_high"] < 0
    kept = services.store.replays.of(trial.run_id)
    assert [(it.conversation_id, it.kind) for it in kept[:2]] == [
        (log[2][0], DifferenceKind.ANSWERS_NO_MORE),
        (log[1][0], DifferenceKind.ANSWERS_NO_MORE),
    ]
    assert (kept[0].risk, kept[1].risk) == (0.9, 0.8)
    assert (kept[0].before.action, kept[0].before.sources) == ("answer", ("r-track",))
    assert not found["replay_risk"].passed
    assert found["replay_risk"].value == pytest.approx(2 / 6)
    assert "under Improve" in found["replay_risk"].detail


def test_what_people_called_better_is_no_risk_in_the_next_run(
    services: Services, make_trial: MakeTrial, log: list[tuple[str, int]]
) -> None:
    services.store.conversations.add_feedback(*log[1], helpful=True)
    worse = spoilt(services.live.current(), confused("order_status"))
    first = make_trial(worse)
    assert not results(first)["replay_risk"].passed
    services.store.replays.judge(first.run_id, *log[1], DifferenceVerdict.BETTER, by="rae")
    services.store.replays.judge(first.run_id, *log[0], DifferenceVerdict.WORSE, by="rae")
    second = make_trial(worse)
    found = results(second)
    assert found["replay_risk"].passed
    assert (found["replay_verdicts"].passed, found["replay_verdicts"].value) == (False, 1.0)
    assert services.store.replays.verdicts(second.run_id)[DifferenceVerdict.BETTER] == 1
    assert "replay_verdicts" in results(make_trial())
    assert results(make_trial())["replay_verdicts"].passed  # it says what was called worse no more


def test_a_wish_for_a_person_that_is_no_longer_heard_is_the_greatest_risk(
    services: Services, make_trial: MakeTrial
) -> None:
    _, (reply,) = talk(services, "let me talk to a colleague")
    assert reply.decision is not None
    assert reply.decision.reason == "asked_for_person"
    trial = make_trial(spoilt(services.live.current(), confused("talk_to_person")))
    assert not results(trial)["replay_risk"].passed
    assert services.store.replays.of(trial.run_id)[0].risk == 0.95


def test_days_and_limit_bound_what_is_read(make_trial: MakeTrial, log: list[tuple[str, int]]) -> None:
    assert results(make_trial(improve={"replay_limit": 2}))["replay_risk"].figures["turns"] == 2
    off = results(make_trial(improve={"replay_limit": 0}))
    assert {name: result.passed for name, result in off.items()} == {"replay_risk": True}
    later = datetime.now(UTC) + timedelta(days=8)
    none = results(make_trial(clock=lambda: later))["replay_risk"]
    assert (none.passed, none.value, none.threshold) == (False, 0.0, 1.0)
    assert "raise replay_days" in none.detail
    assert results(make_trial(clock=lambda: later, improve={"replay_least_turns": 0}))["replay_risk"].passed


def test_the_first_bundle_is_told_its_share(make_trial: MakeTrial, log: list[tuple[str, int]]) -> None:
    found = results(make_trial(live=None))
    assert all(result.passed for result in found.values())
    assert found["replay_alone"].figures["candidate"] == 0.8
    assert "nothing to compare with" in found["replay_alone"].detail


def test_a_burst_is_answered_again_as_one_turn(services: Services, make_trial: MakeTrial) -> None:
    started = services.store.conversations.start(channel="web", locale="en")
    for place, text in enumerate(("hello", "where is my order")):
        services.store.conversations.append_customer(started.conversation_id, text, f"m{place}")
    reply = services.assistant.answer(started.conversation_id)
    assert reply is not None
    (turn,) = services.store.answered.turns([(started.conversation_id, reply.sequence)])
    assert turn.burst == (1, 2)
    trial = make_trial()
    assert results(trial)["replay_risk"].value == 0.0
