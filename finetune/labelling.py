"""Intents for the customers' messages that a log left without a label, by a bundle. Knows no files."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from bot.encoder import Encoder
from bot.turn_text import turn_text
from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage

SURE = 0.5
"""Least calibrated probability at which a predicted intent is worth noting."""

_DIALOGUES_AT_ONCE = 256


def with_predicted_intents(dialogues: Iterable[Dialogue], encoder: Encoder) -> Iterator[Dialogue]:
    """The same dialogues; a customer's message without a label gets the bundle's intent where it is sure of it."""
    remaining = iter(dialogues)
    while group := tuple(islice(remaining, _DIALOGUES_AT_ONCE)):
        open_places = [
            (row, place)
            for row, dialogue in enumerate(group)
            for place, message in enumerate(dialogue.messages)
            if message.role is Role.CUSTOMER and message.intent is None and message.text.strip()
        ]
        texts = [turn_text([m.text for m in group[row].messages[: place + 1]]) for row, place in open_places]
        found = {}
        for where, understood in zip(open_places, encoder.understand(texts), strict=True):
            best = understood.ranking[0]
            if best.probability >= SURE:
                found[where] = best.intent
        for row, dialogue in enumerate(group):
            yield replace(dialogue, messages=tuple(_labelled(dialogue, row, found)))


def _labelled(dialogue: Dialogue, row: int, found: dict[tuple[int, int], str]) -> Iterator[DialogueMessage]:
    for place, message in enumerate(dialogue.messages):
        yield replace(message, intent=found.get((row, place), message.intent))
