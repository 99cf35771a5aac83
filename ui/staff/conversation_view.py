"""The inbox as HTML: lists, a conversation, what is known of it. Pure; every text of people, bot or article is escaped.

Knows no gradio and no storage.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.storage.inbox import InboxItem
from bot.storage.notes import CannedReply, Note
from bot.storage.records import LoggedMessage
from bot.summary import Summary
from bot.values import Owner, Role
from ui.staff.suggestions import Suggestion, Suggestions

LISTS = {"waiting": "Waiting", "mine": "Mine", "all": "All"}
_REASONS: Mapping[str, str] = {
    "asked_for_person": "asked for a person",
    "out_of_scope": "outside what the bot knows",
    "not_understood": "not understood",
    "foreign_language": "another language",
    "model_failure": "the bot could not read it",
    "agent_absent": "its agent left",
}
_MOVES = {
    Owner.BOT: (("take_over", "Take over", True), ("close", "Close", False)),
    Owner.QUEUE: (("take_over", "Take over", True), ("hand_back", "Give to the bot", False), ("close", "Close", False)),
    Owner.AGENT: (("hand_back", "Hand back to the bot", False), ("release", "Back to the queue", False),
                  ("close", "Close", False)),
    Owner.CLOSED: (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """All that is shown of the open conversation."""

    item: InboxItem
    messages: Sequence[LoggedMessage]
    summary: Summary
    notes: Sequence[Note]
    labels: Sequence[str]
    suggestions: Suggestions


def render_list(
    which: str,
    items: Sequence[InboxItem],
    waiting: int,
    opened: str,
    now: datetime,
    angry: Collection[str] = (),
) -> str:
    """The tabs of the lists and the lines of the chosen one; conversations of an angry mood bear a mark."""
    tabs = "".join(
        f'<button type="button" data-st="list" data-list="{name}" aria-pressed="{str(name == which).lower()}">{title}'
        + (f' <b class="st-count">{waiting}</b>' if name == "waiting" and waiting else "")
        + "</button>"
        for name, title in LISTS.items()
    )
    lines = "".join(_line(item, opened, now, angry) for item in items)
    empty = (
        '<p class="st-empty">Nobody is waiting.</p>' if which == "waiting" else '<p class="st-empty">Nothing here.</p>'
    )
    return (
        f'<div class="st-lists" role="group" aria-label="Lists" data-waiting="{waiting}">{tabs}</div>'
        f'<ul class="st-lines" aria-label="{LISTS[which]} conversations">{lines}</ul>{"" if lines else empty}'
        '<p class="st-keys"><kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>r</kbd> answer · '
        "<kbd>Ctrl</kbd>+<kbd>Enter</kbd> send</p>"
    )


def _line(item: InboxItem, opened: str, now: datetime, angry: Collection[str]) -> str:
    if item.owner is Owner.QUEUE:
        since = item.waiting_since_utc or item.updated_utc
        state = f'<span class="st-wait">waits {span_since(since, now)}</span> · {escape(reason(item.handoff_reason))}'
    elif item.owner is Owner.AGENT:
        state = f"with {escape(item.agent or '')}"
    else:
        state = "with the bot" if item.owner is Owner.BOT else "closed"
    current = ' aria-current="true"' if item.conversation_id == opened else ""
    unread = " st-unread" if item.last_role is Role.CUSTOMER and item.owner in {Owner.QUEUE, Owner.AGENT} else ""
    return (
        f'<li><button type="button" class="st-line{unread}" data-st="open" data-key="{escape(item.conversation_id)}"'
        f'{current}><span class="st-line-top"><b>{escape(name_of(item))}</b>'
        f"<time>{span_since(item.updated_utc, now)}</time></span>"
        f'<span class="st-line-text">{escape(item.last_text[:160])}</span><span class="st-line-state">'
        f"{_angry_mark(item.mood) if item.mood in angry else ''}{state}</span>"
        "</button></li>"
    )


def _angry_mark(mood: str | None) -> str:
    return f'<span class="st-mood"><span aria-hidden="true">▲</span> mood: {escape(mood or "")}</span> · '


def render_conversation(opened: Opened | None, me: str, done: str) -> str:
    """The conversation with its header; ``done`` names the action that this shows the outcome of."""
    if opened is None:
        return '<div class="st-pane st-none" data-opened=""><p>Choose a conversation on the left.</p></div>'
    item = opened.item
    mine = item.owner is Owner.AGENT and item.agent == me
    moves = _MOVES[item.owner] if item.owner is not Owner.AGENT or mine else ()
    buttons = "".join(
        f'<button type="button" class="st-button{" st-primary" if main else ""}" data-st="act" data-act="{act}">'
        f"{title}</button>"
        for act, title, main in moves
    )
    answered = any(logged.message.role is Role.AGENT for logged in opened.messages)
    facts = "" if answered else _facts(opened.summary, item.mood)
    rows = "".join(_message(logged) for logged in opened.messages)
    return (
        f'<section class="st-pane" data-opened="{escape(item.conversation_id)}" data-mine="{str(mine).lower()}" '
        f'data-done="{escape(done)}" aria-label="Conversation"><header class="st-pane-head">'
        '<button type="button" class="st-button st-back" data-st="close-pane" aria-label="Back to the list">‹</button>'
        f'<div class="st-pane-who"><h2>{escape(name_of(item))}</h2><p>{_about(item)}</p></div>'
        f'<div class="st-moves">{buttons}</div></header>{facts}'
        f'<div class="st-thread" role="log" aria-label="Messages" tabindex="0">{rows}</div></section>'
    )


def _about(item: InboxItem) -> str:
    parts = [f"verified customer {item.customer_id}" if item.customer_id else "anonymous"]
    parts += [item.contact] if item.contact else []
    parts += [f"mood: {item.mood}"] if item.mood else []
    owner = {Owner.BOT: "with the bot", Owner.QUEUE: "waiting", Owner.CLOSED: "closed"}
    parts += [item.channel, item.locale, owner.get(item.owner, f"with {item.agent}")]
    return " · ".join(map(escape, parts))


def _facts(summary: Summary, mood: str | None) -> str:
    intent = f"{summary.intent} ({summary.probability:.0%})" if summary.intent and summary.probability else "not known"
    given = ", ".join(f"{name}: {value}" for name, value in summary.given.items()) or "none"
    rows = (
        ("Intent", escape(intent)),
        ("First question", f"<q>{escape(summary.first_question or '')}</q>"),
        ("The bot answered", "<br>".join(map(escape, summary.bot_answers[-3:])) or "nothing"),
        ("Handed off because", escape(reason(summary.handoff_reason))),
        ("Mood", escape(mood or "not known")),
        ("Given", escape(given)),
        ("Not given", escape(", ".join(summary.missing) or "nothing is missing")),
    )
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return f'<details class="st-facts" open><summary>Facts so far</summary><dl>{body}</dl></details>'


def _message(logged: LoggedMessage) -> str:
    role = logged.message.role
    who = {Role.CUSTOMER: "Customer", Role.BOT: "Bot", Role.AGENT: logged.author or "Agent"}[role]
    about = f" · {escape(logged.decision.action)}, {escape(logged.decision.reason)}" if logged.decision else ""
    return (
        f'<article class="st-message st-{role}"><p class="st-meta"><b>{escape(who)}</b> '
        f"<time>{logged.message.sent_utc:%d %b %H:%M}</time>{about}</p>"
        f'<div class="st-text">{escape(logged.message.text)}</div></article>'
    )


def render_side(opened: Opened | None, canned: Sequence[CannedReply]) -> str:
    """Suggestions, notes and labels of the open conversation, and the canned replies."""
    if opened is None:
        return ""
    suggested = _suggestions("Suggested replies", opened.suggestions.replies)
    articles = _suggestions("From the articles", opened.suggestions.passages)
    parts = (suggested, articles, _canned(canned), _labels(opened.labels), _notes(opened.notes))
    return f'<div class="st-side">{"".join(parts)}</div>'


def _suggestions(title: str, suggestions: Iterable[Suggestion]) -> str:
    rows = "".join(
        f'<li><button type="button" class="st-insert" data-st="insert" data-text="{escape(found.text)}">'
        f"<span>{escape(found.text)}</span><small>{escape(found.ground)} · {found.score:.2f}</small></button></li>"
        for found in suggestions
    )
    return f"<h3>{title}</h3><ul>{rows}</ul>" if rows else ""


def _canned(canned: Iterable[CannedReply]) -> str:
    rows = "".join(
        f'<li class="st-row"><button type="button" class="st-insert" data-st="insert" data-text="{escape(text.text)}">'
        f"<b>{escape(text.name)}</b><span>{escape(text.text)}</span></button>"
        f'<button type="button" class="st-x" data-st="act" data-act="canned_remove" data-name="{escape(text.name)}" '
        f'aria-label="Remove {escape(text.name)}">×</button></li>'
        for text in canned
    )
    form = (
        '<details><summary>Add or change one</summary><form data-st-form="canned_put">'
        '<input name="name" data-keep="canned-name" placeholder="Name" aria-label="Name" maxlength="100" required>'
        '<textarea name="text" data-keep="canned-text" placeholder="Text" aria-label="Text" required></textarea>'
        '<button class="st-button">Save</button></form></details>'
    )
    return f"<h3>Canned replies</h3><ul>{rows}</ul>{form}"


def _labels(labels: Iterable[str]) -> str:
    chips = "".join(
        f'<span class="st-label">{escape(label)}<button type="button" class="st-x" data-st="act" data-act="unlabel" '
        f'data-name="{escape(label)}" aria-label="Remove label {escape(label)}">×</button></span>'
        for label in labels
    )
    return (
        f'<h3>Labels</h3><div class="st-labels">{chips}</div><form data-st-form="label" class="st-row">'
        '<input name="name" data-keep="label" placeholder="New label" aria-label="New label" maxlength="60" required>'
        '<button class="st-button">Add</button></form>'
    )


def _notes(notes: Iterable[Note]) -> str:
    rows = "".join(
        f'<li class="st-note"><p class="st-meta"><b>{escape(note.author)}</b> '
        f'<time>{note.written_utc:%d %b %H:%M}</time></p><div class="st-text">{escape(note.text)}</div></li>'
        for note in notes
    )
    return (
        f"<h3>Notes <small>only staff see them</small></h3><ul>{rows}</ul>"
        '<form data-st-form="note"><textarea name="text" data-keep="note" placeholder="Write a note" '
        'aria-label="Note" required></textarea><button class="st-button">Add note</button></form>'
    )


def name_of(item: InboxItem) -> str:
    """How staff call the customer of a conversation."""
    return item.customer_name or item.customer_id or f"Customer {item.conversation_id[:6]}"


def reason(code: str | None) -> str:
    """A hand-off's reason in words."""
    return _REASONS.get(code or "", (code or "a person took it").replace("_", " "))


def span_since(since: datetime, now: datetime) -> str:
    """A time span, in its largest unit."""
    seconds = max(0, int((now - since).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
