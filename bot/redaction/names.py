"""Names of people: those known to take part, and those that somebody greets, gives, or signs with.

No list of first names is used: lists know some countries' names well and others not at all.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]

from bot.redaction.values import Finding, Kind, Participants
from bot.redaction.words import (
    ALSO_WORDS,
    FAREWELLS,
    GREETINGS,
    INTRODUCTIONS,
    NAME_PARTICLES,
    NO_NAMES,
    TITLES,
    WEAK_INTRODUCTIONS,
)

_WORD = r"\p{Lu}[\p{L}\p{M}]*+(?:['’.-]\p{L}[\p{L}\p{M}]*+)*+"
_TITLES = rf"(?:{TITLES}\.?(?:[ -]|(?<=\.))){{0,3}}+"
_NAME = rf"{_WORD}(?:[ ](?:{NAME_PARTICLES}[ ]){{0,3}}{_WORD}){{0,4}}+"
_LOWER = r"\p{Ll}[\p{L}\p{M}'’-]++"
_END = r"(?=\s{0,3}+(?:[,.!?;:)(–—\n-]|$))"
_GREETED = regex.compile(rf"\b(?i:{GREETINGS})\b(?:[ ]there)?,?[ ]{_TITLES}(?P<name>{_NAME}){_END}")
_TITLED = regex.compile(rf"(?<!\w)(?:{TITLES}\.?[ ]){{1,3}}+(?P<name>(?:{NAME_PARTICLES}[ ]){{0,3}}{_NAME})")
_INTRODUCED = regex.compile(
    rf"\b(?i:{INTRODUCTIONS})[ ]?[:,]?[ ]?{_TITLES}"
    rf"(?P<name>{_NAME}|{_LOWER}(?:[ ]{_LOWER}(?:{_END}|(?=[ ](?:and|from|with)\b)))?)"
)
_CHINESE = regex.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,2})(?:先生|女士|小姐)|我(?:叫|的名字是)(?P<name>[\u4e00-\u9fff]{2,4})"
)
_I_AM = regex.compile(
    rf"(?<![\w'’])(?i:{WEAK_INTRODUCTIONS})[ ]{_TITLES}(?P<name>{_NAME})"
    rf"(?:{_END}|(?=[ ](?:and|from|here|speaking|again|with|at|calling|und|aus|et|y|e|en)\b))"
)
_SIGNED = regex.compile(
    rf"(?i:\b{FAREWELLS}\b)[ ]?[,.!]?\s{{1,3}}+[-–—~]?[ ]?{_TITLES}(?P<name>{_NAME})[.!]?\s{{0,9}}+$"
)
_PATTERNS = (_INTRODUCED, _GREETED, _TITLED, _CHINESE, _I_AM, _SIGNED)
_PART_LEAST = 3


def spoken_names(text: str) -> Iterator[Finding]:
    """Names after a greeting or a title, where somebody says who they are, and under a farewell."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            yield from _finding(found)


def known_names(text: str, known: Participants) -> Iterator[Finding]:
    """Where the names of known people stand: a whole name, or a part of one, as a word of its own."""
    for names, kind in ((known.agents, Kind.AGENT), (known.customers, Kind.NAME)):
        pattern, owners = _looked_for(names)
        if pattern is None:
            continue
        for found in pattern.finditer(text):
            word = " ".join(found.group().casefold().split())
            if word not in ALSO_WORDS or found.group()[0].isupper():
                yield Finding(found.start(), found.end(), kind, owners[word])


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name that may stand for it alone, folded."""
    return tuple(
        part.strip(".,") for part in name.casefold().split() if len(part) >= _PART_LEAST and part not in NO_NAMES
    )


@lru_cache(maxsize=256)
def _looked_for(names: tuple[str, ...]) -> tuple[Any, dict[str, str]]:
    """A pattern of the names, longest first, and which person each wording means."""
    owners: dict[str, str] = {}
    for name in names:
        whole = " ".join(name.casefold().split())
        for wording in (whole, *name_parts(name)):
            if wording and (len(wording) >= _PART_LEAST or wording == whole):
                owners.setdefault(wording, whole)
    if not owners:
        return None, owners
    wordings = sorted(owners, key=len, reverse=True)
    either = "|".join(r"\s+".join(regex.escape(word) for word in wording.split()) for wording in wordings)
    return regex.compile(rf"(?<![\p{{L}}\d_{{\[])(?:{either})(?![\p{{L}}\d_])", regex.IGNORECASE), owners


def _finding(found: Any) -> Iterator[Finding]:
    start, name = found.start("name"), found["name"]
    words = name.split(" ")
    if words[0].casefold() in NO_NAMES:
        return
    while words and words[-1].casefold() in NO_NAMES:
        words.pop()
    if words:
        kept = regex.sub(r"['’]s$", "", " ".join(words))
        yield Finding(start, start + len(kept), Kind.NAME, kept.casefold())
