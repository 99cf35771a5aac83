"""Sections of a document cut into passages short enough to be quoted and to fit the encoder.

Knows nothing of file formats and of indexes. A passage never crosses a heading; short paragraphs under one heading
share a passage, long ones are cut between sentences into parts of about equal length.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.passages import passage_id
from retrieval.text import normalise, sentences, words
from retrieval.values import Passage

MAX_WORDS = 160
"""Longest passage in words (Chinese and Japanese: characters); about 220 word pieces, within an encoder's 256."""


@dataclass(frozen=True, slots=True)
class Section:
    """Text under one heading.

    Attributes:
        headings: the headings above it, outermost first.
        paragraphs: its paragraphs and list items in order.
    """

    headings: tuple[str, ...]
    paragraphs: tuple[str, ...]


def cut_sections(
    sections: Iterable[Section], *, document_id: str, title: str, source_uri: str, max_words: int = MAX_WORDS
) -> list[Passage]:
    """Cuts one document into passages, in order.

    Args:
        sections: in document order; empty ones give nothing.
        document_id: goes into each passage and its id.
        title: of the document; it leads the title of every passage unless a heading repeats it.
        source_uri: where the document came from.
        max_words: upper bound of a passage; only a single unbroken word may be longer.
    """
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for section in sections:
        heading = _joined_title(title, section.headings)
        for text in _texts(section.paragraphs, max_words):
            occurrence = seen.get(text, 0)
            seen[text] = occurrence + 1
            passages.append(
                Passage(
                    passage_id=passage_id(document_id, text, occurrence),
                    document_id=document_id,
                    title=heading,
                    text=text,
                    source_uri=source_uri,
                    position=len(passages),
                )
            )
    return passages


def _joined_title(title: str, headings: tuple[str, ...]) -> str:
    names: list[str] = []
    for name in map(normalise, (title, *headings)):
        if name and (not names or name.casefold() != names[-1].casefold()):
            names.append(name)
    return " > ".join(names)


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    length: int
    joint: str  # what stood between it and the unit before it


def _texts(paragraphs: Iterable[str], max_words: int) -> Iterator[str]:
    units = [unit for paragraph in paragraphs for unit in _units(normalise(paragraph), max_words)]
    remaining = sum(unit.length for unit in units)
    taken: list[_Unit] = []
    length = 0
    target = _part_length(remaining, max_words)
    for unit in units:
        over_target = length + unit.length / 2 > target
        if taken and (length + unit.length > max_words or over_target):
            yield _joined(taken)
            remaining -= length
            taken, length = [], 0
            target = _part_length(remaining, max_words)
        taken.append(unit)
        length += unit.length
    if taken:
        yield _joined(taken)


def _part_length(total: int, max_words: int) -> float:
    """Length of equal parts, so that no short rest is left over."""
    return total / max(1, math.ceil(total / max_words))


def _units(paragraph: str, max_words: int) -> Iterator[_Unit]:
    joint = "\n"
    before = 0
    for start, end in sentences(paragraph):
        joint = joint if before == 0 else " " * (start > before)
        for piece in _pieces(paragraph[start:end], max_words):
            yield _Unit(piece, max(1, len(words(piece))), joint)
            joint = " "
        before = end


def _pieces(sentence: str, max_words: int) -> Iterator[str]:
    """Cuts a sentence that is too long by itself (a table, a list without stops), at spaces where it has any."""
    taken = ""
    length = 0
    for atom in _atoms(sentence, max_words):
        size = len(words(atom))
        if taken and length + size > max_words:
            yield taken.strip()
            taken, length = "", 0
        taken += atom
        length += size
    yield taken.strip()


def _atoms(sentence: str, max_words: int) -> Iterator[str]:
    """Gives words with the space before them, or the letters of what is too long even without a space."""
    if len(words(sentence)) <= max_words:
        yield sentence
        return
    for word in sentence.split(" "):
        yield from [f" {word}"] if len(words(word)) <= max_words else [" ", *word]


def _joined(units: list[_Unit]) -> str:
    text = units[0].text
    for unit in units[1:]:
        text += unit.joint + unit.text
    return text
