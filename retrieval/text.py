"""Normal form, words and sentences of a text in any language.

Knows nothing of documents, indexes or chats. Words are those of search and of near-duplicates, not of the encoder.
"""

import unicodedata
from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

Span = tuple[int, int]
"""(start, end) in characters of a text."""

_CONTROL = regex.compile(r"(?!\s)[\p{Cc}\u00ad\u200b\u2060\ufeff]")
_SURROGATE = regex.compile(r"\p{Cs}")
_SPACE = regex.compile(r"\s+")
_CJK = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc々〆]"
_WORD = regex.compile(
    rf"(?P<cjk>{_CJK}+)|(?:(?!{_CJK})[\p{{L}}\p{{N}}\p{{M}}])+(?:['’](?:(?!{_CJK})[\p{{L}}\p{{M}}])+)*"
)
_ASCII_WORD = regex.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_APOSTROPHE = str.maketrans("", "", "'’")
# A full stop ends a sentence only before white space; the full-width ones need none.
_STOP = regex.compile(r"[。！？｡]+[」』）”’\"']*|[.!?…]+[)\]\"'”’»]*(?=\s|$)|\n+")
_ABBREVIATION = regex.compile(
    r"(?:^|[\s(\[])(?:\p{L}|(?:\p{L}\.)+\p{L}|mr|mrs|ms|dr|prof|st|no|nr|vs|approx|incl|tel|fig|art|ca|bzw|inc|ltd|co)\.$",
    regex.IGNORECASE,
)


def normalise(text: str) -> str:
    """Gives the NFC form in one line: control characters dropped, each run of white space made one space.

    Lone surrogates, which no file can hold, become U+FFFD.
    """
    visible = _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))
    return str(_SPACE.sub(" ", unicodedata.normalize("NFC", visible))).strip()


def words(text: str) -> list[str]:
    """Cuts a text into the tokens of keyword search, in order.

    Case and width are folded (NFKC), apostrophes inside a word are dropped ("don't" is "dont"), and a run of Chinese
    or Japanese gives its character bigrams, since such text has no spaces; a run of one character gives that one.
    """
    if text.isascii():  # most logs are; three times as fast
        return [word.replace("'", "") for word in _ASCII_WORD.findall(text.lower())]
    folded = unicodedata.normalize("NFKC", text).casefold()
    tokens: list[str] = []
    for found in _WORD.finditer(folded):
        run = found.group()
        if found.group("cjk") and len(run) > 1:
            tokens.extend(run[start : start + 2] for start in range(len(run) - 1))
        else:
            tokens.append(run.translate(_APOSTROPHE))
    return tokens


def sentences(text: str) -> list[Span]:
    """Finds the sentences of a text; the spans are in order, do not overlap and leave out white space around them.

    Line breaks end a sentence, so that a list item is one. "e.g.", initials and a full stop before a small letter
    do not.
    """
    spans: list[Span] = []
    start = 0
    for end in [*_sentence_ends(text), len(text)]:
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            spans.append((left, right))
        start = end
    return spans


def _sentence_ends(text: str) -> Iterator[int]:
    for stop in _STOP.finditer(text):
        mark, end = stop.group(), stop.end()
        following = text[end : end + 8].lstrip()[:1] if mark[0] == "." else ""
        abbreviated = mark == "." and _ABBREVIATION.search(text[max(0, end - 12) : end])
        if not following.islower() and not abbreviated:
            yield end
