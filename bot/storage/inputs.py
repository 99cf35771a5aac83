"""What may enter a text column, the same on both databases. Knows no tables."""

import unicodedata

from bot.errors import InvalidTextError

MAX_TEXT_CHARACTERS = 100_000
MAX_KEY_CHARACTERS = 200
"""Longest id or name that a caller may give; PostgreSQL's index rows end at some 2,700 bytes."""


def is_storable(text: str) -> bool:
    """Whether both databases can hold the text: no NUL (PostgreSQL) and no lone surrogate (UTF-8)."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def storable_text(text: str, what: str, *, limit: int = MAX_TEXT_CHARACTERS) -> str:
    """Give the NFC form of a text that is not blank.

    Raises:
        InvalidTextError: blank, longer than ``limit`` characters, with NUL or lone surrogates.
    """
    if not text.strip():
        raise InvalidTextError(f"the {what} is blank: send some text")
    if len(text) > limit:
        raise InvalidTextError(f"the {what} has {len(text)} characters, at most {limit} can be stored: shorten it")
    if not is_storable(text):
        raise InvalidTextError(f"the {what} holds NUL or a lone surrogate: send valid Unicode text")
    return unicodedata.normalize("NFC", text)


def storable_key(text: str, what: str) -> str:
    """Give back an id or a name as it is, once it is known to fit a column and an index.

    Raises:
        InvalidTextError: as for `storable_text`, with a shorter limit.
    """
    storable_text(text, what, limit=MAX_KEY_CHARACTERS)
    return text
