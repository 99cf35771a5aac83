"""What training learns from: examples, pairs and the datasets that hold them. Knows no file and no model."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.turn_text import turn_text


@dataclass(frozen=True, slots=True)
class IntentExample:
    """A customer's message with its label.

    Attributes:
        context: texts of the messages before it, oldest first; empty for a message on its own.
        group: conversation it came from, or None for a row of a file of its own; groups are never split.
    """

    text: str
    intent: str
    context: tuple[str, ...] = ()
    group: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyPair:
    """What was said, and what the agent answered.

    Attributes:
        context: texts, oldest first; the last is the customer's whole turn.
        reply: the agent's whole turn, without signature.
        weight: 0.25 to 2; above 1 where the conversation went on well, below where it did not.
    """

    context: tuple[str, ...]
    reply: str
    weight: float
    conversation_id: str


@dataclass(frozen=True, slots=True)
class QuestionPassage:
    """A question and a passage that answers it.

    Attributes:
        passage_text: as it is indexed.
        article: the article that the question was labelled with, so that only some of its passages need answer it; None
            where this very passage was named.
        context: texts of the messages before the question, oldest first; empty for a question on its own.
    """

    question: str
    passage_id: str
    passage_text: str
    article: str | None = None
    context: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """What the encoder reads: the question with its context."""
        return turn_text([*self.context, self.question])


@dataclass(frozen=True, slots=True)
class SentimentExample:
    """A customer's message with the mood that it shows."""

    text: str
    sentiment: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One part of the data: what is trained on, developed on, or calibrated on.

    Attributes:
        out_of_scope: customer messages that no intent covers.
        fingerprint: sha256 (hex) of the content, whatever its order.
    """

    intents: tuple[IntentExample, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    reply_pairs: tuple[ReplyPair, ...] = ()
    questions: tuple[QuestionPassage, ...] = ()
    sentiments: tuple[SentimentExample, ...] = ()
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", _fingerprint(self))

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents that occur, in alphabetical order."""
        return tuple(sorted({example.intent for example in self.intents}))

    @property
    def moods(self) -> tuple[str, ...]:
        """The sentiments that occur, in alphabetical order."""
        return tuple(sorted({example.sentiment for example in self.sentiments}))


def _fingerprint(dataset: Dataset) -> str:
    # Two sorted levels: the order of rows must not count, the number of equal rows must.
    lines = sorted(json.dumps(row, ensure_ascii=True) for row in _rows(dataset))
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def _rows(dataset: Dataset) -> Iterator[list[object]]:
    for example in dataset.intents:
        yield ["intent", example.text, example.intent, list(example.context), example.group]
    for text in dataset.out_of_scope:
        yield ["out_of_scope", text]
    for pair in dataset.reply_pairs:
        yield ["reply", list(pair.context), pair.reply, round(pair.weight, 6), pair.conversation_id]
    for question in dataset.questions:
        where = [question.passage_id, question.passage_text, question.article]
        yield ["question", question.question, *where, list(question.context)]
    for mood in dataset.sentiments:
        yield ["sentiment", mood.text, mood.sentiment]
