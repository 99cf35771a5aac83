"""HTML, and Markdown by way of the HTML that it means. Knows nothing of files; fetches nothing."""

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PageElement, PreformattedString, Tag
from markdown_it import MarkdownIt

from retrieval.documents.decoding import decode
from retrieval.documents.document import Document, SectionWriter
from retrieval.text import normalise

_LEFT_OUT = frozenset(
    ("script", "style", "template", "noscript", "head", "nav", "footer", "button", "select", "iframe", "svg")
)
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "form", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))
# fmt: on
_HEADING = re.compile(r"h[1-6]")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE_LINE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_BREAK = "\v"  # stands for a line break inside a block while its text is gathered


def read_html(content: bytes) -> Document:
    """Reads a page: text by headings, one paragraph a block, list item or table row; no scripts and no navigation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML reads well as HTML
        return _document(BeautifulSoup(content, "lxml"))


def read_markdown(content: bytes) -> Document:
    """Reads CommonMark with tables; a ``title:`` in front matter is the document's title."""
    text = decode(content)
    front = _FRONT_MATTER.match(text)
    named = _TITLE_LINE.search(front.group()) if front else None
    html = MarkdownIt("commonmark").enable("table").render(text[front.end() :] if front else text)
    document = _document(BeautifulSoup(html, "lxml"))
    return Document(named.group(1).strip("\"'"), document.sections) if named else document


def _document(soup: BeautifulSoup) -> Document:
    title = soup.title.get_text(" ") if soup.title else ""
    first = soup.find("h1")
    writer = SectionWriter()
    body = soup.body or soup
    for level, text in _blocks(body):
        if level:
            writer.heading(level, text)
        else:
            writer.paragraph(text)
    return Document(normalise(first.get_text(" ") if first else title), writer.finish())


def _blocks(root: Tag) -> Iterator[tuple[int, str]]:
    """Walks a page without recursion (pages nest thousands deep) and gives (heading level or 0, text)."""
    gathered: list[str] = []
    stack: list[PageElement | None] = [root]  # None closes a block
    while stack:
        node = stack.pop()
        if isinstance(node, Tag) and node.name not in _LEFT_OUT and "hidden" not in node.attrs:
            block = node.name in _BLOCKS
            if block or _HEADING.fullmatch(node.name):
                yield from _flushed(gathered)
            if _HEADING.fullmatch(node.name):
                yield int(node.name[1]), normalise(node.get_text(" "))
                continue
            if node.name == "br":
                gathered.append(_BREAK)
            if node.name in ("td", "th"):
                gathered.append(" | " if "".join(gathered).strip() else "")
            stack.extend([None] * block)
            stack.extend(reversed(list(node.children)))
        elif node is None:
            yield from _flushed(gathered)
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            gathered.append(node)
    yield from _flushed(gathered)


def _flushed(gathered: list[str]) -> Iterator[tuple[int, str]]:
    lines = "".join(gathered).split(_BREAK)
    gathered.clear()
    for line in lines:
        if text := normalise(line):
            yield 0, text
