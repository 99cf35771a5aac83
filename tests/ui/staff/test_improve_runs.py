"""Runs in the console: what is shown of them, who may start one, and what is said where that fails."""

import sys
import time
from typing import Any

import pytest

from bot.improvement import GateResult, RunState
from ui.staff.caller import StaffError
from ui.staff.improve_bars import gauge, pair
from ui.staff.improve_gate_view import render_gates
from ui.staff.improve_runs import RunsPart
from ui.staff.own_process import OwnProcess

HOSTILE = '<img src=x onerror="alert(1)">'


def ended(desk: Any, state: RunState, reason: str | None, *gates: GateResult) -> int:
    runs = desk.services.store.runs
    run_id = int(runs.start(by="ana", parent_bundle="b-1"))
    for gate in gates:
        runs.add_gate(run_id, gate)
    runs.finish(run_id, state, reason)
    return run_id


def process(desk: Any, code: str) -> OwnProcess:
    """A stand-in for the command: Python code that takes its arguments."""
    return OwnProcess(desk.services.desk, "improve", frozenset({0, 3}), (sys.executable, "-c", code))


def wait_until_ended(own: OwnProcess) -> None:
    for _ in range(200):
        if not own.running:
            return
        time.sleep(0.05)
    raise AssertionError("it runs on")


def test_gates_name_their_number_its_threshold_and_its_side() -> None:
    page = render_gates(
        (
            GateResult("golden_set", True, 0.4, 0.05, "fine"),
            GateResult("golden_set", False, 12, 30, "12 golden rows of 30 needed"),
            GateResult("replay_risk", False, 0.0, 1.0, "0 turns in 7 days"),
            GateResult("latency", True, 1.1, 1.5, HOSTILE),
            GateResult("memory", False, None, 2000, "it could not be measured"),
        ),
        str.title,
    )
    assert "p = 0.400</td><td class=st-number>at least p = 0.050" in page
    assert "12</td><td class=st-number>at least 30" in page
    assert "0</td><td class=st-number>at least 1" in page
    assert "1.10 ×</td><td class=st-number>at most 1.50 ×" in page
    assert page.count("✓ passed") == 2
    assert page.index("12 golden rows") < page.index("fine")
    assert "<img" not in page


def test_intents_are_compared_before_and_after_the_greatest_loss_first() -> None:
    figures = {"b.x.live": 0.5, "b.x.candidate": 0.75, "b.x.rows": 4, "a.live": 1.0, "a.candidate": 0.5, "a.rows": 8}
    page = render_gates((GateResult("golden_intents", False, 50, 5, "a", figures),), str.upper)
    assert page.index(">A<") < page.index(">B.X<")
    assert "▼ 50" in page
    assert "▲ 25" in page
    assert '<details class="st-figures" open>' in page


def test_pictures_stay_inside_their_frame() -> None:
    assert "left: 0.0%; width: 92.6%" in gauge(10, 5)
    assert "left: 46.3%" in gauge(10, 5)
    assert "left: 0.0%; width: 46.3%" in gauge(-5, 5)
    assert gauge(float("nan"), 1) == ""
    assert "width: 100.0%" in pair(1.4, -1)


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (RunState.FAILED, f"disk full {HOSTILE}", "start a new run"),
        (RunState.NOTHING_NEW, "no review is new", "Review some conversations first"),
        (RunState.HELD, "passed every gate", "publishes it under Bundles"),
        (RunState.PUBLISHED, None, "rolls back under Bundles"),
    ],
)
def test_a_run_says_why_it_ended_and_what_to_do(
    staff_desk: Any, state: RunState, reason: str | None, words: str
) -> None:
    ended(staff_desk, state, reason)
    detail = RunsPart(staff_desk.services).show(None, staff_desk.request("reviewer"))[2]
    assert words in detail
    assert "<img" not in detail


def test_a_run_whose_process_was_killed_is_not_shown_as_running(staff_desk: Any) -> None:
    runs = staff_desk.services.store.runs
    runs.step(runs.start(by="eve", parent_bundle=None), "Training", 3, 10)
    part = RunsPart(staff_desk.services)
    now, listed, detail = part.show(None, staff_desk.request("reviewer"))[:3]
    assert "progressbar" not in now
    assert "ended without a word" in listed
    assert "last checkpoint" in detail
    with staff_desk.services.desk.improving():
        now, listed = part.show(None, staff_desk.request("reviewer"))[:2]
    assert "(3 of 10)" in now
    assert "◌ running" in listed


def test_what_did_not_change_is_left_as_it_is(staff_desk: Any) -> None:
    ended(staff_desk, RunState.PUBLISHED, None)
    part, request = RunsPart(staff_desk.services), staff_desk.request("reviewer")
    seen = part.show(None, request)[4]
    assert isinstance(part.refresh(None, seen, request)[1], dict)
    run_id = ended(staff_desk, RunState.HELD, "held back by memory")
    assert f"Run {run_id}" in part.refresh(None, seen, request)[1]


def test_an_admin_starts_a_run_in_its_own_name_and_one_at_a_time(staff_desk: Any) -> None:
    own = process(staff_desk, "import sys, time; print(sys.argv[1:]); time.sleep(1)")
    part = RunsPart(staff_desk.services, own)
    with pytest.raises(StaffError, match="needs the role admin"):
        part.start(False, staff_desk.request("reviewer"))
    assert "is starting" in part.start(True, staff_desk.request("admin"))[0]
    with pytest.raises(StaffError, match="under way"):
        part.start(False, staff_desk.request("admin"))
    wait_until_ended(own)
    desk = str(staff_desk.services.desk.directory.resolve())
    assert str(["improve", "--by=admin", "--force", "--desk", desk]) in own.log.read_text(encoding="utf-8")
    assert own.failure is None
    assert staff_desk.actions()[0][:2] == ("admin", "improve_start")
    with staff_desk.services.desk.improving(), pytest.raises(StaffError, match="under way"):
        part.start(False, staff_desk.request("admin"))


def test_a_process_that_fails_before_it_has_a_run_is_told(staff_desk: Any) -> None:
    own = process(staff_desk, f"import sys; print({HOSTILE!r} + 'no such recipe'); sys.exit(2)")
    part = RunsPart(staff_desk.services, own)
    part.start(False, staff_desk.request("admin"))
    wait_until_ended(own)
    now = part.show(None, staff_desk.request("admin"))[0]
    assert "no such recipe" in now
    assert "<img" not in now


@pytest.mark.parametrize("name", [None, "agent"])
def test_runs_are_for_reviewers(staff_desk: Any, name: str | None) -> None:
    part, request = RunsPart(staff_desk.services), staff_desk.request(name)
    for call in (lambda: part.show(None, request), lambda: part.refresh(None, (), request)):
        with pytest.raises(StaffError):
            call()
