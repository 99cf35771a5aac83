"""One replayed reply that differs, side by side. Every text of customers, bots and articles is escaped here.

Knows no gradio and no storage.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape

from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, Run, Said
from bot.storage.records import LoggedMessage
from bot.values import Role
from ui.staff.pieces import act, badge, moment, nothing

KEYS = {"b": "#im-better", "s": "#im-same", "w": "#im-worse", "n": "#im-next", "p": "#im-previous", "u": "#im-undo"}
"""Keys of the differences tab, and what each of them presses."""

_BEFORE = 6
_KINDS = {
    DifferenceKind.ANSWERS_ANEW: "answers where it did not",
    DifferenceKind.OTHER_ANSWER: "gives another answer",
    DifferenceKind.ANSWERS_NO_MORE: "answers no more",
    DifferenceKind.OTHER_HANDLING: "handles it otherwise",
}
_ACTIONS = {"answer": "answers", "clarify": "asks back", "handoff": "hands off"}
_VERDICTS: Mapping[DifferenceVerdict, tuple[str, str]] = {
    DifferenceVerdict.BETTER: ("▲ better", "good"),
    DifferenceVerdict.SAME: ("= same", "plain"),
    DifferenceVerdict.WORSE: ("▼ worse", "bad"),
}
_ROLES = {Role.CUSTOMER: "Customer", Role.BOT: "Bot", Role.AGENT: "Agent"}
SourceName = Callable[[str], str]
"""Names an approved reply or a passage for people."""


def render_progress(counted: Counter[DifferenceVerdict | None]) -> str:
    """How many differences are judged, and how."""
    total, left = counted.total(), counted[None]
    if not total:
        return ""
    said = ", ".join(f"{counted[verdict]:,} {verdict.value}" for verdict in DifferenceVerdict)
    keys = escape(json.dumps(KEYS))
    return (
        f'<div class="st-progress" data-keys="{keys}"><span><b>{total - left:,}</b> of {total:,} judged</span>'
        f"<span>{said}</span>"
        '<button type="button" class="st-act" data-toggle-keys aria-pressed="true">Keyboard</button></div>'
    )


def render_difference(
    found: Difference,
    place: tuple[int, int],
    messages: Sequence[LoggedMessage],
    source: SourceName,
    risky_from: float,
) -> str:
    """The customer's turn in its context, and both replies beside each other.

    Args:
        place: which one it is, from 1 on, and of how many.
        messages: the whole conversation, oldest first; only what came before the reply is shown.
        risky_from: from this risk on a difference is called risky.
    """
    risk = badge(f"risk {found.risk:.2f}{', risky' if found.risk >= risky_from else ''}",
                 "bad" if found.risk >= risky_from else "plain")  # fmt: skip
    verdict = f"{_verdict(found.verdict)} <span>by {escape(found.reviewer or '')}</span>" if found.verdict else ""
    return (
        f'<article class="st-item im-difference" data-place="{place[0]}">'
        f'<p class="st-why"><b>{place[0]} of {place[1]}</b>'
        f"{badge('The new bundle ' + _KINDS[found.kind], 'warn')}{risk}{verdict}"
        f"{act('Whole conversation', 'transcript', id=found.conversation_id)}</p>"
        f'<section aria-label="Conversation before it">{_context(messages, found.sequence)}</section>'
        f'<div class="im-sides">{_side("Live bundle", found.before, found.after, source)}'
        f"{_side('New bundle', found.after, found.before, source)}</div></article>"
    )


def render_no_difference(run: Run | None) -> str:
    """What stands there when nothing is to compare."""
    if run is None:
        return nothing("No run has replayed conversations yet. Replies that differ will be compared here.")
    return nothing(f"Run {run.run_id} has no reply that differs.")


def _verdict(verdict: DifferenceVerdict) -> str:
    return badge(*_VERDICTS[verdict])


def _context(messages: Sequence[LoggedMessage], sequence: int) -> str:
    before = [logged for logged in messages if logged.sequence < sequence]
    shown = before[-_BEFORE:]
    asked = next((logged.sequence for logged in reversed(shown) if logged.message.role is Role.CUSTOMER), 0)
    earlier = '<li class="st-earlier">earlier messages are left out</li>' if len(before) > len(shown) else ""
    rows = "".join(
        f'<li class="st-said st-{logged.message.role}{" st-target" if logged.sequence == asked else ""}">'
        f'<p class="st-who">{_ROLES[logged.message.role]} {moment(logged.message.sent_utc)}</p>'
        f'<div class="st-text" dir="auto">{escape(logged.message.text)}</div></li>'
        for logged in shown
    )
    return f'<ol class="st-talk">{earlier}{rows}</ol>'


def _side(title: str, said: Said, other: Said, source: SourceName) -> str:
    """One reply; what differs from the other one is marked with a sign."""
    sources = "".join(f"<li>{escape(source(it))}</li>" for it in said.sources)
    rows = (
        ("Does", escape(_ACTIONS.get(said.action, said.action)), said.action != other.action),
        ("Because", escape(said.reason.replace("_", " ")), said.reason != other.reason),
        ("Intent", escape(said.intent or "none read"), said.intent != other.intent),
        ("Sure", f"{said.confidence:.0%}", False),
        ("From", f"<ul>{sources}</ul>" if sources else "the desk's own sentence", said.sources != other.sources),
    )
    facts = "".join(
        f"<dt>{name}</dt><dd>{value}{' <b class=im-other title=differs>≠</b>' if differs else ''}</dd>"
        for name, value, differs in rows
    )
    return (
        f'<section class="im-side" aria-label="{title}"><h4>{title}</h4><div class="st-said st-bot">'
        f'<div class="st-text" dir="auto">{escape(said.text)}</div></div><dl class="st-facts">{facts}</dl></section>'
    )
