"""Order, booking and ticket numbers: by the word before them, by their usual forms, and by a desk's own patterns."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]

from bot.errors import RedactionError
from bot.redaction.values import Finding, Kind
from bot.redaction.words import ORDER_WORDS

SLOWEST_S = 0.1
"""What a desk's own pattern may take for one text."""

_NAMED = regex.compile(
    rf"(?i:\b{ORDER_WORDS})"
    r"(?:[ \t]+(?i:number|num\.?|no\.?|nr\.?|id|code|ref(?:erence)?))?+[ \t]*+(?:(?i:is|was)[ \t]+|[:#：][ \t]*)*+"
    r"(?P<id>(?<![A-Za-z0-9-])(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,24}+)(?![\w-])"
)
_BARE = regex.compile(r"(?<=#)\d{4,15}+\b|(?<![\w-])(?![A-Z]{1,2}-\d{5}\s\p{Lu}\p{Ll})[A-Z]{1,3}-?\d{5,12}+(?![\w-])")


def orders(text: str, patterns: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Numbers of orders and the like.

    Raises:
        RedactionError: a pattern of the desk takes too long for this text.
    """
    for pattern in patterns:
        yield from _own(pattern, text)
    for found in _NAMED.finditer(text):
        yield _finding(found, "id")
    for found in _BARE.finditer(text):
        yield _finding(found, 0)


def compiled(pattern: str) -> Any:
    """A desk's pattern, made ready.

    Raises:
        RedactionError: it is no regular expression, or it also matches nothing.
    """
    try:
        made = _compile(pattern)
    except regex.error as error:
        raise RedactionError(f"order pattern {pattern!r} is not a regular expression: {error}") from error
    if made.search(""):
        raise RedactionError(f"order pattern {pattern!r} also matches an empty text: ask for one character at least")
    return made


@lru_cache(maxsize=64)
def _compile(pattern: str) -> Any:
    return regex.compile(pattern)


def _own(pattern: str, text: str) -> Iterator[Finding]:
    made = compiled(pattern)
    try:
        for found in made.finditer(text, timeout=SLOWEST_S):
            if found.group(1 if made.groups else 0):
                yield _finding(found, 1 if made.groups else 0)
    except TimeoutError as error:
        raise RedactionError(
            f"order pattern {pattern!r} took over {SLOWEST_S} s for a text of {len(text)} characters: "
            "write one without nested repeats"
        ) from error


def _finding(found: Any, group: int | str) -> Finding:
    start, end = found.span(group)
    return Finding(start, end, Kind.ORDER, found.group(group).upper())
