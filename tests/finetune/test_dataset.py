"""The road from files to train, dev and calibration."""

import csv
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.values import Role
from finetune.cleaning import comparable
from finetune.dataset import Dataset, DatasetReport, DataSources, build_dataset, load_labelled
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.errors import DataError
from finetune.examples import IntentExample, QuestionPassage, ReplyPair, SentimentExample
from finetune.exclusion import read_exclusion
from finetune.history.dialogue_file import write_dialogues
from finetune.rows import Rows, conversations_of, split
from finetune.splitting import Part
from retrieval.passages import write_passages
from retrieval.values import Passage


def _csv(path: Path, rows: list[tuple[str, str]], label: str = "intent") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", label), *rows])
    return path


def _rows(intents: int = 3, each: int = 20) -> list[tuple[str, str]]:
    return [(f"wish {chr(97 + i)} number {n}", f"intent{i}") for i in range(intents) for n in range(each)]


def _texts(dataset: Dataset) -> set[str]:
    return {example.text for example in dataset.intents}


@pytest.mark.parametrize("label", ["intent", "category", "label"])
def test_rows_are_split_in_three_with_a_share_of_each_intent(tmp_path: Path, label: str) -> None:
    report = DatasetReport()
    parts = build_dataset(DataSources(intents=_csv(tmp_path / "i.csv", _rows(), label)), report=report)
    assert [Counter(e.intent for e in part.intents) for part in parts] == [
        {f"intent{i}": n for i in range(3)} for n in (16, 2, 2)
    ]
    assert report.sizes["train"]["intent examples"] == 48
    assert not _texts(parts[0]) & _texts(parts[1]) & _texts(parts[2])


def test_split_depends_on_seed_but_not_on_order(tmp_path: Path) -> None:
    rows = _rows()
    sources = DataSources(intents=_csv(tmp_path / "a.csv", rows))
    random.Random(3).shuffle(rows)
    shuffled = DataSources(intents=_csv(tmp_path / "b.csv", rows))
    assert build_dataset(sources) == build_dataset(shuffled)
    assert build_dataset(sources, seed=1)[2] != build_dataset(sources, seed=2)[2]


def test_small_classes_survive(tmp_path: Path) -> None:
    rows = [*_rows(2, 30), ("only one of its kind", "rare"), ("first of two", "pair"), ("second of two", "pair")]
    train, _, _ = build_dataset(DataSources(intents=_csv(tmp_path / "i.csv", rows)))
    assert {"rare", "pair"} <= set(train.labels)


def test_explicit_dev_is_kept_whole_and_calibration_is_still_held_back(tmp_path: Path) -> None:
    dev_rows = [("how about wish a", "intent0"), ("wish b perhaps", "intent1")]
    train, dev, calibration = build_dataset(
        DataSources(intents=_csv(tmp_path / "i.csv", _rows()), dev_intents=_csv(tmp_path / "d.csv", dev_rows))
    )
    assert _texts(dev) == {text for text, _ in dev_rows}
    assert len(train.intents) == 54
    assert len(calibration.intents) == 6


def test_duplicates_go_and_contradictions_are_reported(tmp_path: Path) -> None:
    rows = [
        *_rows(2, 10),
        ("Where is my parcel?", "intent0"),
        ("where is my parcel", "intent0"),
        ("where is my parcel!", "intent1"),
        ("please could you tell me right now where my big parcel is today", "intent0"),
        ("please could you tell me right now where my big parcel is today now", "intent0"),
    ]
    report = DatasetReport()
    parts = build_dataset(DataSources(intents=_csv(tmp_path / "i.csv", rows)), report=report)
    assert sum(len(part.intents) for part in parts) == len(rows) - 2
    assert report.duplicates["intents"] == 2
    assert report.contradictions == {"where is my parcel": ("intent0", "intent1")}


@pytest.mark.parametrize("form", ["csv", "jsonl", "txt"])
def test_excluded_rows_and_their_near_duplicates_never_train(tmp_path: Path, form: str) -> None:
    long = "can you please tell me when my new parcel will arrive"
    excluded = ["Wish A number 3!", long]
    path = tmp_path / f"exclude.{form}"
    if form == "csv":
        _csv(path, [(text, "x") for text in excluded])
    else:
        texts = excluded if form == "txt" else [json.dumps({"text": text}) for text in excluded]
        path.write_text("\n".join(texts))
    rows = [*_rows(), (long.replace("new", "old"), "intent1"), ("wish a number 3 please", "intent2")]
    report = DatasetReport()
    parts = build_dataset(DataSources(intents=_csv(tmp_path / "i.csv", rows), exclude=path), report=report)
    kept = set().union(*map(_texts, parts))
    assert "wish a number 3" not in kept
    assert long.replace("new", "old") not in kept
    assert "wish a number 3 please" in kept
    assert {label: n for label, n in report.excluded.items() if n} == {"intent0": 1, "intent1": 1}
    assert "excluded 1 rows of intent0" in report.summary()


