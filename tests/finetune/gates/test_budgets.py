"""Latency and memory."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from bot.bootstrap import Services
from bot.errors import ModelError
from bot.improvement import GateResult
from finetune.gates import GATES, GoldenRow, Trial, run_gates
from finetune.gates.latency import judged, latency_gate, timed_ms
from finetune.gates.memory import memory_gate
from tests.finetune.gates.conftest import spoilt

MakeTrial = Callable[..., Trial]


def test_turns_are_timed_side_by_side_and_none_goes_always_first() -> None:
    seen: list[str] = []
    turns = [lambda text: seen.append("a"), lambda text: (seen.append("b"), time.sleep(0.002))]
    taken = timed_ms(turns, ["one", "two"], 2, lambda done, total: None)
    assert taken.shape == (2, 2, 2)
    assert (taken[:, :, 1] >= 2).all()
    assert seen[4:] == ["a", "b", "b", "a", "b", "a", "a", "b"]


@pytest.mark.parametrize(("ours", "theirs", "passed"), [(60, 50, True), (90, 50, False), (15, 5, True), (50, 90, True)])
def test_ratio_is_held_against_its_threshold_unless_it_is_fast_anyway(
    make_trial: MakeTrial, ours: float, theirs: float, passed: bool
) -> None:
    rounds = np.array([1.0, 1.01, 8.0, 0.99, 1.0])  # one round met a busy machine
    found = judged(ours * rounds, theirs * rounds, make_trial(), 9)
    assert found.passed is passed
    assert found.value == pytest.approx(ours / theirs)
    assert ("latency_ratio" in found.detail) is not passed


def test_a_slow_candidate_is_held_back(services: Services, make_trial: MakeTrial) -> None:
    live = services.live.current()
    slow = spoilt(live, lambda _, seen: time.sleep(0.02) or seen)
    trial = make_trial(slow, golden=[GoldenRow(f"where is order {number}") for number in range(5)], out_of_scope=(),
                       injections=())  # fmt: skip
    (found,) = latency_gate(trial)
    assert not found.passed
    assert found.figures["p95_candidate_ms"] > 20
    (first,) = latency_gate(replace(trial, live=None))
    assert first.passed
    (nothing,) = latency_gate(replace(trial, golden=()))
    assert not nothing.passed


def test_memory_is_that_of_a_fresh_process(services: Services, make_trial: MakeTrial) -> None:
    (found,) = memory_gate(make_trial())
    assert found.passed
    assert found.value is not None
    assert 20 < found.value < 500  # far below this process, which has torch loaded
    (too_much,) = memory_gate(make_trial(improve={"memory_mb": 1}))
    assert not too_much.passed
    assert "memory_mb" in too_much.detail


def test_memory_that_cannot_be_measured_holds_back(services: Services, make_trial: MakeTrial) -> None:
    live = services.live.current()
    gone = replace(live, versions=replace(live.versions, bundle="gone"))
    (found,) = memory_gate(make_trial(gone))
    assert (found.passed, found.value) == (False, None)
    assert "gone" in found.detail


def test_models_that_fail_in_a_gate_fail_it_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, make_trial: MakeTrial
) -> None:
    def fails(_: Trial) -> Iterator[GateResult]:
        raise ModelError("scores are not numbers; roll back to another bundle")
        yield

    def passes(_: Trial) -> Iterator[GateResult]:
        yield GateResult("next", True, None, None, "")

    broken = (replace(GATES[0], run=fails), replace(GATES[1], run=passes))
    monkeypatch.setattr("finetune.gates.GATES", broken)
    first, second = run_gates(make_trial())
    assert (first.name, first.passed, second.name) == ("golden_set", False, "next")
    assert "not numbers" in first.detail
