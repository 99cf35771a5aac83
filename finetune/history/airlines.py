"""The airlines CSV (TwACS): one support thread of Twitter a row. Knows no other format.

Columns ``first_tweet_id, tag, first_utterance, context``; ``<cust__ ... __cust>`` and ``<rep__ ... __rep>`` mark who
speaks. Several branches of one thread share a first tweet, and so their conversation id: they must not be split.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.lines import csv_records
from finetune.history.report import ImportReport, Progress

_COLUMNS = ("first_tweet_id", "tag", "first_utterance", "context")
_MESSAGE = re.compile(r"<(cust|rep)__(.*?)__\1>", re.DOTALL)
_MENTION = re.compile(r"\s*__(?:cust|company)__\s*")
_SPACE_BEFORE_STOP = re.compile(r"\s+([.,!?;:])")
_ROLES = {"cust": Role.CUSTOMER, "rep": Role.AGENT}
_NO_LABEL = "UNK"


def read_airlines(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read one dialogue a row; the label belongs to the first message of the customer.

    Raises:
        DataError: the file is missing, empty, or lacks a column.
    """
    for line, row in csv_records(path, report, required=_COLUMNS, progress=progress):
        conversation_id = row["first_tweet_id"].strip()
        messages = _messages(row)
        if not conversation_id:
            report.skip("no first_tweet_id", line)
        elif not messages:
            report.skip("no message between markers", line)
        else:
            report.dialogues += 1
            report.messages += len(messages)
            yield Dialogue(conversation_id, tuple(messages))


def _messages(row: dict[str, str]) -> list[DialogueMessage]:
    label = row["tag"].strip()
    intent: str | None = label if label and label != _NO_LABEL else None
    messages = []
    for speaker, marked in _MESSAGE.findall(row["first_utterance"] + " " + row["context"]):
        text = _without_mentions(marked)
        role = _ROLES[speaker]
        if text:
            messages.append(DialogueMessage(role, text, intent=intent if role is Role.CUSTOMER else None))
            intent = None if role is Role.CUSTOMER else intent
    return messages


def _without_mentions(text: str) -> str:
    """Drop the format's stand-ins for names (``__cust__``, ``__company__``), which no customer types."""
    return _SPACE_BEFORE_STOP.sub(r"\1", unicodedata.normalize("NFC", _MENTION.sub(" ", text))).strip()