def test_excluded_dialogues_take_exchanges_but_not_every_thanks(tmp_path: Path) -> None:
    exclude = tmp_path / "x.jsonl"
    told = "your parcel was handed to the carrier in our warehouse this morning"
    messages = [
        {"role": "customer", "text": "where is it"},
        {"role": "agent", "text": f"{told} *TMT"},
        {"role": "customer", "text": "thanks"},
        {"role": "agent", "text": "you are welcome"},
    ]
    exclude.write_text(json.dumps({"conversation_id": "1", "messages": messages}))
    exclusion = read_exclusion(exclude)
    assert exclusion.covers_pair(ReplyPair(("hello",), told.replace("this", "that"), 1.0, "2"))
    assert exclusion.covers_pair(ReplyPair(("Thanks!",), "You are welcome.", 1.0, "2"))
    assert exclusion.covers_pair(ReplyPair((told, "ok and then"), "we wait", 1.0, "2"))
    assert not exclusion.covers_pair(ReplyPair(("thanks", "and the invoice"), "it is in your account", 1.0, "2"))
    assert not exclusion.covers_intent(IntentExample("thanks", "gratitude"))
    assert exclusion.covers_question(QuestionPassage("and now?", "p", "text", None, (told, "ok")))
    assert not exclusion.covers_question(QuestionPassage("and now?", "p", "text", None, ("hello", "ok")))
    assert exclusion.counts["(replies)"] == 3


def test_exclude_file_that_cannot_be_read_whole_stops_the_run(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"text\ngood\nbad \xff\n")
    with pytest.raises(DataError, match="not UTF-8"):
        read_exclusion(path)


def _dialogues(path: Path, ids: range, label: str = "intent{}") -> Path:
    def one(number: int) -> Dialogue:
        asked = DialogueMessage(Role.CUSTOMER, f"where is thing {number}", intent=label.format(number % 2))
        return Dialogue(
            str(number),
            (
                asked,
                DialogueMessage(Role.AGENT, f"It is in box {number}. *TMT"),
                DialogueMessage(Role.CUSTOMER, "thanks"),
            ),
        )

    write_dialogues(path, map(one, ids))
    return path


def test_dialogues_are_split_by_conversation(tmp_path: Path) -> None:
    parts = build_dataset(DataSources(dialogues=_dialogues(tmp_path / "d.jsonl", range(40))))
    owners = [{pair.conversation_id for pair in part.reply_pairs} for part in parts]
    assert [len(found) for found in owners] == [32, 4, 4]
    assert all({e.group for e in part.intents} == found for part, found in zip(parts, owners, strict=True))
    assert {pair.reply for part in parts for pair in part.reply_pairs} == {f"It is in box {n}." for n in range(40)}


def test_conversations_of_dev_dialogues_leave_train(tmp_path: Path) -> None:
    train, dev, calibration = build_dataset(
        DataSources(
            dialogues=_dialogues(tmp_path / "d.jsonl", range(40)),
            dev_dialogues=_dialogues(tmp_path / "e.jsonl", range(30, 45)),
        )
    )
    assert {pair.conversation_id for pair in dev.reply_pairs} == {str(n) for n in range(30, 45)}
    assert not {pair.conversation_id for pair in (*train.reply_pairs, *calibration.reply_pairs)} & {
        str(n) for n in range(30, 45)
    }


def test_dev_dialogues_with_unknown_labels_lose_only_these(tmp_path: Path) -> None:
    report = DatasetReport()
    _, dev, _ = build_dataset(
        DataSources(
            dialogues=_dialogues(tmp_path / "d.jsonl", range(40)),
            dev_dialogues=_dialogues(tmp_path / "e.jsonl", range(90, 92), "odd{}"),
        ),
        report=report,
    )
    assert dev.intents == ()
    assert len(dev.reply_pairs) == 2
    assert report.dropped_dev == {"odd0": 1, "odd1": 1}


def test_questions_come_from_queries_and_from_faq_titles(tmp_path: Path) -> None:
    passages = [
        Passage("p1", "d", "Help > How do I pay?", "With a card.", "x", 0),
        Passage("p2", "d", "Shipping", "We ship daily.", "x", 1),
    ]
    write_passages(tmp_path / "p.jsonl", passages)
    queries = tmp_path / "q.jsonl"
    queries.write_text(json.dumps({"text": "when do you ship", "passage_ids": ["p2"]}) + '\n{"text": ""}\n')
    train, dev, calibration = build_dataset(DataSources(knowledge=tmp_path / "p.jsonl", knowledge_queries=queries))
    found = {(q.question, q.passage_text) for part in (train, dev, calibration) for q in part.questions}
    assert found == {("How do I pay?", "With a card."), ("when do you ship", "Shipping\nWe ship daily.")}


