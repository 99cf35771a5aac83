"""Word documents (DOCX), by python-docx. Knows nothing of files on disk; reads no macros, images or comments."""

import io
import re
import zipfile

import docx
from docx.document import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError  # type: ignore[import-untyped]

from retrieval.documents.document import Document, SectionWriter
from retrieval.errors import DocumentError

MAX_UNPACKED_BYTES = 200_000_000
"""A larger document is taken for a zip bomb."""

_HEADING_STYLE = re.compile(r"heading ([1-9])", re.IGNORECASE)


def read_docx(content: bytes) -> Document:
    """Reads paragraphs, lists and table rows under "Heading 1" to "Heading 9"; style "Title" names the document.

    Raises:
        DocumentError: not a DOCX, damaged, or too large unpacked.
    """
    word = _opened(content)
    writer = SectionWriter()
    title = ""
    for item in word.iter_inner_content():
        if isinstance(item, Table):
            for row in item.rows:
                merged_once = {cell._tc: cell.text.strip() for cell in row.cells}
                writer.paragraph(" | ".join(merged_once.values()))
            continue
        level = _level(item)
        if level is None:
            writer.paragraph(item.text)
        elif level == 0 or not item.text.strip():
            title = title or item.text
        else:
            writer.heading(level, item.text)
    return Document(title or word.core_properties.title or "", writer.finish())


def _opened(content: bytes) -> WordDocument:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise DocumentError(f"unpacks to {unpacked:,} bytes; split the document")
        return docx.Document(io.BytesIO(content))
    except (zipfile.BadZipFile, KeyError, ValueError, LxmlError, OSError) as error:
        raise DocumentError("not a readable DOCX; open it in a word processor and save it again") from error


def _level(paragraph: Paragraph) -> int | None:
    """Gives 0 for a title, 1..9 for a heading, None for text."""
    name = (paragraph.style.name or "") if paragraph.style is not None else ""
    if name.casefold() == "title":
        return 0
    found = _HEADING_STYLE.fullmatch(name)
    return int(found.group(1)) if found else None
