"""Plain text. Knows nothing of files."""

import re

from retrieval.chunking import Section
from retrieval.documents.decoding import decode
from retrieval.documents.document import Document

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t])")


def read_plain(content: bytes) -> Document:
    """Reads paragraphs apart by blank lines; list items are paragraphs, other line ends are only wrapping."""
    blocks = _BLANK_LINE.split(decode(content))
    paragraphs = tuple(item for block in blocks for item in _ITEM.split(block) if item.strip())
    return Document("", (Section((), paragraphs),))
