"""Two bundles on the same rows. The second is the first with two labels swapped."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from finetune.comparison import Comparison, compare_bundles
from finetune.comparison_page import write_page
from finetune.errors import DataError
from finetune.examples import Dataset, IntentExample, ReplyPair

HOSTILE = " <b>"
OTHER = {"order_status": "refund_status", "refund_status": "order_status"}


@pytest.fixture(scope="module")
def swapped(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(tiny_bundle, tmp_path_factory.mktemp("swapped") / "bundle"))
    content = json.loads((folder / "manifest.json").read_text())
    intents = [OTHER.get(intent, intent) for intent in content["intents"]]
    (folder / "manifest.json").write_text(json.dumps({**content, "version": "b2", "parent": "b1", "intents": intents}))
    return folder


@pytest.fixture(scope="module")
def rows(tiny_dataset: Dataset) -> Dataset:
    hostile = [replace(row, text=row.text + HOSTILE) for row in tiny_dataset.intents]
    pairs = (ReplyPair(("where is my order",), "it is on its way", 1.0, "c1"),)
    return Dataset((*tiny_dataset.intents, *hostile), tiny_dataset.out_of_scope, pairs)


@pytest.fixture(scope="module")
def found(tiny_bundle: Path, swapped: Path, rows: Dataset) -> Comparison:
    return compare_bundles(tiny_bundle, swapped, rows, provider="cpu")


def test_losses_are_counted_by_row_and_by_intent(found: Comparison, rows: Dataset) -> None:
    pairs = [(row.intent, guess) for row, guess in zip(rows.intents, found.before.guesses, strict=True)]
    lost = [label for label, guess in pairs if label == guess and label in OTHER]
    won = [label for label, guess in pairs if OTHER.get(label) == guess]
    assert found.rows == len(rows.intents)
    assert found.paired is not None
    assert (found.paired.lost, found.paired.won) == (len(lost), len(won))
    assert len(lost) >= 24
    assert found.paired.p_worse < 0.001
    worst, second, *others = found.intents
    assert {worst.intent, second.intent} == {"order_status", "refund_status"}
    assert worst.points == -100
    assert all(change.points == 0 for change in others)
    assert {(row.kind, row.label == row.before, row.label == row.after) for row in found.changed} == {
        ("lost", True, False)
    }
    assert found.before.metrics["intent_accuracy"] > found.after.metrics["intent_accuracy"]
    assert {"oos_auroc", "reply_r100_at_1"} <= found.after.metrics.keys()
    assert found.replies is not None


def test_labels_that_one_bundle_does_not_know_are_named(tiny_bundle: Path, swapped: Path) -> None:
    rows = Dataset((IntentExample("do you sell tents", "tents"), IntentExample("where is my order", "order_status")))
    found = compare_bundles(tiny_bundle, swapped, rows, provider="cpu")
    assert found.before.unknown_labels == ("tents",)
    assert found.before.metrics["intent_accuracy"] == 0.5


def test_nothing_to_compare_on_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(DataError, match="golden set"):
        compare_bundles(tiny_bundle, tiny_bundle, Dataset(()))


def test_page_shows_everything_escaped_and_is_for_its_owner_alone(found: Comparison, tmp_path: Path) -> None:
    page = write_page(tmp_path / "out", found, "rows of <a file>")
    text = page.read_text("utf-8")
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert "rows of &lt;a file&gt;" in text
    assert "do not commit, publish or pass on" in text
    for wanted in ("Exact McNemar", "order_status", "intent_accuracy", ">b2<", "<svg"):
        assert wanted in text
    assert page.stat().st_mode & 0o777 == 0o600
    assert page.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(DataError, match="already"):
        write_page(tmp_path / "out", found, "again")


def test_equal_bundles_change_nothing(tiny_bundle: Path, rows: Dataset, tmp_path: Path) -> None:
    found = compare_bundles(tiny_bundle, tiny_bundle, rows, provider="cpu")
    assert found.paired is not None
    assert (found.paired.lost, found.paired.won, found.paired.p_value) == (0, 0, 1.0)
    assert "both read every row alike" in write_page(tmp_path / "out", found, "x").read_text("utf-8")
