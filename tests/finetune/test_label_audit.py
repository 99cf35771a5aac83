"""The audit of labels: wrong ones on top, contradictions, overlaps and thin intents, by rows that name no text."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.label_findings import Finding, FindingKind, Overrides, RowPlace, row_fingerprint
from finetune.base_model import resolve_base_model
from finetune.dialogues import Dialogue
from finetune.examples import Dataset, IntentExample
from finetune.label_audit import judging
from finetune.label_audit.audit import audit_labels
from finetune.label_audit.contradictions import contradictions
from finetune.label_audit.intents import overlapping, thin
from finetune.label_audit.mislabelled import estimated_errors, mislabelled
from finetune.label_audit.places import located, place_of, texts_by_fingerprint
from finetune.label_audit.values import JudgedRows
from finetune.reviewed import ReviewedConversation, ReviewedTurn

THEMES = {"returns": "return jacket number", "delivery": "parcel late day", "payment": "card declined code"}
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def silent(_line: str) -> None: ...


def rows_of(count: int = 20) -> list[IntentExample]:
    return [IntentExample(f"{words} {n}", intent) for intent, words in THEMES.items() for n in range(count)]


def clustered(rows: list[IntentExample]) -> torch.Tensor:
    """Vectors as an encoder would see the texts: one direction a theme, with some noise."""
    random = np.random.default_rng(3)
    axes = {words: axis for axis, words in enumerate(THEMES.values())}
    vectors = random.normal(0, 0.15, (len(rows), 8))
    for place, row in enumerate(rows):
        vectors[place, axes[row.text.rsplit(" ", 1)[0]]] += 1
    return torch.tensor(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=torch.float32)


@pytest.fixture
def base(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A base model whose vectors tell the themes apart; the real encoder is measured by the bench."""
    known = {row.text: vector for row, vector in zip(rows_of(), clustered(rows_of()), strict=True)}
    monkeypatch.setattr(judging, "sentence_vectors", lambda texts, *_: torch.stack([known[text] for text in texts]))
    return resolve_base_model(str(tiny_base))


def test_planted_errors_come_first_with_the_label_that_fits(base: object) -> None:
    rows = rows_of()
    for place in (0, 25):
        rows[place] = replace(rows[place], intent="payment")
    found = audit_labels(Dataset(tuple(rows)), base, silent)  # type: ignore[arg-type]
    wrong = [finding for finding in found.findings if finding.kind is FindingKind.MISLABELLED]
    assert {(it.given, it.suggested) for it in wrong[:2]} == {("payment", "returns"), ("payment", "delivery")}
    assert {it.row for it in wrong[:2]} == {
        RowPlace(row_fingerprint(rows[0].text), "intents.csv"),
        RowPlace(row_fingerprint(rows[25].text), "intents.csv"),
    }
    assert found.figures["mislabelled_estimate"] in (1, 2)
    assert [it.score for it in found.findings] == sorted((it.score for it in found.findings), reverse=True)
    assert not any(row.text in repr(found) for row in rows)


def test_one_intent_or_only_thin_ones_are_no_ground_for_judgement(base: object) -> None:
    rows = (IntentExample("return jacket number 1", "returns"), IntentExample("parcel late day 1", "delivery"))
    found = audit_labels(Dataset(rows), base, silent)  # type: ignore[arg-type]
    assert [it.kind for it in found.findings] == [FindingKind.THIN] * 2
    assert found.figures["mislabelled_estimate"] == 0


def test_the_untrained_encoder_gives_unit_vectors_in_the_order_of_the_texts(tiny_base: Path) -> None:
    base, told = resolve_base_model(str(tiny_base)), []
    vectors = judging.sentence_vectors(["where is it", "hello", "where is it"], base, told.append)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.equal(vectors[0], vectors[2])
    assert not torch.equal(vectors[0], vectors[1])
    assert told == ["label audit: encoded 2 of 2 texts"]


def test_folds_keep_conversations_and_equal_texts_together_and_intents_even() -> None:
    rows = rows_of()
    talk = [IntentExample(f"{words} {99}", intent, (), "c1") for intent, words in THEMES.items()]
    twins = [IntentExample("Return jacket number 7!", "payment")]
    folds = judging.folds_of([*rows, *talk, *twins])
    assert len({*folds[60:63]}) == 1
    assert folds[63] == folds[7]
    assert np.bincount(folds[:20], minlength=5).max() - np.bincount(folds[:20], minlength=5).min() <= 2
    backwards = judging.folds_of([*rows, *talk, *twins][::-1])
    assert list(backwards[::-1]) == list(folds)


