"""dialogues.jsonl: one dialogue a line, the one form in which imported logs go on. Knows no log format.

``{"conversation_id": "...", "messages": [{"role": "customer|agent|bot", "text": "...", "sent_utc": ISO or null,
"intent": str or null}]}``
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.errors import DataError
from finetune.history.lines import flaw, numbered_lines
from finetune.history.report import ImportReport


def write_dialogues(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write dialogues as they come, and name the file only when it is whole.

    Returns:
        The number of dialogues written.
    """
    unfinished = path.with_name(path.name + ".part")
    written = 0
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        for dialogue in dialogues:
            file.write(json.dumps(_as_json(dialogue), ensure_ascii=False) + "\n")
            written += 1
    os.replace(unfinished, path)  # noqa: PTH105 - the atomic one, by its own name
    return written


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """Read dialogues one at a time.

    Raises:
        DataError: the file is missing or empty, or a line is not a dialogue; the message names the line.
    """
    for number, line in numbered_lines(path, ImportReport()):
        if line.strip():
            try:
                yield _from_json(line)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise DataError(
                    f"{path}, line {number}: not a dialogue ({_reason(error)}); make the file with "
                    "`frontdesk history import`"
                ) from error


def _as_json(dialogue: Dialogue) -> dict[str, object]:
    messages = [
        {
            "role": message.role.value,
            "text": message.text,
            "sent_utc": message.sent_utc.isoformat() if message.sent_utc else None,
            "intent": message.intent,
        }
        for message in dialogue.messages
    ]
    return {"conversation_id": dialogue.conversation_id, "messages": messages}


def _from_json(line: str) -> Dialogue:
    row = json.loads(line)
    return Dialogue(_text(row["conversation_id"]), tuple(_message(message) for message in row["messages"]))


def _message(row: dict[str, object]) -> DialogueMessage:
    sent, intent = row.get("sent_utc"), row.get("intent")
    return DialogueMessage(
        role=Role(_text(row["role"])),
        text=_text(row["text"]),
        sent_utc=datetime.fromisoformat(_text(sent)) if sent is not None else None,
        intent=_text(intent) if intent is not None else None,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {type(value).__name__}")
    reason = flaw(value)
    if reason:
        raise ValueError(reason)
    return value


def _reason(error: Exception) -> str:
    return f"no field {error}" if isinstance(error, KeyError) else str(error)
