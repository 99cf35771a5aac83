"""A dialogue as turns: what one side says before the other answers. Knows no labels' meaning and no weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from bot.values import Role
from finetune.cleaning import clean_text, strip_signature
from finetune.dialogues import Dialogue, DialogueMessage


@dataclass(frozen=True, slots=True)
class CleanMessage:
    """A message as training reads it: cleaned, without an agent's signature, never empty."""

    role: Role
    text: str
    intent: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """Messages of one side in a row; ``text`` joins them, ``intents`` are their labels in order, each once."""

    role: Role
    messages: tuple[CleanMessage, ...]

    @property
    def text(self) -> str:
        """The messages in one line."""
        return " ".join(message.text for message in self.messages)

    @property
    def intents(self) -> tuple[str, ...]:
        """Labels of the messages, each once."""
        return tuple(dict.fromkeys(message.intent for message in self.messages if message.intent))


def turns_of(dialogue: Dialogue) -> tuple[Turn, ...]:
    """The turns of a dialogue, oldest first; messages that are empty after cleaning are left out."""
    return tuple(
        Turn(role, tuple(messages)) for role, messages in groupby(_clean(dialogue.messages), key=lambda it: it.role)
    )


def _clean(messages: tuple[DialogueMessage, ...]) -> Iterator[CleanMessage]:
    for message in messages:
        text = clean_text(message.text)
        if message.role is Role.AGENT:
            text = strip_signature(text)
        if text:
            yield CleanMessage(message.role, text, message.intent)
