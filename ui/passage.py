"""The panel that a citation opens: title, text with the quoted spans marked, source. Knows no gradio and no storage."""

from collections.abc import Iterable
from html import escape
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from bot.values import PassageSource
from retrieval.values import Passage
from ui.texts import Texts


def render_passage(source: PassageSource, passage: Passage | None, texts: Texts, opening: str) -> str:
    """The panel of one cited passage.

    Args:
        passage: None where its snapshot is gone.
        opening: differs at each opening, so that the same passage can be opened again.
    """
    body = f'<p class="fd-gone">{texts.passage_gone}</p>'
    if passage is not None:
        body = f'<blockquote class="fd-passage-text">{_marked(passage.text, source.spans)}</blockquote>'
    return (
        f'<div class="fd-passage" role="dialog" aria-modal="true" aria-labelledby="fd-passage-title" '
        f'lang="{texts.language}" data-opening="{escape(opening)}"><div class="fd-sheet">'
        f'<header><span>{texts.passage}</span><button type="button" class="fd-close" data-act="close" '
        f'aria-label="{texts.close}" title="{texts.close}">×</button></header>'
        f'<h2 id="fd-passage-title">{escape(source.title)}</h2>{body}'
        f'<p class="fd-origin">{_origin(source.source_uri)}</p></div></div>'
    )


def _marked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, end = [], 0
    for start, stop in _merged(spans, len(text)):
        parts += [escape(text[end:start]), f"<mark>{escape(text[start:stop])}</mark>"]
        end = stop
    return "".join([*parts, escape(text[end:])])


def _merged(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted((max(0, start), min(length, stop)) for start, stop in spans):
        if start >= stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _origin(source_uri: str) -> str:
    """A link for web addresses; of a path only the file's name, since folders are the operator's business."""
    if source_uri.startswith(("https://", "http://")) and urlsplit(source_uri).hostname:
        address = escape(source_uri)
        return f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'
    return escape(PurePosixPath(source_uri.replace("\\", "/")).name)
