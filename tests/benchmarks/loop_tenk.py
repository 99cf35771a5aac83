"""`scripts/bench loop --only tenk`: how long `frontdesk improve` takes on a desk with 10,000 reviewed turns."""

import shutil
import subprocess
import sys
import time

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.improvement import RunState
from tests.benchmarks import data
from tests.benchmarks.bundles import train_bundle
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.reviewed_desk import Asked, ask_and_review, new_desk
from tests.benchmarks.shop_desk import SHOP
from tests.benchmarks.workplace import ROOT, Workplace

TURNS = 10_000
_A_CUSTOMER = 2
"""Turns of each customer."""


def measure(place: Workplace) -> dict[str, float]:
    """BANKING77's rows as customers' messages on a desk that began with a tenth of them, then one `improve`."""
    rows = data.labelled_rows(place, "intents/banking77/train.csv", "category")
    rows = sorted(rows, key=lambda row: data.fold(row[0], 2**32))[:TURNS]
    first = data.intent_file(place, "tenk-first", rows[::10])
    live = train_bundle(place, "tenk-first", "fast", {"intents": first}).directory
    desk = new_desk(place, "tenk", live, {label for _, label in rows})
    (desk.directory / "training").mkdir()
    shutil.copy(SHOP / "out_of_scope.csv", desk.directory / "training")
    asked = [Asked(f"customer-{number // _A_CUSTOMER}", *row) for number, row in enumerate(rows)]
    before = ask_and_review(place, desk, asked)
    started = time.monotonic()
    command = [sys.executable, "-m", "ui.cli", "improve", "--desk", str(desk.directory), "--recipe", "full"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    seconds = time.monotonic() - started
    return {"improve_10k_s": seconds, "improve_10k_turns": float(len(rows)), **_outcome(desk, done.returncode, before)}


def _outcome(desk: Desk, status: int, before: float) -> dict[str, float]:
    with open_store(desk, desk.settings()) as store:
        run = store.runs.newest(1)[0]
    if run.state not in {RunState.PUBLISHED, RunState.HELD}:
        raise BenchmarkError(f"improve ended with status {status}: {run.state} {run.reason}")
    golden = next(gate for gate in run.gates if gate.name == "golden_set").figures
    return {
        "improve_10k_published": float(run.state is RunState.PUBLISHED),
        "improve_10k_live_right": before,
        "improve_10k_golden_live": golden["accuracy_live"],
        "improve_10k_golden_candidate": golden["accuracy_candidate"],
    }
