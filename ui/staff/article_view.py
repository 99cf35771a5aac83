"""Articles for the console, as HTML: the list, whose an article is, its passages, its history and what changed.

Everything that articles and people wrote is escaped here. Knows no gradio and no storage.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from bot.storage.records import ArticleVersion
from retrieval.text import words
from retrieval.values import Passage
from ui.staff.pieces import act, badge, moment, nothing

SHOWN_ARTICLES = 100
MAX_DIFF_LINES = 4_000
_AROUND = 2
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


class Origin(StrEnum):
    """Where an article's text comes from."""

    CONSOLE = "console"
    FILE = "file"
    DETACHED = "detached"


_ORIGIN = {
    Origin.CONSOLE: ("Written here", "plain"),
    Origin.FILE: ("From a file", "good"),
    Origin.DETACHED: ("File not followed", "warn"),
}


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """An article in the list: its newest version, and where its text comes from."""

    version: ArticleVersion
    origin: Origin


def render_articles(articles: Sequence[ListedArticle], opened: str | None) -> str:
    """The list; a click on a row triggers ``open``."""
    if not articles:
        return nothing("No article matches.")
    rows = "".join(_row(listed, opened) for listed in articles[:SHOWN_ARTICLES])
    more = len(articles) - SHOWN_ARTICLES
    left = nothing(f"{more} more: search for them.") if more > 0 else ""
    return f'<p class="st-count">{len(articles)} articles</p><ul class="st-list">{rows}</ul>{left}'


def render_head(listed: ListedArticle | None) -> str:
    """What is open, and what an edit of it means."""
    if listed is None:
        return '<div class="st-head"><h3>New article</h3><p>It answers customers as soon as you publish it.</p></div>'
    version = listed.version
    removed = badge("Removed", "bad") if version.removed else ""
    return (
        f'<div class="st-head"><h3>{escape(version.article.title or version.article.document_id)}</h3>'
        f'<p class="st-meta"><code>{escape(version.article.document_id)}</code> {removed}'
        f"{badge(*_ORIGIN[listed.origin])} "
        f"version {version.version} by {escape(version.changed_by)}, {moment(version.changed_utc)}</p>"
        f"{_about_file(listed)}</div>"
    )


def render_passages(passages: Sequence[Passage]) -> str:
    """The pieces that customers can be quoted, as they will be cut."""
    if not passages:
        return nothing("No text, so nothing could be quoted.")
    rows = "".join(
        f'<li><p class="st-meta"><b>{escape(passage.title)}</b> {len(list(words(passage.text)))} words</p>'
        f'<p class="st-text">{escape(passage.text)}</p></li>'
        for passage in passages
    )
    return f'<p class="st-count">{len(passages)} passages</p><ol class="st-cut">{rows}</ol>'


def render_history(history: Sequence[ArticleVersion]) -> str:
    """All versions, newest first; clicks trigger ``compare`` and ``restore``."""
    rows = "".join(
        f"<tr><td>{version.version}</td><td>{escape(version.changed_by)}</td><td>{moment(version.changed_utc)}</td>"
        f'<td><div class="st-looks">{badge("removed", "bad") if version.removed else ""}'
        f"{act('What changed', 'compare', version=version.version)}"
        f"{act('Into the editor', 'restore', version=version.version)}</div></td></tr>"
        for version in reversed(history)
    )
    return (
        f'<div class="st-scroll"><table class="st-table"><thead><tr><th scope="col">No.</th>'
        f'<th scope="col">Who</th>'
        f'<th scope="col">When (UTC)</th><th scope="col">Look</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def render_changes(history: Sequence[ArticleVersion], number: int) -> str:
    """What a version changed against the one before it."""
    version = next((one for one in history if one.version == number), None)
    if version is None:
        return nothing("There is no such version.")
    before = next((one for one in history if one.version == number - 1), None)
    heading = f"Version {number} by {version.changed_by}"
    if version.removed:
        return f"<h4>{escape(heading)}</h4>{nothing('The article was removed; its text did not change.')}"
    old, new = (_whole(before) if before else ""), _whole(version)
    return f"<h4>{escape(heading)}</h4>{render_difference(old, new)}"


def render_difference(before: str, after: str) -> str:
    """Two texts by lines: what went, what came, and a little of what stayed; changed words are marked in their line."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return nothing("Nothing changed in the text.")
    if max(len(old), len(new)) > MAX_DIFF_LINES:
        return nothing(f"More than {MAX_DIFF_LINES} lines: too long to compare here.")
    rows: list[str] = []
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += _kept(old[start:end], first=start == 0, last=end == len(old))
        else:
            rows += _changed(old[start:end], new[new_start:new_end])
    return f'<div class="st-diff" role="group" aria-label="What changed">{"".join(rows)}</div>'


def _row(listed: ListedArticle, opened: str | None) -> str:
    article = listed.version.article
    current = ' aria-current="true"' if article.document_id == opened else ""
    removed = badge("Removed", "bad") if listed.version.removed else ""
    return (
        f'<li><button type="button" class="st-row" data-act="open" data-id="{escape(article.document_id)}"{current}>'
        f"<b>{escape(article.title or article.document_id)}</b><span class=st-meta>{removed}"
        f"{badge(*_ORIGIN[listed.origin])} {escape(listed.version.changed_by)}, {moment(listed.version.changed_utc)}"
        f"</span></button></li>"
    )


def _about_file(listed: ListedArticle) -> str:
    if listed.origin is Origin.FILE:
        return (
            '<p class="st-hint">This article belongs to a file of the knowledge folder. While nobody edits it here, it '
            "changes with that file. If you publish an edit or remove it, your version counts and the file is "
            "no longer followed.</p>"
        )
    if listed.origin is Origin.DETACHED:
        return (
            '<p class="st-hint st-hint-warn">A person changed this article, so its file in the knowledge folder is not '
            "followed: what is written there has no effect. “Follow the file again” takes the file's text.</p>"
        )
    return ""


def _whole(version: ArticleVersion) -> str:
    return f"Title: {version.article.title}\n{version.article.body}"


def _kept(lines: Sequence[str], *, first: bool, last: bool) -> Iterable[str]:
    head = [] if first else lines[:_AROUND]
    tail = [] if last else lines[max(len(head), len(lines) - _AROUND) :]
    left_out = len(lines) - len(head) - len(tail)
    yield from (f"<p> {escape(line)}</p>" for line in head)
    if left_out == 1:
        yield f"<p> {escape(lines[len(head)])}</p>"
    elif left_out:
        yield f'<p class="st-same">{left_out} unchanged lines</p>'
    yield from (f"<p> {escape(line)}</p>" for line in tail)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterable[str]:
    marked = [_marked(*pair) for pair in zip(old, new, strict=False)]
    gone = [left for left, _ in marked] + [escape(line) for line in old[len(marked) :]]
    come = [right for _, right in marked] + [escape(line) for line in new[len(marked) :]]
    yield from (f'<p class="st-gone"><span class="st-sign">−</span>{line or "&nbsp;"}</p>' for line in gone)
    yield from (f'<p class="st-come"><span class="st-sign">+</span>{line or "&nbsp;"}</p>' for line in come)


def _marked(old: str, new: str) -> tuple[str, str]:
    """Two lines with the words marked that differ."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    gone, come = "", ""
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        before, after = escape("".join(left[start:end])), escape("".join(right[new_start:new_end]))
        gone += before if tag == "equal" or not before else f"<del>{before}</del>"
        come += after if tag == "equal" or not after else f"<ins>{after}</ins>"
    return gone, come
