"""Which reader belongs to which name of ``frontdesk history import --format``. Knows no format itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

from finetune.dialogues import Dialogue
from finetune.errors import DataError
from finetune.history.airlines import read_airlines
from finetune.history.message_rows import read_csv, read_jsonl
from finetune.history.report import ImportReport, Progress
from finetune.history.star import read_star

Reader = Callable[[Path, ImportReport, Progress | None], Iterator[Dialogue]]


def reader_of(name: str) -> Reader:
    """The reader of a log format.

    Raises:
        DataError: there is no format of that name.
    """
    readers: dict[str, Reader] = {
        "airlines": read_airlines,
        "star": read_star,
        "csv": read_csv,
        "jsonl": read_jsonl,
    }
    if name not in readers:
        raise DataError(f"{name}: no such log format; use one of {', '.join(readers)}")
    return readers[name]
