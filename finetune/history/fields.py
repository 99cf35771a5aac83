"""Values of log records, of which nothing may be trusted: ids, texts, lists. Knows no log format."""

import re
import unicodedata
import warnings
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PreformattedString, Tag

from finetune.history.lines import flaw
from finetune.history.times import TimeReader

_UNSEEN = frozenset(("script", "style", "head", "template", "noscript"))
_BREAKS = frozenset(("br", "p", "div", "li", "tr", "ul", "ol", "table", "blockquote", "pre", "hr", "h1", "h2", "h3"))
_MARKUP = re.compile(r"</?(?:p|div|br|span|a|b|i|strong|em|ul|ol|li|table|tr|td|html|body|img|h[1-6])\b[^<>]*>", re.I)
_SPACES = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r" ?\n[ \n]*")


def identity(value: object) -> str | None:
    """An id (a number or a text) as text, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if text and flaw(text) is None else None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; anything else is nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def text_flaw(value: object) -> str | None:
    """Why this value is no usable text of a message, or None."""
    if not isinstance(value, str) or not value.strip():
        return "empty text"
    return flaw(value)


def clean(text: str) -> str:
    """NFC, without white space around it."""
    return unicodedata.normalize("NFC", text).strip()


def looks_like_html(text: str) -> bool:
    """Whether a text has a tag that messages use."""
    return _MARKUP.search(text) is not None


def html_text(html: str) -> str:
    """What a reader sees of an HTML body, a line a block; no scripts, no styles, no comments."""
    if "<" not in html:
        return clean(unescape(html))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML reads well as HTML
        stack: list[Any] = [BeautifulSoup(html, "lxml")]
    pieces: list[str] = []
    while stack:  # no recursion: mail nests deep
        node = stack.pop()
        if isinstance(node, Tag) and node.name not in _UNSEEN:
            stack.extend(("\n",) * (node.name in _BREAKS))
            stack.extend(reversed(list(node.children)))
            pieces.extend(("\n",) * (node.name in _BREAKS))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            pieces.append(str(node).replace("\n", " "))
        elif node == "\n":
            pieces.append("\n")
    return clean(_EMPTY_LINES.sub("\n", _SPACES.sub(" ", "".join(pieces))))


def time_or_none(value: object, unreadable: Callable[[], None], reader: TimeReader | None = None) -> datetime | None:
    """The time in UTC; of one that cannot be read, ``unreadable`` is told, and the message goes without."""
    try:
        return (reader or TimeReader()).utc(value)
    except ValueError:
        unreadable()
        return None
