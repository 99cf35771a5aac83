"""`scripts/bench loop --only airlines`: the whole loop on real support threads, well, too boldly, and spoilt.

Raw log -> `history import` -> a first desk -> the labelled threads asked and reviewed by a script -> `improve`, once
with the whole encoder fine-tuned on these few labels and once with a frozen one. Then every review is overwritten with
a wrong label, and `improve` has to hold the bundle back. Writes docs/loop-airlines.md: figures, no text of the data.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.improvement import Run, RunState
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.values import Role
from finetune.dialogues import Dialogue
from finetune.history.dialogue_file import read_dialogues, write_dialogues
from finetune.reviewed import EVER
from finetune.run_report import run_as_markdown
from tests.benchmarks import data
from tests.benchmarks.bundles import train_bundle
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.reviewed_desk import REVIEWER, Asked, ask_and_review, new_desk
from tests.benchmarks.shop_desk import SHOP
from tests.benchmarks.workplace import ROOT, Workplace

PAGE = ROOT / "docs" / "loop-airlines.md"
_RECIPE = Path(__file__).parent / "recipes" / "airlines-loop.toml"
_BASE_FOLDS = (0, 1)
"""Threads without a label that the desk has from before; the rest would only make the run longer."""

_HEAD = """<!-- Made by `scripts/bench loop --only airlines`; do not edit. -->
# The loop on real support threads

A log of 38,695 support threads between airlines and their customers (TwACS) goes through the whole loop. The first desk
knows a quarter of the 453 labelled threads, and the demo shop's out-of-scope messages; half of the threads are asked of
its bot and reviewed by a script that knows the labels; the last quarter is the golden set (`training/golden.csv`) and
never trains. Three runs follow:

1. the whole encoder is fine-tuned (`full`): with some 300 labels that is bold, and the gates have their say;
2. the encoder stays frozen (`fast`), which few labels bear better: this one has to be published;
3. every review is overwritten with a wrong label: this one has to be held back.

This page holds figures alone, no text of the data set.

"""


def measure(place: Workplace) -> dict[str, float]:
    """A bold run, one that is published, and one that is held back."""
    labelled, others = _threads(place)
    golden, first, reviewed = (_part(labelled, folds) for folds in ({0}, {1}, {2, 3}))
    live = train_bundle(place, "airlines-first", "fast", {"intents": data.intent_file(place, "loop-first", first)})
    desk = new_desk(place, "airlines", live.directory, {label for _, label in first + reviewed})
    _fill_training_folder(place, desk, golden, first, others)
    before = ask_and_review(place, desk, [Asked(f"customer-{n}", *row) for n, row in enumerate(reviewed)])
    bold = _improve(desk, str(_RECIPE))
    good = _improve(desk, "fast", "--force")
    if good.state is not RunState.PUBLISHED:
        raise BenchmarkError(f"the well reviewed run was not published: {good.reason}")
    _spoil(desk)
    bad = _improve(desk, "fast")
    if bad.state is not RunState.HELD:
        raise BenchmarkError(f"the spoilt run was not held back: {bad.state}")
    if not place.smoke:
        PAGE.write_text(_HEAD + "\n".join(map(run_as_markdown, (bold, good, bad))), encoding="utf-8")
    return {
        "airlines_first_right": before,
        "airlines_full_published": float(bold.state is RunState.PUBLISHED),
        "airlines_published": 1.0,
        "airlines_spoilt_held": 1.0,
        **_golden("airlines_full", bold),
        **_golden("airlines", good),
        **_golden("airlines_spoilt", bad),
        "airlines_full_s": _seconds(bold),
        "airlines_s": _seconds(good),
        "airlines_spoilt_failed_gates": float(sum(not gate.passed for gate in bad.gates)),
    }


def _threads(place: Workplace) -> tuple[list[tuple[str, str]], list[Dialogue]]:
    """Labelled first messages in the order of their hash, and threads without a label."""
    imported = place.folder("data") / "airlines-all.jsonl"
    raw = place.source("dialogues/airlines/airlines.csv")
    command = [sys.executable, "-m", "ui.cli", "history", "import", str(raw), "--format", "airlines"]
    subprocess.run([*command, "--out", str(imported)], cwd=ROOT, check=True)
    labelled, others = [], []
    for dialogue in read_dialogues(imported):
        label = next((it.intent for it in dialogue.messages if it.role is Role.CUSTOMER and it.intent), None)
        if label:
            labelled.append((dialogue.messages[0].text, label))
        elif data.fold(dialogue.conversation_id, 10) in _BASE_FOLDS:
            others.append(dialogue)
    return sorted(labelled, key=lambda row: data.fold(row[0], 2**32)), others[: 200 if place.smoke else None]


def _part(labelled: Sequence[tuple[str, str]], folds: set[int]) -> list[tuple[str, str]]:
    return [row for number, row in enumerate(labelled) if number % 4 in folds]


def _fill_training_folder(
    place: Workplace,
    desk: Desk,
    golden: Sequence[tuple[str, str]],
    first: Sequence[tuple[str, str]],
    others: Sequence[Dialogue],
) -> None:
    folder = desk.directory / "training"
    folder.mkdir()
    shutil.copy(data.intent_file(place, "loop-golden", golden), folder / "golden.csv")
    shutil.copy(data.intent_file(place, "loop-first", first), folder / "intents.csv")
    shutil.copy(SHOP / "out_of_scope.csv", folder)
    write_dialogues(folder / "dialogues.jsonl", others)


def _improve(desk: Desk, recipe: str, *options: str) -> Run:
    command = [sys.executable, "-m", "ui.cli", "improve", "--desk", str(desk.directory), "--by", REVIEWER]
    subprocess.run([*command, "--recipe", recipe, *options], cwd=ROOT, check=False)
    with open_store(desk, desk.settings()) as store:
        run = store.runs.newest(1)[0]
    if run.state is RunState.FAILED:
        raise BenchmarkError(f"improve failed: {run.reason}")
    return run


def _spoil(desk: Desk) -> None:
    """Each review now names the label of another one."""
    with open_store(desk, desk.settings()) as store:
        reviews = list(store.reviews.since(EVER))
        labels = sorted({review.right_intent for review in reviews if review.right_intent})
        for review in reviews:
            if review.right_intent:
                wrong = labels[(labels.index(review.right_intent) + 1 + review.sequence % 3) % len(labels)]
                opinion = Opinion(Verdict.CORRECTED, wrong)
                save_opinion(store, review.conversation_id, review.sequence, opinion, reviewer=review.reviewer)


def _golden(prefix: str, run: Run) -> dict[str, float]:
    """Share of the golden rows that each bundle reads right."""
    gate = next(gate for gate in run.gates if gate.name == "golden_set")
    return {f"{prefix}_golden_{side}": gate.figures[f"accuracy_{side}"] for side in ("live", "candidate")}


def _seconds(run: Run) -> float:
    return (run.finished_utc - run.started_utc).total_seconds() if run.finished_utc else 0.0
