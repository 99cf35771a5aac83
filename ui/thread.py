"""The chat as HTML: one pure function from what is known to what is shown.

Every text of a customer, a bot, an agent or an article is escaped here. Knows no gradio, no storage and no cookies.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape

from bot.storage.aftercare import Left
from bot.storage.records import LoggedMessage
from bot.values import Message, Owner, PassageSource, ReplySource, Role
from ui.aftercare import ending, offline_form, presence
from ui.framing import message_origins
from ui.services import ChatSettings
from ui.texts import CHINESE, ENGLISH, Texts, texts_for

SHOWN_MESSAGES = 200
TYPING_FOR = timedelta(seconds=60)
_CITATION = re.compile(r"\[(\d{1,3})\]")
_LINK = re.compile(r"https?://[^\s<>\"'`()\[\]{}]+[^\s<>\"'`()\[\]{}.,;:!?]")


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor sees.

    Attributes:
        commenting: sequence of the message whose comment box is open.
        conversation_id: whose stream the page listens to; no secret.
        left: the contact and rating that the customer left; ``explaining``: the rating's comment box is open.
    """

    texts: Texts
    settings: ChatSettings
    owner: Owner = Owner.BOT
    messages: Sequence[LoggedMessage] = ()
    commenting: int | None = None
    now_utc: datetime = field(default_factory=lambda: datetime.now(UTC))
    conversation_id: str = ""
    left: Left = field(default_factory=Left)
    explaining: bool = False

    @property
    def last_sequence(self) -> int:
        """Sequence of the newest message, 0 in an empty conversation."""
        return self.messages[-1].sequence if self.messages else 0

    @property
    def typing(self) -> bool:
        """Whether an answer of the bot is on its way."""
        if self.owner is not Owner.BOT:
            return False
        last = self.messages[-1] if self.messages else None
        if last is None or last.message.role is not Role.CUSTOMER or last.reply_failed:
            return False
        return self.now_utc - last.message.sent_utc < TYPING_FOR


def render_page(view: View) -> str:
    """The whole chat, from header to message box."""
    texts = view.texts
    words = {"offline": texts.offline, "unsent": texts.unsent, "cookies": texts.cookies}
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in words.items())
    return (
        f'<div id="fd" class="fd" lang="{texts.language}" '
        f'data-conversation="{view.conversation_id}" data-sequence="{view.last_sequence}" '
        f'data-owner="{view.owner}" data-limit="{view.settings.max_message_chars}"{data}>'
        f"{_header(view)}"
        f'<div id="fd-thread" class="fd-thread" role="log" aria-live="polite" tabindex="0">{_thread(view)}</div>'
        f"{_foot(view)}</div>"
    )


def render_skeleton(settings: ChatSettings) -> str:
    """What stands there until the first state arrives; wordless, because the language is not known yet."""
    cookies = " ".join(texts_for(language).cookies for language in (ENGLISH, CHINESE))
    return (
        f'<div class="fd" data-cookies="{escape(cookies)}" data-sites="{escape(message_origins(settings))}">'
        f'<header class="fd-header">'
        f"{_logo(settings)}"
        f'<div class="fd-brand"><h1>{escape(settings.title)}</h1></div>{_minimise("")}</header>'
        f'<div class="fd-thread"><div class="fd-typing"><i></i><i></i><i></i></div></div></div>'
    )


def _header(view: View) -> str:
    texts = view.texts
    status = {
        Owner.BOT: texts.bot_status,
        Owner.QUEUE: texts.queue_status,
        Owner.AGENT: texts.agent_status,
        Owner.CLOSED: texts.closed_status,
    }[view.owner]
    there = "" if view.owner in {Owner.AGENT, Owner.CLOSED} else presence(view.settings.hours, view.now_utc, texts)
    return (
        f'<header class="fd-header">{_logo(view.settings)}<div class="fd-brand">'
        f'<h1>{escape(view.settings.title)}</h1><p id="fd-status" class="fd-status fd-{view.owner}">{status}</p>{there}'
        f"</div>{_minimise(texts.minimise)}{_actions(view)}</header>"
    )


