"""Transcripts as HTML: the list, and a conversation with what the bot thought. Knows no events and no SQL.

Every word that somebody wrote is escaped here; nothing of it becomes a link or an image.
"""

import math
from collections.abc import Callable
from html import escape

from bot.storage.records import LoggedDecision, LoggedMessage
from bot.storage.transcript_records import Thumb, Total, Transcript, TranscriptPage, TranscriptSummary
from bot.values import PassageSource, ReplySource, Role

ReplyText = Callable[[str, int], str | None]
"""Gives the text of a reply's version, or None where it is gone."""

_HIT_CHARACTERS = 160
_THUMBS = {Thumb.UP: ("▲", "liked"), Thumb.DOWN: ("▼", "disliked")}
_ROLES = {Role.CUSTOMER: "Customer", Role.BOT: "Bot", Role.AGENT: "Agent"}


def list_html(page: TranscriptPage, chosen: str | None = None) -> str:
    """A page as a list of buttons; the page's script moves among them by keys."""
    if not page.items:
        return '<p class="st-empty">No conversation meets this filter.</p>'
    rows = "".join(_row_html(summary, chosen=summary.conversation_id == chosen) for summary in page.items)
    return f'<ul class="tr-list" aria-label="Conversations">{rows}</ul>'


def total_html(total: Total, *, searched: bool) -> str:
    """How many there are."""
    what = "message" if searched else "conversation"
    plural = "" if total.number == 1 and not total.capped else "s"
    best = " · best matches of the newest 1,000" if searched and total.capped else ""
    return f'<p class="tr-total" role="status"><b>{total}</b> {what}{plural}{best}</p>'


def transcript_html(transcript: Transcript, reply_text: ReplyText) -> str:
    """A whole conversation."""
    summary = transcript.summary
    messages = "".join(
        _message_html(message, transcript.decisions.get(message.sequence), reply_text, summary.hit_sequence)
        for message in transcript.messages
    )
    rating = f"<span>Rated {summary.rating} of 5</span>" if summary.rating is not None else ""
    facts = (
        f"<time>{summary.started_utc:%Y-%m-%d %H:%M} UTC</time><span>{escape(summary.channel)}</span>"
        f"<span>with {summary.owner}</span><span>{summary.message_count} messages</span>{rating}"
        f"{''.join(map(_label_html, summary.labels))}"
    )
    empty = '<p class="st-empty">Nothing was said here.</p>'
    return (
        f'<article class="tr-talk" aria-label="Conversation"><header><h3>{_shortened(summary.first_question, 120)}</h3>'
        f'<p class="tr-facts">{facts}</p><p class="tr-id">{escape(summary.conversation_id)}</p></header>'
        f"<ol>{messages}</ol>{'' if messages else empty}</article>"
    )


def _row_html(summary: TranscriptSummary, *, chosen: bool) -> str:
    symbol, said = _THUMBS.get(summary.thumb, ("", ""))
    thumb = f'<span title="{said}">{symbol}<span class="tr-hidden">{said}</span></span>' if symbol else ""
    decided = ""
    if summary.action is not None:
        sure = "" if summary.confidence is None else f" {summary.confidence:.2f}"
        decided = (
            f'<span class="tr-tag">{escape(summary.intent or "no intent")}</span>'
            f'<span class="tr-tag tr-{summary.action}">{summary.action}{sure}</span>'
        )
    second = _hit_html(summary.hit_text) if summary.hit_text else _shortened(summary.last_message, 140)
    rating = f"<span>★ {summary.rating}</span>" if summary.rating is not None else ""
    return (
        f'<li><button type="button" class="tr-row" data-conversation="{escape(summary.conversation_id)}"'
        f"{' aria-current=true' if chosen else ''}>"
        f'<span class="tr-first">{_shortened(summary.first_question, 100) or "(no question)"}</span>'
        f'<span class="tr-second">{second}</span>'
        f'<span class="tr-facts"><time>{summary.started_utc:%Y-%m-%d %H:%M}</time>{decided}{thumb}{rating}'
        f"<span>{summary.message_count} messages</span><span>{escape(summary.channel)}</span>"
        f"{''.join(map(_label_html, summary.labels))}</span></button></li>"
    )


