"""OpenAI's fine-tuning file for chat models: JSONL of conversations. Knows no other format.

``{"messages": [{"role", "content"}, ...]}`` a line, after
https://platform.openai.com/docs/guides/supervised-fine-tuning and the schema ``FineTuneChatRequestInput`` of
https://github.com/openai/openai-openapi/blob/master/openapi.yaml:

- ``role``: ``user`` is the customer; ``assistant`` an answer that was chosen as an example, so by default an agent's;
  ``system``, ``developer``, ``tool`` and ``function`` are no words of either
- ``content``: a text, or parts of which those with ``type`` ``text`` have ``text``; null beside ``tool_calls``
- ``weight``: 0 means that this answer is no example: the bot's
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.fields import clean, objects, text_flaw
from finetune.history.grouping import counted
from finetune.history.json_objects import json_objects
from finetune.history.report import ImportReport, Progress

ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))
_NO_WORDS = ROLES - {"user", "assistant"}


def read_openai(
    path: Path, report: ImportReport, progress: Progress | None = None, assistant: Role = Role.AGENT
) -> Iterator[Dialogue]:
    """Read a dialogue a line; its id is a hash of its messages, so that equal ones are never split.

    Args:
        assistant: whose words the assistant's are: the agent's, from whom replies are learnt, or the bot's.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    return counted(_dialogues(path, report, progress, assistant), report)


def _dialogues(path: Path, report: ImportReport, progress: Progress | None, assistant: Role) -> Iterator[Dialogue]:
    for record in json_objects(path, report, progress):
        rows = record.value.get("messages")
        if not isinstance(rows, list):
            report.skip("no messages", record.number)
            continue
        messages = tuple(_messages(rows, report, record.number, assistant))
        if messages:
            words = "\x1e".join(f"{message.role}\x1f{message.text}" for message in messages)
            yield Dialogue("openai-" + hashlib.sha256(words.encode()).hexdigest()[:16], messages)
        else:
            report.skip("no message of user or assistant", record.number)


def _messages(rows: list[Any], report: ImportReport, number: int, assistant: Role) -> Iterator[DialogueMessage]:
    for row in rows:
        role = row.get("role") if isinstance(row, dict) else None
        if role not in ("user", "assistant"):
            if not isinstance(role, str) or role not in _NO_WORDS:
                report.mend("message of unknown role left out", number)
            continue
        text = _text(row.get("content"))
        if text is None and row.get("tool_calls"):
            continue
        reason = text_flaw(text)
        if reason is not None or text is None:
            report.mend(f"message left out: {reason or 'empty text'}", number)
            continue
        spoken = Role.BOT if row.get("weight") == 0 else assistant
        yield DialogueMessage(Role.CUSTOMER if role == "user" else spoken, clean(text))


def _text(content: object) -> str | None:
    if isinstance(content, list):
        parts = [part.get("text") for part in objects(content) if part.get("type") == "text"]
        return "\n".join(part for part in parts if isinstance(part, str)) or None
    return content if isinstance(content, str) else None