def test_queries_may_name_an_article_and_what_was_said_before(tmp_path: Path) -> None:
    passages = [Passage(f"p{n}", "boots.md", "Boots", f"Text {n}.", "x", n) for n in range(2)]
    write_passages(tmp_path / "p.jsonl", passages)
    queries = tmp_path / "q.jsonl"
    rows = [
        {"text": "and boots?", "document_id": "boots.md", "context": ["jackets?", "Wash them."]},
        {"text": "and tents?", "document_id": "boots.md", "context": "jackets?"},
    ]
    queries.write_text("\n".join(map(json.dumps, rows)))
    report = DatasetReport()
    parts = build_dataset(DataSources(knowledge=tmp_path / "p.jsonl", knowledge_queries=queries), report=report)
    found = [question for part in parts for question in part.questions]
    assert [question.passage_id for question in found] == ["p0", "p1"]
    assert {(q.article, q.query) for q in found} == {("boots.md", "and boots? [SEP] Wash them. [SEP] jackets?")}
    assert report.read.summary()[1:] == ["skipped 1: context is not a list of texts (line 2)"]


def test_queries_with_unknown_passages_name_the_line(tmp_path: Path) -> None:
    write_passages(tmp_path / "p.jsonl", [Passage("p1", "d", "", "x", "x", 0)])
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"text": "a", "passage_ids": ["zz"]}')
    with pytest.raises(DataError, match="line 1: no passage 'zz'"):
        build_dataset(DataSources(knowledge=tmp_path / "p.jsonl", knowledge_queries=queries))
    with pytest.raises(DataError, match="give --knowledge"):
        build_dataset(DataSources(knowledge_queries=queries))


@pytest.mark.parametrize(
    ("train", "dev", "message"),
    [
        (None, None, "no such file"),
        ([], None, "no row with a text and a label"),
        ([("a", "x"), ("b", "x")], None, r"only one class \(x\)"),
        ([("a", "x"), ("b", "y")], [("c", "z")], "labels that train has no row of: z"),
        ([("  ", "x"), ("b", "")], None, "no row with a text and a label"),
    ],
)
def test_unusable_data_is_a_one_line_error(
    tmp_path: Path, train: list[tuple[str, str]] | None, dev: list[tuple[str, str]] | None, message: str
) -> None:
    path = tmp_path / "i.csv" if train is None else _csv(tmp_path / "i.csv", train)
    sources = DataSources(intents=path, dev_intents=_csv(tmp_path / "d.csv", dev) if dev else None)
    with pytest.raises(DataError, match=message) as caught:
        build_dataset(sources)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("label", ["sentiment", "mood", "emotion", "label"])
def test_messages_with_a_mood_are_made_unique_excluded_and_split(tmp_path: Path, label: str) -> None:
    rows = [(f"{mood} words {n}", mood) for mood in ("negative", "positive") for n in range(20)]
    moods = _csv(tmp_path / "m.csv", [*rows, ("Negative words 3!", "negative"), ("cursed words", "negative")], label)
    exclude = _csv(tmp_path / "e.csv", [("cursed words", "")])
    report = DatasetReport()
    parts = build_dataset(DataSources(sentiments=moods, exclude=exclude), report=report)
    assert [Counter(row.sentiment for row in part.sentiments) for part in parts] == [
        {"negative": n, "positive": n} for n in (16, 2, 2)
    ]
    assert (report.duplicates["sentiments"], report.excluded["(sentiments)"]) == (1, 1)
    assert len({row.text for part in parts for row in part.sentiments}) == 40
    assert parts[0].moods == ("negative", "positive")


def test_given_dev_moods_are_kept_whole_and_must_be_known(tmp_path: Path) -> None:
    moods = _csv(tmp_path / "m.csv", [(f"{mood} {n}", mood) for mood in "ab" for n in range(9)], "sentiment")
    dev = _csv(tmp_path / "d.csv", [("a 1", "a")], "sentiment")
    train, held, _ = build_dataset(DataSources(sentiments=moods, dev_sentiments=dev))
    assert held.sentiments == (SentimentExample("a 1", "a"),)
    assert len(train.sentiments) == 16
    strange = _csv(tmp_path / "s.csv", [("c 1", "c")], "sentiment")
    with pytest.raises(DataError, match=r"s.csv: labels that train has no row of: c"):
        build_dataset(DataSources(sentiments=moods, dev_sentiments=strange))
    with pytest.raises(DataError, match=r"d.csv: only one sentiment \(a\)"):
        build_dataset(DataSources(sentiments=dev))


