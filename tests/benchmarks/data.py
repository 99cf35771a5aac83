"""The development data as the product's input files, split as its README says. Knows no model and no metric.

No text of the data stays in the repository: everything is written below the workplace's folder.
"""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.turn_text import turn_text
from finetune.dialogue_examples import reply_pairs as pairs_of
from finetune.dialogues import Dialogue
from finetune.examples import ReplyPair
from finetune.history.dialogue_file import read_dialogues, write_dialogues
from finetune.history.formats import reader_of
from finetune.history.report import ImportReport
from finetune.turns import turns_of
from retrieval.passages import write_passages
from retrieval.values import Passage
from tests.benchmarks.protocol import unequal_pairs
from tests.benchmarks.workplace import Workplace

LabelledText = tuple[str, str]

_SMOKE_LABELS, _SMOKE_ROWS, _SMOKE_DIALOGUES, _SMOKE_THREADS = 6, 24, 240, 12


@dataclass(frozen=True, slots=True)
class IntentFiles:
    """CSV files of one intent data set; out-of-scope files are by name."""

    train: Path
    dev: Path
    out_of_scope: Path | None
    dev_out_of_scope: dict[str, Path]


@dataclass(frozen=True, slots=True)
class DialogueFiles:
    """Dialogues to train on and to develop on."""

    train: Path
    dev: Path


@dataclass(frozen=True, slots=True)
class Faq:
    """Passages of an FAQ, and queries with the ids of the passages that answer them."""

    passages: Path
    queries: tuple[tuple[str, frozenset[str]], ...]


def fold(key: str, folds: int) -> int:
    """The fold that a key belongs to: its MD5 as a number, modulo the number of folds."""
    return _hash(key) % folds


def _hash(key: str) -> int:
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)


def clinc150(place: Workplace) -> IntentFiles:
    """150 intents with out-of-scope rows in train and dev."""
    folder = "intents/clinc150"
    return IntentFiles(
        intent_file(place, "clinc150-train", labelled_rows(place, f"{folder}/train.csv", "intent")),
        intent_file(place, "clinc150-dev", labelled_rows(place, f"{folder}/val.csv", "intent")),
        place.source(f"{folder}/oos_train.csv"),
        {"oos": place.source(f"{folder}/oos_val.csv")},
    )


def banking77(place: Workplace) -> IntentFiles:
    """77 intents; dev = rows with MD5 of the text divisible by 10."""
    rows = labelled_rows(place, "intents/banking77/train.csv", "category")
    return IntentFiles(
        intent_file(place, "banking77-train", [row for row in rows if fold(row[0], 10) != 0]),
        intent_file(place, "banking77-dev", [row for row in rows if fold(row[0], 10) == 0]),
        None,
        {},
    )


def banking77_oos(place: Workplace) -> IntentFiles:
    """50 intents in scope; out-of-scope rows for measuring only, from the same bank and from elsewhere."""
    folder = "intents/banking77_oos"
    return IntentFiles(
        intent_file(place, "banking77-oos-train", labelled_rows(place, f"{folder}/train.csv", "intent")),
        intent_file(place, "banking77-oos-dev", labelled_rows(place, f"{folder}/val.csv", "intent")),
        None,
        {name: place.source(f"{folder}/{name}_oos_val.csv") for name in ("in_domain", "out_of_domain")},
    )


def airlines(place: Workplace) -> DialogueFiles:
    """Support threads by fold of their first tweet: dev = fold 8, train = folds 0-7, nothing else is read."""
    source = place.source("dialogues/airlines/airlines.csv")
    dialogues = list(reader_of("airlines")(source, ImportReport(), None))
    return _dialogues(place, "airlines", dialogues, lambda name: fold(name, 10), train=range(8), dev=8)


def star(place: Workplace) -> DialogueFiles:
    """Service dialogues by fold of their id: dev = fold 0, train = folds 1-4."""
    source = place.source("dialogues/star/dialogues.jsonl.gz")
    dialogues = list(reader_of("star")(source, ImportReport(), None))
    return _dialogues(place, "star", dialogues, lambda name: fold(name, 5), train=range(1, 5), dev=0)