def _actions(view: View) -> str:
    texts = view.texts
    other = "en" if texts.language == "zh" else "zh"
    person = f'<button type="button" class="fd-person" data-act="person">{texts.person}</button>'
    end = f'<button type="button" class="fd-end" data-act="finish">{texts.end}</button>'
    begun = bool(view.messages) and view.owner is not Owner.CLOSED
    return (
        f'<div class="fd-actions">{person if view.owner is Owner.BOT else ""}{end if begun else ""}'
        f'<a class="fd-language" href="?lang={other}" lang="{other}" hreflang="{other}">'
        f"{texts.other_language}</a></div>"
    )


def _logo(settings: ChatSettings) -> str:
    picture = '<img src="../logo" alt="">' if settings.logo else ""
    kind = "fd-logo fd-picture" if settings.logo else "fd-logo"
    return f'<span class="{kind}" aria-hidden="true">{picture}</span>'


def _minimise(label: str) -> str:
    """Shown only where the page is the widget's frame."""
    return (
        f'<button type="button" class="fd-minimise" data-act="minimise" aria-label="{label}" title="{label}">'
        '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M5 9l7 7 7-7" fill="none" '
        'stroke="currentColor" stroke-width="2.200" stroke-linecap="round" stroke-linejoin="round"/></svg></button>'
    )


def _foot(view: View) -> str:
    if view.owner is Owner.CLOSED:
        return ending(view.left, view.texts, commenting=view.explaining)
    return offline_form(view.settings.hours, view.now_utc, view.owner, view.left, view.texts) + _composer(view.texts)


def _composer(texts: Texts) -> str:
    return (
        f'<form id="fd-composer" class="fd-composer"><textarea id="fd-text" rows="1" enterkeyhint="send" '
        f'placeholder="{texts.placeholder}" aria-label="{texts.placeholder}"></textarea>'
        f'<button type="submit" class="fd-send" aria-label="{texts.send}" title="{texts.send}">'
        f'<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">'
        f'<path d="M4 12l16-8-5 16-3.500-6.500z" fill="currentColor"/></svg></button></form>'
    )


def _thread(view: View) -> str:
    shown = view.messages[-SHOWN_MESSAGES:]
    parts = [_greeting(view)]
    if len(shown) < len(view.messages):
        parts = [f'<p class="fd-earlier">{view.texts.earlier}</p>']
    parts += [_message(view, logged, last=logged is shown[-1]) for logged in shown]
    if view.typing:
        parts.append(
            f'<div class="fd-row fd-bot" id="fd-typing"><div class="fd-typing" role="status" '
            f'aria-label="{view.texts.typing}"><i></i><i></i><i></i></div></div>'
        )
    return "".join(parts)


def _greeting(view: View) -> str:
    words = view.settings.greeting or view.texts.greeting
    starters = ""
    if not view.messages and view.settings.starters:
        chips = "".join(_chip(starter) for starter in view.settings.starters)
        starters = f'<div class="fd-starters"><p>{view.texts.starters}</p><div class="fd-chips">{chips}</div></div>'
    return _bubble(view.texts, Role.BOT, _plain(words)) + starters


def _chip(text: str) -> str:
    return f'<button type="button" class="fd-chip" data-act="send" data-text="{escape(text)}">{escape(text)}</button>'


def _message(view: View, logged: LoggedMessage, *, last: bool) -> str:
    role, text = logged.message.role, logged.message.text
    if role is Role.CUSTOMER:
        bubble = _bubble(view.texts, role, _plain(text), logged.message)
        return bubble + _retry(view.texts) if logged.reply_failed and last else bubble
    if role is Role.AGENT:
        return _bubble(view.texts, role, _linked(text), logged.message, sequence=logged.sequence)
    body = _cited(logged, view.texts)
    options = "".join(_chip(option) for option in logged.options) if last else ""
    chips = f'<div class="fd-chips fd-options">{options}</div>' if options else ""
    below = _ground(logged, view.texts) + _thumbs(view, logged)
    return _bubble(view.texts, role, body, logged.message, below=below, sequence=logged.sequence) + chips


def _retry(texts: Texts) -> str:
    button = f'<button type="button" class="fd-chip" data-act="retry">{texts.retry}</button>'
    return f'<div class="fd-chips fd-options" role="alert"><p class="fd-failed">{texts.reply_failed}</p>{button}</div>'


