"""STAR: JSONL (usually gzip) of Wizard-of-Oz dialogues, one a line. Knows no other format.

Only what the two said to each other is read: what the user uttered, and what the wizard uttered or picked from the
suggestions. ``ActionLabel`` names the template of a picked reply and becomes the intent of that agent's message.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.json_lines import json_records
from finetune.history.lines import flaw
from finetune.history.report import ImportReport, Progress

_SPEAKERS = {
    ("User", "utter"): Role.CUSTOMER,
    ("Wizard", "utter"): Role.AGENT,
    ("Wizard", "pick_suggestion"): Role.AGENT,
}


def read_star(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read one dialogue a line.

    Raises:
        DataError: the file is missing, empty, or a damaged ``.gz``.
    """
    for line, row in json_records(path, report, progress):
        events = row.get("Events")
        if "DialogueID" not in row or not isinstance(events, list):
            report.skip("no DialogueID or no Events", line)
            continue
        messages = tuple(_messages(events, report, line))
        if not messages:
            report.skip("no message", line)
            continue
        report.dialogues += 1
        report.messages += len(messages)
        yield Dialogue(str(row["DialogueID"]), messages)


def _messages(events: list[Any], report: ImportReport, line: int) -> Iterator[DialogueMessage]:
    for event in events:
        if not isinstance(event, dict):
            report.mend("event that is not an object left out", line)
            continue
        role = _SPEAKERS.get((str(event.get("Agent")), str(event.get("Action"))))
        if role is None:
            continue
        text = event.get("Text")
        if not isinstance(text, str) or not text.strip() or flaw(text):
            report.mend("message without usable text left out", line)
            continue
        yield _message(role, text, event)


def _message(role: Role, text: str, event: dict[str, Any]) -> DialogueMessage:
    label, seconds = event.get("ActionLabel"), event.get("UnixTime")
    return DialogueMessage(
        role=role,
        text=unicodedata.normalize("NFC", text).strip(),
        sent_utc=datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None,
        intent=label if role is Role.AGENT and isinstance(label, str) and label else None,
    )
