"""PDF, by pypdf. Knows nothing of files on disk; pages that are pictures have no text (no character recognition)."""

import io
import re

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from retrieval.chunking import Section
from retrieval.documents.document import Document
from retrieval.errors import DocumentError

_HYPHEN = re.compile(r"(?<=\w)-\n(?=[a-zà-öø-ÿ])")
_GAP = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*•▪]|\d{1,3}[.)])[ \t])")


def read_pdf(content: bytes) -> Document:
    """Reads the text of all pages; a PDF has no headings to rely on, so it is one section.

    Raises:
        DocumentError: damaged, behind a password, or without any text.
    """
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("needs a password; save a copy without one")
        pages = [page.extract_text() for page in reader.pages]
        title = (reader.metadata.title if reader.metadata else None) or ""
    except DependencyError as error:
        raise DocumentError("encrypted in a way that cannot be read here; save a copy without a password") from error
    except (PyPdfError, *_MALFORMED) as error:
        raise DocumentError("not a readable PDF; print it to a new PDF") from error
    text = "\n".join(page.strip() for page in pages)
    if not text.strip():
        raise DocumentError("holds no text (scanned pages?); run character recognition on it")
    return Document(title, (Section((), _paragraphs(text)),))


# What pypdf lets through for broken objects, besides errors of its own.
_MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    RecursionError,
    OverflowError,
    OSError,
)


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(_GAP.split(_HYPHEN.sub("", text)))
