"""Messages for trying a bundle: those that Frontdesk brings, and what a desk holds back of its own. Knows no model."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from finetune.cleaning import comparable
from finetune.splitting import place_of

_FOLDER = Path(__file__).parent / "packs"
_SEED = 4
"""Of the hash that holds rows back; fixed, so that a row that once trained never tests later."""


def out_of_scope_pack(own: Sequence[str] = ()) -> tuple[str, ...]:
    """Messages about anything but customer service, with those that the desk holds back of its own."""
    return (*own, *_read("out_of_scope.csv"))


def injection_pack() -> tuple[str, ...]:
    """Messages that try to make a bot obey, leak or render something."""
    return _read("injections.csv")


def held_back(texts: Iterable[str], share: float) -> list[str]:
    """The out-of-scope messages that test and do not train: a share (0..1) of the distinct ones, by their hash."""
    return [text for text in texts if place_of(comparable(text), _SEED) < share]


def _read(name: str) -> tuple[str, ...]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(row["text"] for row in csv.DictReader(file))
