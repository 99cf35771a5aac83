"""A run as a page: every gate with its number, and no table that a reader cannot follow."""

from datetime import UTC, datetime, timedelta

from bot.improvement import GateResult, Run, RunState
from finetune.run_report import run_as_markdown

BEGAN = datetime(2026, 11, 24, 9, tzinfo=UTC)


def run(state: RunState, *gates: GateResult, bundle: str | None = "b2", reason: str | None = None) -> Run:
    ended = BEGAN + timedelta(seconds=90)
    return Run(7, state, "eve", BEGAN, ended, "", 0, 0, "d1", bundle, "b1", BEGAN, gates, {"reviews": 12}, reason)


def test_a_held_run_names_the_gate_its_number_and_its_threshold() -> None:
    gate = GateResult("golden_set", False, 12.5, 5, "returns lost 12.5 points", {"before": 0.9})
    page = run_as_markdown(run(RunState.HELD, gate, reason="held back by golden_set"))
    assert "# Run 7: held back" in page
    assert "The bundle was held back: held back by golden_set." in page
    assert "| golden_set | **failed** | 12.5 | 5 | returns lost 12.5 points |" in page
    assert "| before | 0.9 |" in page
    assert "| took | 90 s |" in page


def test_a_run_without_a_bundle_says_why() -> None:
    page = run_as_markdown(run(RunState.NOTHING_NEW, bundle=None, reason="no review is new"))
    assert "No bundle was made: no review is new." in page
