"""CSV files of messages with an intent, with a mood, or out of scope. Knows nothing of dialogues or of splitting."""

from collections.abc import Iterator
from pathlib import Path

from finetune.errors import DataError
from finetune.examples import IntentExample, SentimentExample
from finetune.history.lines import csv_records
from finetune.history.report import ImportReport

LABEL_COLUMNS = ("intent", "category", "label")
MOOD_COLUMNS = ("sentiment", "mood", "emotion", "label")


def read_intents(path: Path, report: ImportReport | None = None) -> tuple[IntentExample, ...]:
    """Read a CSV with a column ``text`` and one of ``intent``, ``category`` or ``label``.

    The report is told of the rows that were skipped, with their lines.

    Raises:
        DataError: the file is missing, empty, without those columns, or without a usable row.
    """
    report = report or ImportReport()
    examples = tuple(IntentExample(*row) for row in _labelled(path, LABEL_COLUMNS, report))
    if not examples:
        raise DataError(f"{path}: no row with a text and a label; give at least a few rows of each intent")
    return examples


def read_sentiments(path: Path, report: ImportReport | None = None) -> tuple[SentimentExample, ...]:
    """Read a CSV with a column ``text`` and one of ``sentiment``, ``mood``, ``emotion`` or ``label``.

    Raises:
        DataError: the file is missing, empty, without those columns, or without a usable row.
    """
    report = report or ImportReport()
    examples = tuple(SentimentExample(*row) for row in _labelled(path, MOOD_COLUMNS, report))
    if not examples:
        raise DataError(f"{path}: no row with a text and a sentiment; give at least a few rows of each")
    return examples


def read_out_of_scope(path: Path, report: ImportReport | None = None) -> tuple[str, ...]:
    """Read a CSV with a column ``text`` of messages that no intent covers; other columns are ignored.

    Raises:
        DataError: the file is missing, empty, without that column, or without a usable row.
    """
    report = report or ImportReport()
    texts = []
    for line, row in csv_records(path, report, required=("text",)):
        if row["text"].strip():
            texts.append(row["text"])
        else:
            report.skip("empty text", line)
    if not texts:
        raise DataError(f"{path}: no row with a text; give at least one out-of-scope message")
    return tuple(texts)


def _labelled(path: Path, columns: tuple[str, ...], report: ImportReport) -> Iterator[tuple[str, str]]:
    for line, row in csv_records(path, report, required=("text",)):
        column = next((name for name in columns if name in row), None)
        if column is None:
            raise DataError(f"{path}: no column for the label; name one of {', '.join(columns)}")
        text, label = row["text"].strip(), row[column].strip()
        if text and label:
            yield text, label
        else:
            report.skip("empty text" if not text else "empty label", line)
