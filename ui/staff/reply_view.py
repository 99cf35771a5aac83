"""Replies for the console, as HTML: the list by state, one reply with its risks, its history.

Everything that replies and people wrote is escaped here. Knows no gradio and no storage.
"""

from collections.abc import Sequence
from html import escape

from bot.storage.records import StoredReply
from bot.values import ReplyState
from ui.staff.article_view import render_difference
from ui.staff.pieces import act, badge, moment, nothing

SHOWN_REPLIES = 100
_STATES = {
    ReplyState.PROPOSED: ("Proposed", "warn"),
    ReplyState.APPROVED: ("Approved", "good"),
    ReplyState.WITHDRAWN: ("Withdrawn", "bad"),
}
_RISKS = {
    "amount": "an amount of money or a percentage",
    "date": "a date, a time or a span of time",
    "promise": "a promise",
    "number": "a long number",
    "filler": "no answer in it",
}


def render_replies(replies: Sequence[StoredReply], opened: str | None, *, may_approve: bool) -> str:
    """The list; clicks trigger ``open`` and ``approve``. A risky one cannot be approved from the list."""
    if not replies:
        return nothing("No reply matches.")
    rows = "".join(_row(reply, opened, may_approve) for reply in replies[:SHOWN_REPLIES])
    more = len(replies) - SHOWN_REPLIES
    left = nothing(f"{more} more: search for them.") if more > 0 else ""
    return f'<p class="st-count">{len(replies)} replies</p><ul class="st-list">{rows}</ul>{left}'


def render_reply_head(reply: StoredReply | None, live: StoredReply | None) -> str:
    """What is open, why a person must look at it, and what customers read meanwhile."""
    if reply is None:
        return (
            '<div class="st-head"><h3>New reply</h3><p>Say for which intents it is. It reaches customers once a '
            "reviewer has approved it. <code>{order_id}</code> and other variables are filled from the conversation."
            "</p></div>"
        )
    before = ""
    if live is not None and live.version != reply.version:
        before = (
            f'<p class="st-hint">Customers read version {live.version} until this one is approved. The change:</p>'
            f"{render_difference(live.text, reply.text)}"
        )
    return (
        f'<div class="st-head"><h3>Reply <code>{escape(reply.reply_id)}</code></h3><p class="st-meta">'
        f"{badge(*_STATES[reply.state])} version {reply.version} by {escape(reply.created_by)}, "
        f"{moment(reply.created_utc)}{_approved(reply)}</p>{_risks(reply)}{before}</div>"
    )


def render_reply_history(history: Sequence[StoredReply]) -> str:
    """All versions, newest first, each with what it changed."""
    texts = {reply.version: reply.text for reply in history}
    rows = "".join(
        f'<li><p class="st-meta">{badge(*_STATES[reply.state])} version {reply.version} by '
        f"{escape(reply.created_by)}, {moment(reply.created_utc)}{_approved(reply)}{_withdrawn(reply)}</p>"
        f"{render_difference(texts.get(reply.version - 1, ''), reply.text)}</li>"
        for reply in reversed(history)
    )
    return f'<ol class="st-cut">{rows}</ol>'


def _row(reply: StoredReply, opened: str | None, may_approve: bool) -> str:
    current = ' aria-current="true"' if reply.reply_id == opened else ""
    risks = "".join(badge(risk, "bad") for risk in reply.risky)
    intents = "".join(badge(intent) for intent in reply.intents) or badge("no intent", "warn")
    approve = ""
    if may_approve and reply.state is ReplyState.PROPOSED and not reply.risky:
        approve = act("Approve", "approve", kind="st-good", id=reply.reply_id, version=reply.version)
    return (
        f'<li class="st-reply"><button type="button" class="st-row" data-act="open" '
        f'data-id="{escape(reply.reply_id)}"{current}><span class="st-text">{escape(reply.text)}</span>'
        f'<span class="st-meta">{risks}{intents} {escape(reply.created_by)}, version {reply.version}, '
        f"said {_often(reply.frequency)}</span></button>{approve}</li>"
    )


def _often(frequency: int) -> str:
    return "once" if frequency == 1 else f"{frequency} times"


def _risks(reply: StoredReply) -> str:
    if not reply.risky:
        return ""
    rows = "".join(f"<li>{escape(_RISKS.get(risk, risk))}</li>" for risk in reply.risky)
    return f'<div class="st-hint st-hint-warn">Read it with care before you approve it. It holds:<ul>{rows}</ul></div>'


def _approved(reply: StoredReply) -> str:
    if reply.approved_by is None or reply.approved_utc is None:
        return ""
    return f"; approved by {escape(reply.approved_by)}, {moment(reply.approved_utc)}"


def _withdrawn(reply: StoredReply) -> str:
    if reply.withdrawn_by is None or reply.withdrawn_utc is None:
        return ""
    return f"; made way or withdrawn by {escape(reply.withdrawn_by)}, {moment(reply.withdrawn_utc)}"
