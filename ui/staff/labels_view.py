"""Findings of the label audit as HTML: the one that waits for a verdict, and the list. Everything written is escaped.

Knows no gradio and no storage.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape

from bot.label_findings import FindingKind, KeptFinding, RowPlace, told_of
from ui.staff.pieces import act, badge, nothing

KEYS = {
    "k": "#st-label-keep",
    "t": "#st-label-take",
    "i": "#st-label-intent",
    "d": "#st-label-drop",
    "n": "#st-label-next",
}
"""Keys of the tab, and what each of them presses or focuses."""

OPEN = "open_finding"

Texts = Mapping[RowPlace, str]

_KINDS = {
    FindingKind.MISLABELLED: ("Label looks wrong", "bad"),
    FindingKind.CONTRADICTION: ("Contradiction", "bad"),
    FindingKind.OVERLAP: ("Intents overlap", "warn"),
    FindingKind.THIN: ("Too few rows", "warn"),
    FindingKind.REPHRASED: ("Customers say it again", "warn"),
    FindingKind.DISLIKED: ("Thumbs down", "bad"),
    FindingKind.HANDED_OFF: ("Handed off at once", "warn"),
}
_GONE = "The row is gone from the training data: it was erased or changed since the audit."


def render_progress(waiting: int, judged: int) -> str:
    """How many findings wait, and the switch of the keyboard."""
    return (
        f'<div class="st-progress" data-keys="{escape(json.dumps(KEYS))}"><span><b>{waiting}</b> waiting</span>'
        f"<span><b>{judged}</b> judged</span>"
        '<button type="button" class="st-act" data-toggle-keys aria-pressed="true">Keyboard</button></div>'
    )


def render_finding(kept: KeptFinding, texts: Texts) -> str:
    """One finding with the row that it is about, or with rows that show it."""
    found = kept.finding
    words, kind = _KINDS[found.kind]
    labels = ""
    if found.row is not None:
        labels = (
            f"<dl class=st-facts><dt>Label now</dt><dd>{escape(found.given)}</dd>"
            f"<dt>Suggested</dt><dd>{escape(found.suggested or 'none')}</dd></dl>"
        )
    row = f"<blockquote class=st-passage><p>{_text(found.row, texts)}</p></blockquote>" if found.row else ""
    shown = "".join(f"<li>{_text(place, texts)}</li>" for place in found.examples)
    title = "The other row" if found.kind is FindingKind.CONTRADICTION else "Rows that show it"
    examples = f"<h4>{title}</h4><ul>{shown}</ul>" if shown else ""
    return (
        f'<article class="st-item"><p class="st-why">{badge(words, kind)}{badge(f"{found.score:.2f}")}</p>{row}'
        f"<p>{escape(told_of(found))}</p>{labels}{examples}</article>"
    )


def render_list(findings: Sequence[KeptFinding], texts: Texts, opened: int | None) -> str:
    """The worst findings that wait, in order; the open one is marked."""
    if not findings:
        return nothing("No finding waits. Run `frontdesk labels audit`, or `frontdesk improve`, which audits as well.")
    return f'<ol class="st-list st-findings">{"".join(_line(kept, texts, opened) for kept in findings)}</ol>'


def _line(kept: KeptFinding, texts: Texts, opened: int | None) -> str:
    found = kept.finding
    words, kind = _KINDS[found.kind]
    row = f'<div class="st-text">{_text(found.row, texts)}</div>' if found.row else ""
    here = ' aria-current="true"' if kept.finding_id == opened else ""
    return (
        f"<li{here}><p class=st-why>{badge(words, kind)}{badge(f'{found.score:.2f}')}"
        f"{act('Open', OPEN, finding=kept.finding_id)}</p>{row}<p>{escape(told_of(found))}</p></li>"
    )


def _text(place: RowPlace | None, texts: Texts) -> str:
    text = texts.get(place) if place is not None else None
    return escape(text) if text is not None else f"<i>{_GONE}</i>"
