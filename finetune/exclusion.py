"""Rows that must never train: an ``--exclude`` file and what equals or nearly equals it. Knows no model."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from finetune.cleaning import clean_text, comparable, strip_signature
from finetune.duplicates import LEAK_SIMILARITY, NEAR_TOKENS, NearDuplicates
from finetune.errors import DataError
from finetune.examples import IntentExample, QuestionPassage, ReplyPair, SentimentExample
from finetune.history.json_lines import json_records
from finetune.history.lines import csv_records, flaw, numbered_lines
from finetune.history.report import ImportReport


class Exclusion:
    """Texts that must not train, and a count of what they kept out.

    Attributes:
        counts: intent -> examples kept out; ``(out of scope)``, ``(replies)``, ``(questions)``, ``(sentiments)`` for
            the rest.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._texts: NearDuplicates[None] = NearDuplicates(LEAK_SIMILARITY)
        self._asked: dict[str, bool] = {}

    def add(self, text: str) -> None:
        """Exclude a text, and its near-duplicates where it is long enough to be known again."""
        self._texts.add(None, text)
        self._asked.clear()

    def covers_intent(self, example: IntentExample) -> bool:
        """Whether this example must not train; counted where so."""
        return self._counted(example.intent, self._has(example.text) or self._has_context(example.context))

    def covers_out_of_scope(self, text: str) -> bool:
        """Whether this out-of-scope message must not train; counted where so."""
        return self._counted("(out of scope)", self._has(text))

    def covers_pair(self, pair: ReplyPair) -> bool:
        """Whether this pair must not train; counted where so."""
        turn = pair.context[-1]
        excluded = any(map(self._has, (turn, pair.reply, f"{turn} {pair.reply}")))
        return self._counted("(replies)", excluded or self._has_context(pair.context[:-1]))

    def covers_question(self, question: QuestionPassage) -> bool:
        """Whether this question must not train; counted where so."""
        return self._counted("(questions)", self._has(question.question) or self._has_context(question.context))

    def covers_sentiment(self, example: SentimentExample) -> bool:
        """Whether this message must not train; counted where so."""
        return self._counted("(sentiments)", self._has(example.text))

    def _has(self, text: str) -> bool:
        if text not in self._asked:
            self._asked[text] = bool(self._texts.find(text))
        return self._asked[text]

    def _has_context(self, context: tuple[str, ...]) -> bool:
        # A short earlier message ("yes") says nothing about where it came from.
        return any(_is_long(text) and self._has(text) for text in context)

    def _counted(self, what: str, excluded: bool) -> bool:
        self.counts[what] += excluded
        return excluded


def read_exclusion(path: Path) -> Exclusion:
    """Read what must not train: ``.csv`` with a column ``text``; ``.jsonl`` or ``.json`` lines with ``text`` or
    ``messages``; anything else as one text a line.

    Of a dialogue (``messages``) each message of 8 words or more is excluded, and each customer's message together
    with the agent's next one; a short message on its own is not, since "thanks" stands in every conversation.

    Raises:
        DataError: the file is missing, empty, or holds no usable text.
    """  # noqa: D205 - the first sentence does not fit one line
    report, exclusion, found = ImportReport(), Exclusion(), False
    for text in _texts(path, report):
        exclusion.add(text)
        found = True
    if not found:
        raise DataError(f"{path}: no text to exclude; give a CSV with a column text, JSONL with text or messages")
    if report.skipped_rows:
        # A row that cannot be read cannot be kept out of training: going on would break the promise.
        raise DataError(f"{path}: {'; '.join(report.summary()[1:])}; mend these rows, or they could be trained on")
    return exclusion


def _texts(path: Path, report: ImportReport) -> Iterator[str]:
    kind = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    if kind == ".csv":
        for _, row in csv_records(path, report, required=("text",)):
            yield from filter(str.strip, [row["text"]])
    elif kind in {".jsonl", ".json"}:
        for line, value in json_records(path, report):
            yield from _of_object(value, report, line)
    else:
        for line, text in numbered_lines(path, report):
            reason = flaw(text)
            if reason:
                report.skip(reason, line)
            elif text.strip():
                yield text


def _of_object(row: dict[str, object], report: ImportReport, line: int) -> Iterator[str]:
    text, messages = row.get("text"), row.get("messages")
    if isinstance(text, str) and not flaw(text):
        yield from filter(str.strip, [text])
    elif isinstance(messages, list):
        yield from _of_messages(messages)
    else:
        report.skip("neither text nor messages", line)


def _of_messages(messages: list[object]) -> Iterator[str]:
    question = ""
    for message in messages:
        row = message if isinstance(message, dict) else {"text": message}
        text = clean_text(str(row.get("text") or ""))
        if row.get("role") == "agent":
            text = strip_signature(text)
            if question and text:
                yield f"{question} {text}"
            question = ""
        else:
            question = f"{question} {text}".strip()
        if _is_long(text):
            yield text


def _is_long(text: str) -> bool:
    return len(comparable(text).split(" ")) >= NEAR_TOKENS