def _message_html(
    message: LoggedMessage, decision: LoggedDecision | None, reply_text: ReplyText, hit: int | None
) -> str:
    role = message.message.role
    name = f"{_ROLES[role]} {escape(message.author)}" if message.author else _ROLES[role]
    thoughts = _thoughts_html(decision, reply_text) if decision is not None else ""
    failed = '<p class="tr-failed">The bot could not answer this.</p>' if message.reply_failed else ""
    found = " tr-found" if message.sequence == hit else ""
    return (
        f'<li class="tr-message tr-{role}{found}"><p class="tr-by"><b>{name}</b> '
        f"<time>{message.message.sent_utc:%Y-%m-%d %H:%M:%S}</time></p>"
        f'<div class="tr-text" dir="auto">{escape(message.message.text)}</div>{failed}{_feedback_html(decision)}'
        f"{thoughts}</li>"
    )


def _feedback_html(decision: LoggedDecision | None) -> str:
    if decision is None or decision.feedback is None:
        return ""
    symbol, said = _THUMBS[Thumb.UP if decision.feedback.helpful else Thumb.DOWN]
    comment = f": {escape(decision.feedback.comment)}" if decision.feedback.comment else ""
    return f'<p class="tr-feedback">{symbol} {said}{comment}</p>'


def _thoughts_html(decision: LoggedDecision, reply_text: ReplyText) -> str:
    """What the bot thought, folded up."""
    taken = decision.decision
    summary = f"What the bot thought: {taken.action} · {escape(taken.reason)} · {_number(taken.confidence)}"
    ranking = "".join(_bar_html(score.intent, score.probability) for score in decision.ranking[:8])
    scope = "" if decision.out_of_scope is None else _bar_html("out of scope", decision.out_of_scope, "tr-scope")
    passages = "".join(
        f"<li><b>{escape(found.passage.title)}</b> <span>{_number(found.score)}</span>"
        f'<blockquote dir="auto">{escape(found.passage.text)}</blockquote></li>'
        for found in decision.passages
    )
    replies = "".join(
        f"<li><b>{escape(ranked.reply_id)} v{ranked.version}</b> <span>{_number(ranked.score)}</span>"
        f'<blockquote dir="auto">{escape(reply_text(ranked.reply_id, ranked.version) or "(gone)")}</blockquote></li>'
        for ranked in decision.replies
    )
    sources = "".join(f"<li>{_source_html(source)}</li>" for source in decision.sources)
    parts = (
        ("Intents", f'<ul class="tr-bars">{ranking}{scope}</ul>' if ranking or scope else ""),
        ("Passages", f"<ol>{passages}</ol>" if passages else ""),
        ("Replies", f"<ol>{replies}</ol>" if replies else ""),
        ("Sources shown", f"<ul>{sources}</ul>" if sources else ""),
        ("Facts", _facts_html(decision)),
    )
    body = "".join(f"<section><h4>{name}</h4>{content}</section>" for name, content in parts if content)
    return f'<details class="tr-thoughts"><summary>{summary}</summary><div>{body}</div></details>'


def _facts_html(decision: LoggedDecision) -> str:
    facts = {
        "Bundle": decision.versions.bundle,
        "Knowledge": decision.versions.knowledge,
        "Replies": decision.versions.replies,
        "Latency": f"{decision.latency_ms:.0f} ms" if math.isfinite(decision.latency_ms) else None,
        "Mood": decision.sentiment,
        "Not understood because": decision.foreign,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    return f"<dl>{rows}</dl>"


def _source_html(source: ReplySource | PassageSource) -> str:
    if isinstance(source, ReplySource):
        return f"approved reply {escape(source.reply_id)} v{source.version}"
    return f"{escape(source.title)} ({escape(source.source_uri)})"


def _bar_html(name: str, share: float, kind: str = "") -> str:
    width = round(100 * share) if math.isfinite(share) else 0
    return (
        f'<li class="{kind}"><span>{escape(name)}</span><progress max="100" value="{width}" '
        f'aria-label="{escape(name)}"></progress><span>{_number(share)}</span></li>'
    )


def _label_html(label: str) -> str:
    return f'<span class="tr-label">{escape(label)}</span>'


def _hit_html(text: str) -> str:
    return f"“{_shortened(text, _HIT_CHARACTERS)}”"


def _shortened(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return escape(flat if len(flat) <= most else flat[: most - 1].rstrip() + "…")


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "not a number"