def test_head_has_not_seen_the_row_that_it_judges() -> None:
    """A row on its own in space carries a wrong label: a head fitted on it would defend it."""
    vectors = torch.eye(6).repeat_interleave(5, dim=0)
    given = np.repeat([0, 0, 0, 1, 1, 1], 5)
    given[0] = 1
    folds = np.tile(np.arange(5), 6)
    chances = judging.out_of_sample(vectors, given, folds, 2, silent)
    assert chances[0, 0] > 0.5
    assert chances.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-5)


def judged(given: list[int], likeliest: list[int]) -> JudgedRows:
    examples = tuple(IntentExample(f"row {n}", "ab"[label]) for n, label in enumerate(given))
    chances = np.where(np.eye(2)[likeliest] > 0, 0.9, 0.1).astype(np.float32)
    quality = np.array([0.9 if one == other else 0.1 for one, other in zip(given, likeliest, strict=True)])
    return JudgedRows(examples, ("a", "b"), np.array(given), chances, quality)


def test_no_more_rows_are_flagged_than_the_share_and_none_that_the_head_agrees_with() -> None:
    rows = judged([0] * 10 + [1] * 10, [1] * 5 + [0] * 5 + [1] * 10)
    assert len(mislabelled(rows, 0.1)) == 2
    assert len(mislabelled(rows, 1.0)) == 5
    assert estimated_errors(judged([0] * 10 + [1] * 10, [0] * 10 + [1] * 10)) == 0


def test_intents_overlap_only_where_both_are_taken_for_the_other() -> None:
    (found,) = overlapping(judged([0] * 10 + [1] * 10, [1] * 3 + [0] * 7 + [0] * 2 + [1] * 8), 0.1)
    assert (found.given, found.suggested, found.score) == ("a", "b", 0.25)
    assert (found.figures["taken_for_other"], found.figures["taken_from_other"]) == (3, 2)
    assert len(found.examples) == 5
    assert overlapping(judged([0] * 10 + [1] * 10, [1] * 5 + [0] * 5 + [1] * 10), 0.1) == []


def test_thin_intents_are_counted() -> None:
    found = thin([IntentExample("x", "rare"), *(IntentExample(str(n), "common") for n in range(4))], 4)
    assert [(it.given, it.figures) for it in found] == [("rare", {"rows": 1, "least": 4})]


def test_contradictions_name_the_worse_row_and_the_label_of_the_better() -> None:
    long = "please tell me when the parcel that i ordered last week will arrive"
    rows = [
        IntentExample("Cancel it", "cancel"),
        IntentExample("cancel it!", "returns"),
        IntentExample(long, "delivery"),
        IntentExample(f"{long} here", "other"),
        IntentExample("cancel it", "cancel"),
    ]
    found = contradictions(rows, [0.9, 0.2, 0.1, 0.8, 0.9])
    assert [(it.given, it.suggested) for it in found] == [("returns", "cancel"), ("delivery", "other")]
    assert found[0].figures["similarity"] == 1.0
    assert 0.9 < found[1].score < 1


def test_rows_of_the_log_are_traced_to_the_reviewed_message_though_their_text_is_redacted() -> None:
    def turn(sequence: int, text: str, intent: str) -> ReviewedTurn:
        return ReviewedTurn("c1", sequence, text, (), intent, None, None, NOON, NOON)

    turns = (turn(2, "where is order 1234", "a"), turn(4, "my card 5678 was declined", "a"), turn(6, "thanks", "b"))
    conversation = ReviewedConversation("c1", "c1", (), Dialogue("c1", ()), turns)
    rows = [IntentExample("my card [NUMBER] was declined", "a", (), "c1"), IntentExample("hi", "a", (), "old talk")]
    findings = [Finding(FindingKind.MISLABELLED, "a", "b", 1.0, place) for place in map(place_of, rows)]
    live, old = located(findings, [conversation], texts_by_fingerprint(rows))
    assert live.row == RowPlace("", None, "c1", 4)
    assert old.row == RowPlace(row_fingerprint("hi"), "dialogues.jsonl", "old talk")


def test_overrides_change_or_drop_a_row_with_the_label_it_had() -> None:
    key = ("intents.csv", row_fingerprint("Where  is it?"), "returns")
    assert Overrides({key: "delivery"}).label("intents.csv", "Where is it?", "returns") == "delivery"
    assert Overrides({key: None}).label("intents.csv", "Where is it?", "returns") is None
    assert Overrides({key: None}).label("intents.csv", "Where is it?", "delivery") == "delivery"
