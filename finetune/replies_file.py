"""replies.jsonl: mined replies that a person can read, edit and approve, one a line. Knows no dialogues.

``{"reply_id", "text", "intents", "frequency", "weight", "variables", "risky"}``
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.compose import variables_of
from finetune.errors import DataError
from finetune.history.lines import flaw, numbered_lines
from finetune.history.report import ImportReport


@dataclass(frozen=True, slots=True)
class MinedReply:
    """A proposal; nothing of it reaches a customer before a person approves it.

    Attributes:
        reply_id: hash of the mined text; stays when a person edits the text.
        text: may hold variables such as ``{order_id}``.
        intents: labels of the customer's turns that it answered, most frequent first.
        frequency: how many agents' turns it stands for.
        weight: mean weight of those turns, 0.25 to 2.
        variables: names of the variables in the text.
        risky: why it must not be approved in bulk: amount, date, promise, number, filler; empty if nothing was found.
    """

    reply_id: str
    text: str
    intents: tuple[str, ...] = ()
    frequency: int = 1
    weight: float = 1.0
    variables: tuple[str, ...] = ()
    risky: tuple[str, ...] = ()


def write_replies(path: Path, replies: Iterable[MinedReply]) -> int:
    """Write proposals, one a line, and name the file only when it is whole.

    Returns:
        Their number.
    """
    unfinished = path.with_name(path.name + ".part")
    written = 0
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        for reply in replies:
            file.write(json.dumps(asdict(reply), ensure_ascii=False) + "\n")
            written += 1
    os.replace(unfinished, path)  # noqa: PTH105 - the atomic one, by its own name
    return written


def read_replies(path: Path) -> tuple[MinedReply, ...]:
    """Read proposals as a person left them; variables are read from the text, so that an edit need not name them.

    Raises:
        DataError: the file is missing or empty, a line is no reply, or an id occurs twice; the message names the line.
    """
    replies: dict[str, MinedReply] = {}
    for number, line in numbered_lines(path, ImportReport()):
        if not line.strip():
            continue
        try:
            reply = _reply(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: not a reply ({error}); mend or remove this line") from error
        if reply.reply_id in replies:
            raise DataError(f"{path}, line {number}: reply_id {reply.reply_id!r} occurs twice; remove one of the two")
        replies[reply.reply_id] = reply
    if not replies:
        raise DataError(f"{path}: no reply in it; make the file with `frontdesk replies mine`")
    return tuple(replies.values())


def _reply(row: Any) -> MinedReply:
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    text = _text(row, "text").strip()
    frequency, weight = row.get("frequency", 1), row.get("weight", 1.0)
    if isinstance(frequency, bool) or not isinstance(frequency, int) or frequency < 0:
        raise ValueError("frequency must be a whole number")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise ValueError("weight must be a number")
    intents, risky = _texts(row, "intents"), _texts(row, "risky")
    return MinedReply(_text(row, "reply_id"), text, intents, frequency, float(weight), variables_of(text), risky)


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text")
    reason = flaw(value)
    if reason:
        raise ValueError(f"{name}: {reason}")
    return value


def _texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    values = row.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(values)
