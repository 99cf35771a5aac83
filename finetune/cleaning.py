"""One message's text made fit for training: entities, white space, signatures. Knows no dialogues and no files."""

import html
import re
from functools import lru_cache

from retrieval.text import normalise, words

_TAIL_CHARACTERS = 80  # bounds the patterns' work on hostile texts; no signature is longer
_PART = r"\(?\b\d\s?/\s?\d\)?"
_SIGNATURES = (
    re.compile(rf"\s*(?:{_PART})\s*$"),
    re.compile(r"\s*\*\s?[A-Z]{2,4}[.,!]*\s*$"),
    re.compile(r"\s*\^\s?[^\W\d_]{1,12}[.,!]*\s*$"),
    re.compile(r"(?<=[.!?)])\s*[-–—~/]\s?(?:[A-Z]{2,3}|[A-Z][a-z]{1,11})\s*$"),
    re.compile(
        r"(?:(?<=[.!?,])|^)\s*(?i:(?:kind|best|warm|many)\s+(?:regards|wishes)|regards|sincerely|"
        r"yours\s+(?:truly|sincerely)|best|cheers)\s*,?(?:\s+[A-Z][\w.'-]*,?){0,4}\s*$"
    ),
)


def clean_text(text: str) -> str:
    """The text in one line and NFC, with HTML entities resolved and invisible characters dropped."""
    return normalise(html.unescape(text))


def strip_signature(text: str) -> str:
    """An agent's text without what only says who wrote it: ``*TMT``, ``^AB``, ``- Kim``, ``Regards, Kim``, ``1/2``.

    Returns:
        The rest, which is empty where there was nothing but a signature.
    """
    end = len(text)
    while True:
        start = max(0, end - _TAIL_CHARACTERS)
        tail = text[start:end].rstrip()
        for pattern in _SIGNATURES:
            tail = pattern.sub("", tail).rstrip()
        if start + len(tail) == end:
            return text[:end].lstrip()
        end = start + len(tail)


@lru_cache(maxsize=4096)
def comparable(text: str) -> str:
    """What two texts have in common if they differ only in case, punctuation or white space.

    A text without any word (emoji, punctuation) is compared as it is. The last few thousand results are remembered:
    a message is asked for again with each later message of its conversation.
    """
    clean = clean_text(text)
    return " ".join(words(clean)) or clean
