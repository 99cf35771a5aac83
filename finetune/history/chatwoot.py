"""Chatwoot's conversations and messages as JSON. Knows no other format.

Shapes: a page of messages (``payload``) or of conversations (``data.payload``), conversations with ``messages``,
messages, webhook events ``message_created`` and ``message_updated``; one, a list, or a line each. Messages that come
twice are read once. Fields, after the API (https://developers.chatwoot.com/api-reference/messages/get-messages) and
the webhooks
(https://github.com/chatwoot/docs/blob/8ddfc8a91b69daff6be0590d809d60691787d847/docs/product/others/webhook-events.md):

- ``conversation_id``, or ``conversation.id`` (older webhooks: ``conversation.display_id``); ``id``
- ``message_type``: 0 or ``incoming`` (customer), 1 or ``outgoing``, 2 or ``activity``, 3 or ``template``; the numbers
  are those of https://github.com/chatwoot/chatwoot/blob/develop/app/models/message.rb
- ``sender_type`` (``Contact``, ``User``, ``AgentBot``) and ``sender.type`` (``agent_bot``): who sent an outgoing one
- ``private``: a note among agents; ``status``: ``failed`` never reached anybody
- ``content``: text or HTML; ``content_attributes.deleted``
- ``created_at``: Unix seconds, or ISO 8601, or ``2020-03-03 13:05:57 UTC``
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.fields import (
    clean,
    html_text,
    identity,
    looks_like_html,
    mapping,
    objects,
    text_flaw,
    time_or_none,
)
from finetune.history.grouping import SeenOnce, counted, grouped
from finetune.history.json_objects import PAGE, json_objects
from finetune.history.report import ImportReport, Progress

_LISTS = frozenset(("payload",))
_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
_BOTS = frozenset(("agentbot", "agent_bot", "captain::assistant", "captain_assistant"))
_SENDER_FIELDS = ("sender", "sender_type", "sender_id", "user_id")


def read_chatwoot(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read dialogues of an export, of saved API pages or of logged webhooks.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    return counted(grouped(_messages(path, report, progress)), report)


def _messages(path: Path, report: ImportReport, progress: Progress | None) -> Iterator[tuple[str, DialogueMessage]]:
    with closing(SeenOnce()) as seen:
        for record in json_objects(path, report, progress, lists=_LISTS):
            if record.name == PAGE:
                continue
            for conversation, row in _rows(record.value, report, record.number):
                message_id = identity(row.get("id"))
                if message_id is not None and not seen.first(conversation, message_id):
                    report.skip("message that was read before", record.number)
                    continue
                message = _message(row, report, record.number)
                if message is not None:
                    yield conversation, message


def _rows(value: dict[str, Any], report: ImportReport, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(conversation id, message) of a message, or of each message of a conversation."""
    if "message_type" in value:
        held = mapping(value.get("conversation"))
        conversation = next(
            filter(None, map(identity, (value.get("conversation_id"), held.get("id"), held.get("display_id")))), None
        )
        if conversation is None:
            report.skip("message without conversation_id", number)
        else:
            yield conversation, value
    elif isinstance(value.get("messages"), list):
        conversation = identity(value.get("id")) or identity(value.get("display_id"))
        if conversation is None:
            report.skip("conversation without id", number)
            return
        for message in objects(value["messages"]):
            if "message_type" in message:
                yield conversation, message
            else:
                report.skip("message without message_type", number)
    else:
        report.skip("neither a message nor a conversation", number)


def _message(row: dict[str, Any], report: ImportReport, number: int) -> DialogueMessage | None:
    kind = str(row["message_type"]).strip().casefold()
    kind = _TYPES.get(kind, kind)
    reason = _left_out(row, kind)
    content = row.get("content")
    reason = reason or text_flaw(content)
    if reason is None and isinstance(content, str) and looks_like_html(content):
        content = html_text(content)
        reason = text_flaw(content)
    if reason is not None or not isinstance(content, str):
        report.skip(reason or "empty text", number)
        return None
    sent = time_or_none(row.get("created_at"), lambda: report.mend("unreadable time left out", number))
    return DialogueMessage(Role.CUSTOMER if kind == "incoming" else _sender(row), clean(content), sent)


def _left_out(row: dict[str, Any], kind: str) -> str | None:
    if row.get("private"):
        return "private note"
    if kind == "activity":
        return "activity message"
    if kind == "template":
        return "template message (greeting, form)"
    if kind not in ("incoming", "outgoing"):
        return "unknown message_type"
    if mapping(row.get("content_attributes")).get("deleted"):
        return "deleted message"
    return "message that failed to be sent" if row.get("status") == "failed" else None


def _sender(row: dict[str, Any]) -> Role:
    """Who sent an outgoing message; a rule or a campaign has no sender, a shortened export no such field."""
    kinds = (row.get("sender_type"), mapping(row.get("sender")).get("type"))
    if any(str(kind).casefold() in _BOTS for kind in kinds):
        return Role.BOT
    named = [row[name] for name in _SENDER_FIELDS if name in row]
    return Role.AGENT if any(named) or not named else Role.BOT
