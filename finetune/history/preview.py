"""What an import would read, for a person to look at before it is done. Knows no format."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.values import Role
from finetune.dialogues import Dialogue


@dataclass(slots=True)
class Preview:
    """The tally of some dialogues.

    Attributes:
        roles: role -> number of messages.
        intents: label of a customer's message -> number of messages.
        first_utc: earliest time of a message, or None where there is none.
        last_utc: latest.
        shown: the first few dialogues.
    """

    roles: Counter[Role] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    first_utc: datetime | None = None
    last_utc: datetime | None = None
    shown: list[Dialogue] = field(default_factory=list)


def preview(dialogues: Iterable[Dialogue], show: int) -> Preview:
    """Go through dialogues and keep the first ``show`` of them."""
    found = Preview()
    for dialogue in dialogues:
        if len(found.shown) < show:
            found.shown.append(dialogue)
        for message in dialogue.messages:
            found.roles[message.role] += 1
            if message.role is Role.CUSTOMER and message.intent:
                found.intents[message.intent] += 1
            sent = message.sent_utc
            if sent is not None:
                found.first_utc = min(sent, found.first_utc or sent)
                found.last_utc = max(sent, found.last_utc or sent)
    return found