def stackfaq(place: Workplace) -> Faq:
    """719 question-answer pairs of 125 threads; a query's right pairs are all those of its thread."""
    threads = list(_threads(json.loads(place.source("knowledge/stackfaq/stackExchange-FAQ.json").read_text("utf-8"))))
    threads = threads[:_SMOKE_THREADS] if place.smoke else threads
    path = place.folder("data") / "stackfaq.jsonl"
    passages = [passage for number, thread in enumerate(threads) for passage in _thread_passages(number, thread)]
    write_passages(path, passages)
    queries = [
        (query, frozenset(passage.passage_id for passage in passages if passage.document_id == f"thread-{number}"))
        for number, thread in enumerate(threads)
        for query in thread["rephr"]
        if (query or "").strip() not in ("", "*")
    ]
    return Faq(path, tuple(queries))


def few_of_each(rows: Iterable[LabelledText], labels: int, of_each: int) -> list[LabelledText]:
    """The first rows of the alphabetically first labels."""
    listed = list(rows)
    kept = set(sorted({label for _, label in listed})[:labels])
    seen: Counter[str] = Counter()
    chosen = []
    for text, label in listed:
        seen[label] += 1
        if label in kept and seen[label] <= of_each:
            chosen.append((text, label))
    return chosen


def labelled_rows(place: Workplace, name: str, label: str) -> list[LabelledText]:
    """Rows of a CSV file of the development data by its columns ``text`` and ``label``."""
    with place.source(name).open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row[label]) for row in csv.DictReader(file)]
    return few_of_each(rows, _SMOKE_LABELS, _SMOKE_ROWS * 5) if place.smoke else rows


def intent_file(place: Workplace, name: str, rows: Iterable[LabelledText]) -> Path:
    """The rows as a file that `frontdesk train` reads."""
    path = place.folder("data") / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "intent"))
        writer.writerows(few_of_each(rows, _SMOKE_LABELS, _SMOKE_ROWS) if place.smoke else rows)
    return path


def _dialogues(
    place: Workplace,
    name: str,
    dialogues: list[Dialogue],
    fold_of: Callable[[str], int],
    *,
    train: Iterable[int],
    dev: int,
) -> DialogueFiles:
    most = _SMOKE_DIALOGUES if place.smoke else len(dialogues)
    wanted = set(train)
    files = DialogueFiles(place.folder("data") / f"{name}-train.jsonl", place.folder("data") / f"{name}-dev.jsonl")
    for path, folds in ((files.train, wanted), (files.dev, {dev})):
        write_dialogues(path, [one for one in dialogues if fold_of(one.conversation_id) in folds][:most])
    return files


def _threads(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the file, however deep, that is an FAQ thread."""
    if isinstance(value, dict):
        if "question" in value and "answer" in value:
            yield value
        else:
            for inner in value.values():
                yield from _threads(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _threads(inner)


def _thread_passages(number: int, thread: dict[str, Any]) -> Iterator[Passage]:
    answers = thread["answer"] if isinstance(thread["answer"], list) else [thread["answer"]]
    for position, answer in enumerate(answers):
        name = f"thread-{number}"
        yield Passage(f"{name}-{position}", name, thread["question"], answer, "", position)


def reply_pairs(dialogues: Path) -> list[ReplyPair]:
    """Pairs of customer's turn and agent's next turn in the order of the file, each once."""
    return unequal_pairs(
        [
            pair
            for dialogue in read_dialogues(dialogues)
            for pair in pairs_of(dialogue.conversation_id, turns_of(dialogue))
        ]
    )


def by_hash(pairs: Sequence[ReplyPair]) -> list[ReplyPair]:
    """Pairs in the order of the hash that also places their threads in folds; pairs of a thread stay together."""
    return sorted(pairs, key=lambda pair: _hash(pair.conversation_id))


def pair_texts(pairs: Sequence[ReplyPair]) -> list[str]:
    """What the encoder reads as each pair's context."""
    return [turn_text(pair.context) for pair in pairs]
