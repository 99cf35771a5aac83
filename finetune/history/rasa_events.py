"""Rasa's conversations as dialogues. Knows not where the events were kept (`rasa_store`).

Fields of an event, after https://rasa.com/docs/rasa-pro/concepts/events:

- ``event``: ``user`` and ``bot`` are messages; ``session_started`` begins a new dialogue. ``agent`` (a person) is
  `AgentUttered` of https://rasa.com/docs/rasa/reference/rasa/shared/core/events/
- ``text``, ``timestamp`` (Unix seconds)
- ``parse_data.intent.name``: what Rasa's own model took a message for, not a label that a person gave. Its
  ``nlu_fallback`` (https://rasa.com/docs/rasa/2.x/fallback-handoff/) is no intent.
- a text that begins with ``/`` is an intent that a button sent, so nobody's words (section "Buttons" of
  https://github.com/RasaHQ/rasa/blob/00aad3213f34a8f3fad74b0b054fa9cb7cb7230b/docs/docs/responses.mdx)
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.fields import clean, identity, mapping, text_flaw, time_or_none
from finetune.history.grouping import counted, grouped
from finetune.history.rasa_store import StoredEvent, stored_events
from finetune.history.report import ImportReport, Progress

_SPEAKERS = {"user": Role.CUSTOMER, "bot": Role.BOT, "agent": Role.AGENT}
_FALLBACK = "nlu_fallback"


def read_rasa(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read the conversations of a tracker store, a dialogue a session.

    Raises:
        DataError: as `stored_events`.
    """
    return counted(grouped(_messages(stored_events(path, report, progress), report)), report)


def _messages(events: Iterator[StoredEvent], report: ImportReport) -> Iterator[tuple[str, DialogueMessage]]:
    sessions: dict[str, int] = {}
    spoken: set[str] = set()  # senders who said something in their present session
    for number, sender, event in events:
        kind = event.get("event")
        if kind == "session_started" and sender in spoken:
            sessions[sender] = sessions.get(sender, 1) + 1
            spoken.discard(sender)
        role = _SPEAKERS.get(kind) if isinstance(kind, str) else None
        message = _message(role, event, report, number) if role is not None else None
        if message is not None:
            spoken.add(sender)
            session = sessions.get(sender, 1)
            yield sender if session == 1 else f"{sender}/{session}", message


def _message(role: Role, event: dict[str, Any], report: ImportReport, number: int) -> DialogueMessage | None:
    text = event.get("text")
    if role is Role.BOT and text is None:
        report.skip("bot event without text (a picture, a form)", number)
        return None
    reason = text_flaw(text)
    if reason is not None or not isinstance(text, str):
        report.skip(reason or "empty text", number)
        return None
    if role is Role.CUSTOMER and text.lstrip().startswith("/"):
        report.skip("button press (/intent), nobody's words", number)
        return None
    sent = time_or_none(event.get("timestamp"), lambda: report.mend("unreadable time left out", number))
    return DialogueMessage(role, clean(text), sent, _intent(event) if role is Role.CUSTOMER else None)


def _intent(event: dict[str, Any]) -> str | None:
    name = identity(mapping(mapping(event.get("parse_data")).get("intent")).get("name"))
    return None if name == _FALLBACK else name
