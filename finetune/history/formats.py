"""Which reader belongs to which name of ``frontdesk history import --format``. Knows no format itself."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bot.values import Role
from finetune.dialogues import Dialogue
from finetune.errors import DataError
from finetune.history.airlines import read_airlines
from finetune.history.chatwoot import read_chatwoot
from finetune.history.column_mapping import ColumnMapping
from finetune.history.message_rows import read_csv, read_jsonl
from finetune.history.openai_chat import read_openai
from finetune.history.rasa_events import read_rasa
from finetune.history.report import ImportReport, Progress
from finetune.history.star import read_star
from finetune.history.zendesk import read_zendesk

Reader = Callable[[Path, ImportReport, Progress | None], Iterator[Dialogue]]

MAPPED = ("csv", "jsonl")
"""Formats that a mapping file applies to."""


def reader_of(name: str, *, mapping: ColumnMapping | None = None, assistant: Role = Role.AGENT) -> Reader:
    """The reader of a log format.

    Args:
        mapping: what the columns mean, for the formats in `MAPPED`.
        assistant: whose words the assistant's of OpenAI's format are.

    Raises:
        DataError: there is no format of that name, or it takes no mapping.
    """
    columns = mapping or ColumnMapping()
    readers: dict[str, Reader] = {
        "airlines": read_airlines,
        "star": read_star,
        "csv": partial(read_csv, mapping=columns),
        "jsonl": partial(read_jsonl, mapping=columns),
        "rasa": read_rasa,
        "chatwoot": read_chatwoot,
        "zendesk": read_zendesk,
        "openai": partial(read_openai, assistant=assistant),
    }
    if name not in readers:
        raise DataError(f"{name}: no such log format; use one of {', '.join(readers)}")
    if mapping is not None and name not in MAPPED:
        raise DataError(f"{name}: this format needs no mapping file; leave --mapping out")
    return readers[name]
