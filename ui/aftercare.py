"""What the chat shows besides messages: whether people are there, a form for the answer by e-mail, the end, a rating.

Pure functions from what is known to HTML; every text of a customer is escaped. Knows no gradio and no storage.
"""

from datetime import datetime, timedelta
from html import escape

from bot.absence import opening_words
from bot.opening_hours import OpeningHours
from bot.storage.aftercare import MAX_COMMENT_CHARACTERS, Left
from bot.values import Owner
from ui.texts import Texts

_DAYS = (
    ("Mon", "周一"),
    ("Tue", "周二"),
    ("Wed", "周三"),
    ("Thu", "周四"),
    ("Fri", "周五"),
    ("Sat", "周六"),
    ("Sun", "周日"),
)
_NEAR = timedelta(days=6)


def presence(hours: OpeningHours | None, now: datetime, texts: Texts) -> str:
    """Whether people are there, for the header; nothing where the desk has no hours."""
    if hours is None:
        return ""
    if hours.is_open(now):
        return f'<span class="fd-presence fd-open">{texts.team_here}</span>'
    opening = hours.next_opening(now)
    words = texts.team_back.format(opening=_short(opening, now, texts)) if opening else texts.team_away
    title = f' title="{escape(opening_words(opening, texts.language))}"' if opening else ""
    return f'<span class="fd-presence fd-shut"{title}>{words}</span>'


def _short(opening: datetime, now: datetime, texts: Texts) -> str:
    chinese = texts.language == "zh"
    if opening - now < _NEAR:
        return f"{_DAYS[opening.weekday()][chinese]} {opening:%H:%M}"
    date = f"{opening.month}月{opening.day}日" if chinese else f"{opening.day} {opening:%b}"
    return f"{date} {opening:%H:%M}"


def offline_form(hours: OpeningHours | None, now: datetime, owner: Owner, left: Left, texts: Texts) -> str:
    """Asks for an e-mail address while the conversation waits and nobody is there."""
    if owner is not Owner.QUEUE or hours is None or hours.is_open(now):
        return ""
    opening = hours.next_opening(now)
    until = texts.offline_until.format(opening=opening_words(opening, texts.language)) if opening else texts.team_away
    form = (
        f'<form class="fd-contact" novalidate><label for="fd-email">{texts.email}</label><div>'
        f'<input id="fd-email" type="email" name="email" autocomplete="email" inputmode="email" maxlength="254" '
        f'required value="{escape(left.contact or "")}"><button type="submit">{texts.email_save}</button></div></form>'
    )
    if left.contact is None:
        body = f"<p>{texts.offline_ask}</p>{form}"
    else:
        kept = texts.email_kept.format(email=f"<b>{escape(left.contact)}</b>")
        body = f'<p role="status">{kept}</p><details><summary>{texts.email_change}</summary>{form}</details>'
    return f'<section class="fd-card" aria-label="{texts.email}"><p><strong>{until}</strong></p>{body}</section>'


def ending(left: Left, texts: Texts, *, commenting: bool) -> str:
    """What stands in the message box's place once the conversation has ended: the rating, and a way to a new one."""
    return (
        f'<section class="fd-ending" aria-label="{texts.ended}"><p class="fd-ended">{texts.ended}</p>'
        f"{_rating(left, texts)}{_comment(left, texts, commenting=commenting)}"
        f'<button type="button" class="fd-restart" data-act="restart">{texts.restart}</button></section>'
    )


def _rating(left: Left, texts: Texts) -> str:
    buttons = "".join(
        f'<button type="button" data-act="score" data-rating="{rating}" '
        f'aria-pressed="{str(left.rating == rating).lower()}"><b>{rating}</b><span>{label}</span></button>'
        for rating, label in enumerate(texts.ratings, start=1)
    )
    return (
        f'<div class="fd-rating" role="group" aria-labelledby="fd-rating-title">'
        f'<p id="fd-rating-title">{texts.rate}</p><div>{buttons}</div></div>'
    )


def _comment(left: Left, texts: Texts, *, commenting: bool) -> str:
    if left.rating is None:
        return ""
    if not commenting:
        return f'<p class="fd-thanks" role="status">{texts.thanks}</p>'
    return (
        f'<form class="fd-score" data-rating="{left.rating}"><label for="fd-score-comment">{texts.comment}</label>'
        f'<textarea id="fd-score-comment" rows="2" maxlength="{MAX_COMMENT_CHARACTERS}"></textarea>'
        f'<button type="submit">{texts.comment_send}</button></form>'
    )


def confirm_end(texts: Texts, opening: str) -> str:
    """Asks whether the conversation shall really end.

    Args:
        opening: differs at each opening, so that it can be opened again.
    """
    return (
        f'<div class="fd-passage fd-confirm" role="alertdialog" aria-modal="true" aria-labelledby="fd-confirm-title" '
        f'aria-describedby="fd-confirm-text" lang="{texts.language}" data-opening="{escape(opening)}">'
        f'<div class="fd-sheet"><h2 id="fd-confirm-title">{texts.end_question}</h2>'
        f'<p id="fd-confirm-text">{texts.end_consequence}</p><div class="fd-choices">'
        f'<button type="button" class="fd-close fd-keep" data-act="close">{texts.end_keep}</button>'
        f'<button type="button" class="fd-end-now" data-act="end">{texts.end}</button></div></div></div>'
    )
