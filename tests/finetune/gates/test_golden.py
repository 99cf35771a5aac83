"""The golden set gate on a real bundle."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from bot.bootstrap import Services
from bot.improvement import GateResult
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from finetune.gates import GoldenRow, Trial
from finetune.gates.golden import golden_gate, intents_right
from tests.finetune.gates.conftest import confused, spoilt, talk

MakeTrial = Callable[..., Trial]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def results(trial: Trial) -> dict[str, GateResult]:
    return {result.name: result for result in golden_gate(trial)}


def test_a_candidate_that_is_no_worse_passes_and_gives_its_figures(
    make_trial: MakeTrial, golden: list[GoldenRow]
) -> None:
    found = results(make_trial(golden=golden))
    assert {name: result.passed for name, result in found.items()} == {"golden_set": True, "golden_intents": True}
    assert found["golden_set"].value == 1.0
    assert found["golden_set"].threshold == 0.05
    assert found["golden_set"].figures["accuracy_candidate"] == found["golden_set"].figures["accuracy_live"] > 0.9
    assert found["golden_intents"].figures["order_status.rows"] == 12


def test_a_candidate_that_is_worse_overall_is_held_back(
    services: Services, make_trial: MakeTrial, golden: list[GoldenRow]
) -> None:
    found = results(make_trial(spoilt(services.live.current(), confused()), golden=golden))
    assert not found["golden_set"].passed
    assert "worse by more than chance" in found["golden_set"].detail
    assert found["golden_set"].figures["lost"] > 60


def test_one_intent_that_is_lost_holds_back_and_is_named(
    services: Services, make_trial: MakeTrial, golden: list[GoldenRow]
) -> None:
    found = results(make_trial(spoilt(services.live.current(), confused("refund_status")), golden=golden))
    result = found["golden_intents"]
    assert not result.passed
    assert result.value is not None
    assert result.value > 90
    assert "refund_status" in result.detail


def test_one_row_lost_in_a_small_intent_is_no_accusation(
    services: Services, make_trial: MakeTrial, golden: list[GoldenRow]
) -> None:
    rows = [row for row in golden if row.intent != "refund_status"] + [GoldenRow("refund status", (), "refund_status")]
    found = results(make_trial(spoilt(services.live.current(), confused("refund_status")), golden=rows))
    assert found["golden_intents"].passed
    assert "chance explains it" in found["golden_intents"].detail


def test_too_few_rows_prove_nothing_unless_none_are_asked_for(make_trial: MakeTrial, golden: list[GoldenRow]) -> None:
    few = results(make_trial(golden=golden[:3]))["golden_set"]
    assert (few.passed, few.value, few.threshold) == (False, 3.0, 30.0)
    assert "training/golden.csv" in few.detail
    assert results(make_trial(improve={"golden_least_rows": 0}))["golden_set"].passed
    assert not results(make_trial(improve={"golden_least_rows": 1}))["golden_set"].passed


def test_the_first_bundle_has_nothing_to_be_compared_with(make_trial: MakeTrial, golden: list[GoldenRow]) -> None:
    found = results(make_trial(golden=golden, live=None))["golden_set"]
    assert found.passed
    assert "nothing to compare with" in found.detail
    assert found.figures["accuracy_candidate"] > 0.9


def test_rows_before_and_since_the_last_run_are_told_apart(
    services: Services, make_trial: MakeTrial, golden: list[GoldenRow]
) -> None:
    rows = [replace(row, at_utc=NOON if row.intent == "refund_status" else None) for row in golden]
    worse = spoilt(services.live.current(), confused("refund_status"))
    figures = results(make_trial(worse, golden=rows, since_utc=NOON.replace(hour=1)))["golden_set"].figures
    assert figures["rows_since_last_run"] == 12
    assert figures["accuracy_candidate_since_last_run"] < 0.1
    assert figures["accuracy_candidate_before_last_run"] == figures["accuracy_live_before_last_run"]


def test_a_message_is_read_with_its_context_where_it_settles_nothing(services: Services) -> None:
    row = GoldenRow("and how long?", ("has the refund been paid", "Not yet."), "refund_status")
    models = services.live.current()
    unread = replace(models, rules=replace(models.rules, reply=0.0))
    assert intents_right([row], unread).shape == (1,)
    foreign = GoldenRow("这个退款什么时候到账呢", (), "refund_status")
    assert np.array_equal(intents_right([foreign], models), [False])


def test_whole_answers_are_compared_where_reviewers_named_them(services: Services, make_trial: MakeTrial) -> None:
    talks = [talk(services, "where is my order") for _ in range(6)]
    for conversation_id, (reply,) in talks:
        save_opinion(services.store, conversation_id, reply.sequence, Opinion(Verdict.APPROVED), reviewer="rae")
    rows = [
        GoldenRow("where is my order", (), "order_status", name, reply.sequence, name, NOON, "r-track")
        for name, (reply,) in talks
    ]
    settings = {"golden_least_rows": 0}
    assert results(make_trial(golden=rows, improve=settings))["golden_answers"].passed
    worse = spoilt(services.live.current(), confused("order_status"))
    found = results(make_trial(worse, golden=rows, improve=settings))["golden_answers"]
    assert (found.passed, found.figures["lost"]) == (False, 6)
    unknown = [replace(row, reply_id="r-gone") for row in rows]
    assert "golden_answers" not in results(make_trial(worse, golden=unknown, improve=settings))
