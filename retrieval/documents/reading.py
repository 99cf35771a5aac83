"""Files, folders and single articles to passages. Knows which reader fits which ending; knows nothing of indexes."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from retrieval.chunking import Section, cut_sections
from retrieval.documents.document import Document, ReadDocument
from retrieval.documents.faq import Entry, ReadEntries, read_faq_csv, read_faq_json
from retrieval.documents.office import read_docx
from retrieval.documents.pdf import read_pdf
from retrieval.documents.plain import read_plain
from retrieval.documents.report import ReadReport
from retrieval.documents.web import read_html, read_markdown
from retrieval.errors import DocumentError
from retrieval.text import normalise
from retrieval.values import Passage

MAX_FILE_BYTES = 50_000_000
"""Larger files are reported, so that one stray archive does not fill the memory."""

_DOCUMENTS: dict[str, ReadDocument] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".txt": read_plain,
    ".text": read_plain,
}
_FAQS: dict[str, ReadEntries] = {".csv": read_faq_csv, ".json": read_faq_json, ".jsonl": read_faq_json}
_ARTICLES: dict[str, ReadDocument] = {
    "text/markdown": read_markdown,
    "text/html": read_html,
    "text/plain": read_plain,
}


def read_passages(paths: Sequence[Path], report: ReadReport) -> Iterator[Passage]:
    """Reads files and, in order of their names, everything in folders; hidden files are passed over.

    A document's id and source are its path from the folder that was given on; an FAQ entry's add ``#`` and its id.
    What cannot be read goes into the report, with its reason, and the rest goes on.

    Args:
        paths: files and folders; one that does not exist is a problem in the report.
        report: filled while the passages are drawn.
    """
    taken: set[str] = set()
    for path, source in document_files(paths, report):
        unique = source if source not in taken else path.as_posix()
        if unique in taken:
            report.add_problem(str(path), "given twice; the second one is left out")
            continue
        taken.add(unique)
        passages = _file_passages(path, unique, report)
        report.files += bool(passages)
        report.passages += len(passages)
        yield from passages


def read_article(text: str, media_type: str, *, document_id: str, title: str, source_uri: str) -> list[Passage]:
    """Cuts one article that is kept as text (in a database, say) into passages.

    Args:
        text: the article's body.
        media_type: ``text/markdown``, ``text/html`` or ``text/plain``.
        document_id: the article's id.
        title: leads the title of each passage; where it is "" the body's own title does.
        source_uri: where customers or staff find the article.

    Raises:
        DocumentError: another media type, or a body that cannot be read.
    """
    reader = _ARTICLES.get(media_type)
    if reader is None:
        raise DocumentError(f"{document_id}: media type {media_type!r} is none of {', '.join(sorted(_ARTICLES))}")
    document = reader(text.encode("utf-8", "replace"))
    return cut_sections(
        document.sections, document_id=document_id, title=title or document.title, source_uri=source_uri
    )


def document_files(paths: Sequence[Path], report: ReadReport) -> Iterator[tuple[Path, str]]:
    """Gives each file, with its name from the folder that was given on; what does not exist goes into the report."""
    for given in paths:
        if given.is_dir():
            for path in sorted(given.rglob("*")):
                below = path.relative_to(given)
                if path.is_file() and not any(part.startswith(".") for part in below.parts):
                    yield path, (Path(given.resolve().name) / below).as_posix()
        elif given.exists():
            yield given, given.name
        else:
            report.add_problem(str(given), "does not exist; check the path")


def _file_passages(path: Path, source: str, report: ReadReport) -> list[Passage]:
    """Reads one file; whatever is wrong with it ends in the report."""
    suffix = path.suffix.casefold()
    if suffix not in _DOCUMENTS and suffix not in _FAQS:
        known = ", ".join(sorted([*_DOCUMENTS, *_FAQS]))
        report.add_problem(str(path), f"unknown format {suffix or 'without an ending'}; known are {known}")
        return []
    try:
        content = _content(path)
        if suffix in _FAQS:
            passages = _faq_passages(_FAQS[suffix], content, path, source, report)
        else:
            passages = _document_passages(_DOCUMENTS[suffix](content), path, source)
    except DocumentError as error:
        report.add_problem(str(path), str(error))
        return []
    if not passages:
        report.add_problem(str(path), "holds no text; nothing to index")
    return passages


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DocumentError(f"larger than {MAX_FILE_BYTES // 1_000_000} MB; split it")
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be opened ({error.strerror or type(error).__name__})") from error


def _document_passages(document: Document, path: Path, source: str) -> list[Passage]:
    title = document.title or normalise(path.stem.replace("_", " ").replace("-", " "))
    return cut_sections(document.sections, document_id=source, title=title, source_uri=source)


def _faq_passages(reader: ReadEntries, content: bytes, path: Path, source: str, report: ReadReport) -> list[Passage]:
    passages: list[Passage] = []
    taken: set[str] = set()

    def bad_row(line: int, reason: str) -> None:
        report.add_problem(str(path), reason, line)

    for entry in reader(content, bad_row):
        name = _entry_name(entry, taken)
        if name in taken:
            bad_row(entry.line, "repeats the id, or question and answer, of a row above; remove one")
            continue
        taken.add(name)
        document_id = f"{source}#{name}"
        headings = (entry.category, entry.question)
        section = Section(headings, entry.paragraphs)
        passages += cut_sections([section], document_id=document_id, title="", source_uri=entry.url or document_id)
    return passages


def _entry_name(entry: Entry, taken: set[str]) -> str:
    """Gives its id, or a hash of its question: line numbers would change with every row that is put in before.

    Another answer to a question that was met before is named by the answer too.
    """
    asked = f"{entry.category}\0{entry.question}"
    name = entry.name or _short_hash(asked)
    return name if entry.name or name not in taken else _short_hash("\0".join((asked, *entry.paragraphs)))


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:12]