def test_a_dataset_without_moods_keeps_the_fingerprint_that_it_had_before_there_were_any() -> None:
    bare = Dataset((IntentExample("a", "x"),), ("o",), (ReplyPair(("q",), "r", 1.0, "c"),))
    assert bare.fingerprint == "da6198fc331ad9ae10a107456dc624944fc0e9ae5b3aa51d3f3b10aae6763348"
    assert Dataset(bare.intents, bare.out_of_scope, sentiments=(SentimentExample("a", "x"),)).fingerprint != (
        Dataset((*bare.intents, IntentExample("a", "x")), bare.out_of_scope).fingerprint
    )


def test_nothing_at_all_says_what_to_give() -> None:
    with pytest.raises(DataError, match="--intents, --dialogues"):
        build_dataset(DataSources())


def test_load_labelled_keeps_every_row(tmp_path: Path) -> None:
    rows = [("same text", "x"), ("same text", "x"), ("other &amp; more", "x")]
    dataset = load_labelled(intents=_csv(tmp_path / "i.csv", rows))
    assert sorted(e.text for e in dataset.intents) == ["other & more", "same text", "same text"]


GROUPS = st.one_of(st.none(), st.sampled_from("pqrstuvw"))
EXAMPLES = st.builds(
    IntentExample, st.text("abcd ", min_size=1, max_size=6), st.sampled_from(["x", "y", "z"]), st.just(()), GROUPS
)
PAIRS = st.builds(ReplyPair, st.just(("q",)), st.sampled_from("abcdef"), st.just(1.0), st.sampled_from("pqrstuvwuvw"))


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(EXAMPLES, max_size=40), st.lists(PAIRS, max_size=20), st.integers(0, 5), st.booleans())
def test_parts_are_disjoint_whole_and_keep_every_intent(
    examples: list[IntentExample], pairs: list[ReplyPair], seed: int, with_dev: bool
) -> None:
    rows = Rows(tuple(examples), (), tuple(pairs))
    parts = split(
        rows,
        seed=seed,
        dev_intents=with_dev,
        dev_out_of_scope=with_dev,
        dev_dialogues=with_dev,
        dev_sentiments=with_dev,
    )
    assert Counter(e for part in parts.values() for e in part.intents) == Counter(examples)
    assert Counter(p for part in parts.values() for p in part.reply_pairs) == Counter(pairs)
    owners = [conversations_of(part) for part in parts.values()]
    assert sum(map(len, owners)) == len(set().union(*owners))
    alone = [{comparable(e.text) for e in part.intents if e.group is None} for part in parts.values()]
    assert sum(map(len, alone)) == len(set().union(*alone))
    assert {e.intent for e in parts[Part.TRAIN].intents} == {e.intent for e in examples}
    assert with_dev or parts[Part.DEV] == Rows()


@given(st.lists(EXAMPLES, max_size=8), st.lists(PAIRS, max_size=8), st.randoms())
def test_fingerprint_ignores_order_but_nothing_else(
    examples: list[IntentExample], pairs: list[ReplyPair], generator: random.Random
) -> None:
    whole = Dataset(tuple(examples), ("o",), tuple(pairs))
    mixed_examples, mixed_pairs = list(examples), list(pairs)
    generator.shuffle(mixed_examples)
    generator.shuffle(mixed_pairs)
    assert Dataset(tuple(mixed_examples), ("o",), tuple(mixed_pairs)).fingerprint == whole.fingerprint
    assert Dataset((*examples, IntentExample("new", "x")), ("o",), tuple(pairs)).fingerprint != whole.fingerprint
    assert Dataset(tuple(examples), ("o", "o"), tuple(pairs)).fingerprint != whole.fingerprint


WORDS = st.sampled_from([f"term{letter}" for letter in "abcdefghijkl"])
MESSAGES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    st.lists(st.tuples(MESSAGES, st.sampled_from("xy")), min_size=1, max_size=25),
    st.lists(MESSAGES, min_size=1, max_size=6),
)
def test_nothing_excluded_is_in_any_part(tmp_path: Path, rows: list[tuple[str, str]], excluded: list[str]) -> None:
    intents = _csv(tmp_path / "i.csv", [*rows, ("sure thing", "x"), ("never mind", "y")])
    parts = build_dataset(DataSources(intents=intents, exclude=_csv(tmp_path / "x.csv", [(t, "") for t in excluded])))
    for text in set().union(*map(_texts, parts)):
        tokens = text.split()
        for other in (text.split() for text in excluded):
            assert tokens != other
            if min(len(tokens), len(other)) >= 8:
                assert len(set(tokens) & set(other)) < 0.75 * len(set(tokens) | set(other))