def _bubble(
    texts: Texts,
    role: Role,
    body: str,
    message: Message | None = None,
    *,
    below: str = "",
    sequence: int | None = None,
) -> str:
    who = {Role.CUSTOMER: texts.customer, Role.BOT: texts.bot, Role.AGENT: texts.agent}[role]
    time = f'<time datetime="{message.sent_utc.isoformat()}"></time>' if message else ""
    mark = f' data-message="{sequence}"' if sequence is not None else ""
    name = f'<span class="fd-who">{who}</span>'
    return (
        f'<article class="fd-row fd-{role}"{mark}>{name}'
        f'<div class="fd-bubble"><div class="fd-text">{body}</div>{below}</div>{time}</article>'
    )


def _plain(text: str) -> str:
    return escape(text)


def _linked(text: str) -> str:
    """Escaped text in which only http and https addresses can be clicked; nothing is fetched by itself."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        address = escape(match.group())
        link = f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'
        parts += [escape(text[end : match.start()]), link]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _cited(logged: LoggedMessage, texts: Texts) -> str:
    parts, end = [], 0
    text = logged.message.text
    for match in _CITATION.finditer(text):
        number = int(match.group(1))
        if 1 <= number <= len(logged.sources) and isinstance(logged.sources[number - 1], PassageSource):
            parts += [_linked(text[end : match.start()]).rstrip(" "), _cite(logged.sequence, number, texts)]
            end = match.end()
    return "".join([*parts, _linked(text[end:])])


def _cite(sequence: int, number: int, texts: Texts, label: str | None = None) -> str:
    """A button that opens a source; ``label`` is markup, already escaped."""
    name = "fd-source" if label else "fd-cite"
    title = texts.open_source.format(number=number)
    return (
        f'<button type="button" class="{name}" data-act="open" data-sequence="{sequence}" data-number="{number}" '
        f'aria-label="{title}" title="{title}">{label or number}</button>'
    )


def _ground(logged: LoggedMessage, texts: Texts) -> str:
    if any(isinstance(source, ReplySource) for source in logged.sources):
        return f'<p class="fd-approved">{texts.approved}</p>'
    cited = [
        _cite(logged.sequence, number, texts, f"<b>{number}</b><span>{escape(source.title)}</span>")
        for number, source in enumerate(logged.sources, start=1)
        if isinstance(source, PassageSource)
    ]
    return f'<div class="fd-sources" aria-label="{texts.sources}">{"".join(cited)}</div>' if cited else ""


def _thumbs(view: View, logged: LoggedMessage) -> str:
    if not logged.sources:
        return ""
    texts, helpful = view.texts, logged.feedback.helpful if logged.feedback else None
    buttons = "".join(
        f'<button type="button" class="fd-thumb fd-{name}" data-act="rate" data-sequence="{logged.sequence}" '
        f'data-helpful="{int(value)}" aria-pressed="{str(helpful is value).lower()}" aria-label="{label}" '
        f'title="{label}">{_THUMB}</button>'
        for name, value, label in (("up", True, texts.helpful), ("down", False, texts.unhelpful))
    )
    return f'<div class="fd-thumbs">{buttons}{_comment(view, logged)}</div>'


def _comment(view: View, logged: LoggedMessage) -> str:
    if logged.feedback is None:
        return ""
    if view.commenting != logged.sequence:
        return f'<span class="fd-thanks">{view.texts.thanks}</span>'
    texts = view.texts
    return (
        f'<form class="fd-comment" data-sequence="{logged.sequence}" data-helpful="{int(logged.feedback.helpful)}">'
        f'<input type="text" maxlength="1000" placeholder="{texts.comment}" aria-label="{texts.comment}">'
        f'<button type="submit">{texts.comment_send}</button></form>'
    )


_THUMB = (
    '<svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path fill="none" stroke="currentColor" '
    'stroke-width="1.800" stroke-linejoin="round" d="M7 11v9H4v-9zM7 11l4-8c1.700 0 2.500 1 2.500 2.500V9H19c1.300 0 '
    '2.100 1.200 1.800 2.400l-1.700 7c-.2 1-1 1.600-2 1.600H7"/></svg>'
)
