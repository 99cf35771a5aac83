import csv
import json
from pathlib import Path
from typing import Any

import pytest

from bot.bundle import load_bundle
from bot.encoder import Encoder
from finetune.errors import DataError
from finetune.evaluation_run import evaluate_files
from retrieval.snapshot import build_snapshot
from retrieval.values import Passage


def _csv(path: Path, header: tuple[str, ...], *rows: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def snapshot(tiny_bundle: Path, tmp_path: Path) -> Path:
    bundle = load_bundle(tiny_bundle)
    passages = [Passage(f"p{n}", f"{n}.md", "", text, "kb", n) for n, text in enumerate(("refund status", "a parcel"))]
    encoder = Encoder.open(bundle, providers="cpu")
    build_snapshot(passages, encoder.encode, encoder_id=bundle.manifest.version, directory=tmp_path / "snapshot")
    return tmp_path / "snapshot"


def test_labels_scope_and_replies_are_measured_together(tiny_bundle: Path, tmp_path: Path) -> None:
    messages = [
        {"role": role, "text": text, "intent": intent}
        for role, text, intent in (
            ("customer", "where is my order", "unheard_of"),
            ("agent", "It is on its way.", None),
        )
    ]
    figures = evaluate_files(
        tiny_bundle,
        intents=_csv(
            tmp_path / "i.csv", ("text", "intent"), ("refund status", "refund_status"), ("human", "talk_to_person")
        ),
        out_of_scope=_csv(tmp_path / "o.csv", ("text",), ("tell me a joke",)),
        dialogues=_jsonl(tmp_path / "d.jsonl", {"conversation_id": "c1", "messages": messages}),
    )
    assert figures["intent_accuracy"] == 1.0  # the label that only a dialogue names was left out
    assert figures["oos_auroc"] == 1.0
    assert figures["reply_r100_at_1"] == 1.0


def test_a_label_in_a_file_that_the_bundle_does_not_know_is_an_error(tiny_bundle: Path, tmp_path: Path) -> None:
    intents = _csv(tmp_path / "i.csv", ("text", "intent"), ("refund status", "unheard_of"), ("human", "talk_to_person"))
    with pytest.raises(DataError, match="unheard_of"):
        evaluate_files(tiny_bundle, intents=intents)


def test_a_mood_is_measured_only_by_a_bundle_that_knows_it(tiny_bundle: Path, tmp_path: Path) -> None:
    moods = _csv(tmp_path / "moods.csv", ("text", "sentiment"), ("still nothing", "negative"))
    with pytest.raises(DataError, match="does not know the sentiment 'negative'"):
        evaluate_files(tiny_bundle, sentiments=moods)


def test_queries_with_context_are_searched(tiny_bundle: Path, snapshot: Path, tmp_path: Path) -> None:
    rows = (
        {"text": "refund status", "passage_ids": ["p0"], "context": None},
        {"text": "a parcel", "document_id": "1.md", "context": ["hello", "welcome"]},
    )
    figures = evaluate_files(tiny_bundle, snapshot=snapshot, queries=_jsonl(tmp_path / "q.jsonl", *rows))
    assert figures["knowledge_mrr_at_10"] >= 0.5


@pytest.mark.parametrize("context", ["jackets?", [1], {"a": "b"}])
def test_queries_with_a_wrong_context_name_the_line(
    tiny_bundle: Path, snapshot: Path, tmp_path: Path, context: object
) -> None:
    queries = _jsonl(tmp_path / "q.jsonl", {"text": "a", "passage_ids": ["p0"], "context": context})
    with pytest.raises(DataError, match="line 1: context must be a list of texts"):
        evaluate_files(tiny_bundle, snapshot=snapshot, queries=queries)
