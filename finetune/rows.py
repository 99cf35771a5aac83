"""Rows on their way into a dataset: made unique, kept from what must not train, and split. Knows no files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from finetune.cleaning import clean_text, comparable
from finetune.duplicates import unique_indices
from finetune.examples import Dataset, IntentExample, QuestionPassage, ReplyPair, SentimentExample
from finetune.exclusion import Exclusion
from finetune.splitting import Part, split_by_label, split_keys

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of all kinds, before they are a dataset."""

    intents: tuple[IntentExample, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    reply_pairs: tuple[ReplyPair, ...] = ()
    questions: tuple[QuestionPassage, ...] = ()
    sentiments: tuple[SentimentExample, ...] = ()

    def dataset(self) -> Dataset:
        """The same rows with their fingerprint."""
        return Dataset(self.intents, self.out_of_scope, self.reply_pairs, self.questions, self.sentiments)


def cleaned(rows: Rows) -> Rows:
    """Rows with clean texts, without those that are then empty, in an order that the input's order does not change."""
    intents = (IntentExample(clean_text(row.text), row.intent, row.context, row.group) for row in rows.intents)
    questions = (replace(row, question=clean_text(row.question)) for row in rows.questions)
    sentiments = (replace(row, text=clean_text(row.text)) for row in rows.sentiments)
    return Rows(
        tuple(sorted((row for row in intents if row.text), key=_intent_order)),
        tuple(sorted(filter(None, map(clean_text, rows.out_of_scope)))),
        tuple(sorted(rows.reply_pairs, key=lambda row: (row.conversation_id, row.context, row.reply))),
        tuple(sorted((row for row in questions if row.question), key=lambda row: (row.query, row.passage_id))),
        tuple(sorted((row for row in sentiments if row.text), key=lambda row: (row.sentiment, row.text))),
    )


def unique(rows: Rows, duplicates: Counter[str]) -> Rows:
    """Rows without repetitions; what was dropped is counted by kind (``intents``, ``reply_pairs``, ...).

    Labelled messages and out-of-scope ones lose near-duplicates of the same label as well, pairs only equal ones:
    there one wording of a question with two answers is worth having.
    """
    return Rows(
        _unlike(rows.intents, _intent_text, duplicates, "intents"),
        _unlike(rows.out_of_scope, lambda text: (None, text), duplicates, "out_of_scope"),
        _unequal(rows.reply_pairs, _pair_key, duplicates, "reply_pairs"),
        _unequal(rows.questions, lambda row: (comparable(row.query), row.passage_id), duplicates, "questions"),
        _unlike(rows.sentiments, lambda row: (row.sentiment, row.text), duplicates, "sentiments"),
    )


def contradictions(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Texts under more than one label: comparable text -> labels; out-of-scope counts as ``(out of scope)``."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for example in rows.intents:
        labels[comparable(example.text)].add(example.intent)
    for text in rows.out_of_scope:
        labels[comparable(text)].add("(out of scope)")
    return {text: tuple(sorted(found)) for text, found in labels.items() if len(found) > 1}


def allowed(rows: Rows, exclusion: Exclusion) -> Rows:
    """Rows that the exclusion does not cover."""
    return Rows(
        tuple(row for row in rows.intents if not exclusion.covers_intent(row)),
        tuple(row for row in rows.out_of_scope if not exclusion.covers_out_of_scope(row)),
        tuple(row for row in rows.reply_pairs if not exclusion.covers_pair(row)),
        tuple(row for row in rows.questions if not exclusion.covers_question(row)),
        tuple(row for row in rows.sentiments if not exclusion.covers_sentiment(row)),
    )


def without_conversations(rows: Rows, conversations: set[str]) -> Rows:
    """Rows that come from none of these conversations."""
    return Rows(
        tuple(row for row in rows.intents if row.group not in conversations),
        rows.out_of_scope,
        tuple(row for row in rows.reply_pairs if row.conversation_id not in conversations),
        rows.questions,
        rows.sentiments,
    )


def conversations_of(rows: Rows) -> set[str]:
    """Ids of the conversations that rows come from."""
    found = {row.group for row in rows.intents if row.group is not None}
    return found | {row.conversation_id for row in rows.reply_pairs}


def split(
    rows: Rows,
    *,
    seed: int,
    dev_intents: bool,
    dev_out_of_scope: bool,
    dev_dialogues: bool,
    dev_sentiments: bool,
) -> dict[Part, Rows]:
    """Divide rows into train, dev and calibration; a conversation, and equal texts, stay together.

    Args:
        rows: unique ones.
        seed: of the hash that places a group.
        dev_intents: whether to hold back labelled rows for dev.
        dev_out_of_scope: the same for out-of-scope messages.
        dev_dialogues: the same for conversations, with their labelled messages.
        dev_sentiments: the same for messages with a mood.
    """
    single: defaultdict[str, set[str]] = defaultdict(set)
    conversations: dict[str, set[str]] = {key: set() for key in conversations_of(rows)}
    for row in rows.intents:
        if row.group is None:
            single[comparable(row.text)].add(row.intent)
        else:
            conversations[row.group].add(row.intent)
    of_text = split_by_label(single, seed=seed, with_dev=dev_intents)
    # Dialogues teach replies; thresholds need few of them.
    of_conversation = split_by_label(conversations, seed=seed, with_dev=dev_dialogues, share=0.05)
    of_other = split_keys(map(comparable, rows.out_of_scope), seed=seed, with_dev=dev_out_of_scope)
    of_question = split_keys((comparable(row.question) for row in rows.questions), seed=seed, with_dev=True)
    moods: defaultdict[str, set[str]] = defaultdict(set)
    for mood in rows.sentiments:
        moods[comparable(mood.text)].add(mood.sentiment)
    of_mood = split_by_label(moods, seed=seed, with_dev=dev_sentiments)

    def part_of(row: IntentExample) -> Part:
        return of_text[comparable(row.text)] if row.group is None else of_conversation[row.group]

    return {
        part: Rows(
            tuple(row for row in rows.intents if part_of(row) is part),
            tuple(text for text in rows.out_of_scope if of_other[comparable(text)] is part),
            tuple(row for row in rows.reply_pairs if of_conversation[row.conversation_id] is part),
            tuple(row for row in rows.questions if of_question[comparable(row.question)] is part),
            tuple(row for row in rows.sentiments if of_mood[comparable(row.text)] is part),
        )
        for part in Part
    }


def _intent_order(row: IntentExample) -> tuple[str, str, tuple[str, ...], str]:
    return row.intent, row.text, row.context, row.group or ""


def _intent_text(row: IntentExample) -> tuple[Hashable, str]:
    return (row.intent, bool(row.context)), " ".join((*row.context, row.text))


def _pair_key(row: ReplyPair) -> Hashable:
    return tuple(map(comparable, row.context)), comparable(row.reply)


def _unlike(
    rows: tuple[Row, ...], key: Callable[[Row], tuple[Hashable, str]], duplicates: Counter[str], kind: str
) -> tuple[Row, ...]:
    kept = tuple(rows[place] for place, repeats in unique_indices(map(key, rows)) if not repeats)
    duplicates[kind] += len(rows) - len(kept)
    return kept


def _unequal(
    rows: Iterable[Row], key: Callable[[Row], Hashable], duplicates: Counter[str], kind: str
) -> tuple[Row, ...]:
    kept: dict[Hashable, Row] = {}
    for row in rows:
        first = kept.setdefault(key(row), row)
        duplicates[kind] += first is not row
    return tuple(kept.values())
