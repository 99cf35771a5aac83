"""What every reader of a document format gives. Knows no format."""

from collections.abc import Callable
from dataclasses import dataclass

from retrieval.chunking import Section


@dataclass(frozen=True, slots=True)
class Document:
    """One document in the order of its text.

    Attributes:
        title: as the document itself states it, or "" where it does not.
    """

    title: str
    sections: tuple[Section, ...]


ReadDocument = Callable[[bytes], Document]
"""Turns the bytes of one file into a document; raises DocumentError with the reason where it cannot."""


class SectionWriter:
    """Gathers paragraphs under the headings that a reader meets, in order."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []
        self._paragraphs: list[str] = []
        self._sections: list[Section] = []

    def heading(self, level: int, text: str) -> None:
        """Begins a section; headings of the same or a deeper level end (1 = outermost)."""
        self._close()
        self._open = [(above, name) for above, name in self._open if above < level]
        self._open.append((level, text))

    def paragraph(self, text: str) -> None:
        """Adds a paragraph, a list item or a table row to the section that is open."""
        if text.strip():
            self._paragraphs.append(text)

    def finish(self) -> tuple[Section, ...]:
        """Gives all sections that have text."""
        self._close()
        return tuple(self._sections)

    def _close(self) -> None:
        if self._paragraphs:
            self._sections.append(Section(tuple(name for _, name in self._open), tuple(self._paragraphs)))
            self._paragraphs = []
