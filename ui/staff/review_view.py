"""One bot message for its reviewer, as HTML: why it is here, the conversation around it, what the bot thought.

Everything that customers, bots, agents or articles wrote is escaped here. Knows no gradio and no storage.
"""

import json
import math
from collections.abc import Sequence
from html import escape

from bot.reviews import Agreement, Review, ReviewItem, Verdict, Why
from bot.storage.records import LoggedDecision, LoggedMessage
from bot.values import ReplySource, Role
from retrieval.values import Passage
from ui.staff.pieces import badge, moment

KEYS = {
    "a": "#st-approve",
    "x": "#st-reject",
    "i": "#st-intent",
    "c": "#st-correct-reply",
    "n": "#st-next",
    "e": "#st-effects",
    "g": "#st-golden",
}
"""Keys of the review tab, and what each of them presses or focuses."""

_BEFORE, _AFTER = 8, 2
_INTENTS = 5
_WHY = {
    Why.DISLIKED: ("The customer disliked it", "bad"),
    Why.UNCERTAIN: ("The bot was unsure", "warn"),
    Why.HANDED_OFF: ("Handed off to people", "plain"),
    Why.SAMPLE: ("Random sample", "plain"),
}
_ROLES = {Role.CUSTOMER: "Customer", Role.BOT: "Bot", Role.AGENT: "Agent"}
_REASONS = {
    "approved_reply": "an approved reply of the understood intent",
    "passage": "the best passage, quoted",
    "clarify_intents": "not sure enough: offered the two likeliest intents",
    "clarify_articles": "not sure enough: offered the two likeliest articles",
    "clarify_rephrase": "nothing to offer: asked to say it in other words",
    "asked_for_person": "the customer asked for a person, or the case needs one",
    "out_of_scope": "out of scope",
    "not_understood": "not understood after asking back",
    "foreign_language": "a language that the bundle does not know",
    "model_failure": "the model gave no usable scores",
}


def render_progress(today: int, done: int, waiting: int, cap: int, together: Agreement) -> str:
    """How far the reviewer is and how far reviewers agree."""
    left = f"{cap}+" if waiting >= cap else str(waiting)
    return (
        f'<div class="st-progress" data-keys="{escape(json.dumps(KEYS))}">'
        f"<span><b>{today}</b> by you today</span><span><b>{done}</b> by you in all</span>"
        f"<span><b>{left}</b> waiting</span>"
        f'<span class="st-kappa" title="Cohen\'s kappa: 1 is full agreement, 0 is what chance gives">'
        f"Agreement over <b>{together.messages}</b> shared: verdicts <b>κ {_kappa(together.verdict_kappa)}</b>, "
        f"intents <b>κ {_kappa(together.intent_kappa)}</b> ({together.intents})</span>"
        f'<button type="button" class="st-act" data-toggle-keys aria-pressed="true">Keyboard</button></div>'
    )


def render_item(item: ReviewItem, subject: LoggedDecision, messages: Sequence[LoggedMessage]) -> str:
    """The message in its conversation, and what the bot thought."""
    why = "".join(badge(_why(reason, item), _WHY[reason][1]) for reason in item.why)
    shared = badge("Two reviewers are asked", "good") if item.shared else ""
    comment = subject.feedback.comment if subject.feedback else None
    told = f'<p class="st-comment">Their comment: “{escape(comment)}”</p>' if comment else ""
    return (
        f'<article class="st-item"><p class="st-why"><span class="st-label">Why it is here</span>{why}{shared}</p>'
        f'{told}<div class="st-two"><section aria-label="Conversation"><h3>Conversation</h3>'
        f'{_conversation(subject, messages)}</section><section aria-label="What the bot thought">'
        f"<h3>What the bot thought</h3>{_thought(subject)}</section></div></article>"
    )


def render_done() -> str:
    """What stands there when nothing waits."""
    return (
        '<article class="st-item st-done"><h3>Nothing waits for you</h3>'
        "<p>You have judged or skipped all that was worth a look in the last 30 days. New messages appear here by "
        "themselves when you press Next.</p></article>"
    )


def render_passage_text(passage: Passage | None) -> str:
    """The passage that is marked as the right one."""
    if passage is None:
        return ""
    return f'<blockquote class="st-passage"><b>{escape(passage.title)}</b><p>{escape(passage.text)}</p></blockquote>'


def passage_label(passage: Passage, score: float | None = None) -> str:
    """One line that names a passage in a list of choices."""
    start = passage.text[:70] + ("…" if len(passage.text) > 70 else "")
    number = f" ({score:.2f})" if score is not None and math.isfinite(score) else ""
    return f"{passage.title}{number}: {start}"


def render_saved(review: Review) -> str:
    """What saving did, in words."""
    words = {Verdict.APPROVED: "Approved.", Verdict.CORRECTED: "Correction saved.", Verdict.REJECTED: "Rejected."}
    proposed = review.opinion.reply_id
    more = f" The reply waits for approval under Replies ({proposed})." if proposed else ""
    return words[review.opinion.verdict] + more


def _why(reason: Why, item: ReviewItem) -> str:
    words = _WHY[reason][0]
    if reason is Why.UNCERTAIN and item.confidence is not None:
        return f"{words} ({item.confidence:.0%})"
    return words


def _kappa(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _conversation(subject: LoggedDecision, messages: Sequence[LoggedMessage]) -> str:
    first, last = subject.sequence - _BEFORE, subject.sequence + _AFTER
    shown = [logged for logged in messages if first <= logged.sequence <= last]
    earlier = '<li class="st-earlier">earlier messages are left out</li>' if first > 1 else ""
    return f'<ol class="st-talk">{earlier}{"".join(_message(logged, subject) for logged in shown)}</ol>'


def _message(logged: LoggedMessage, subject: LoggedDecision) -> str:
    target = logged.sequence == subject.sequence
    thumb = ""
    if logged.feedback is not None:
        thumb = badge("thumb up", "good") if logged.feedback.helpful else badge("thumb down", "bad")
    mark = badge("to review", "warn") if target else ""
    options = "".join(f"<li>{escape(option)}</li>" for option in logged.options)
    return (
        f'<li class="st-said st-{logged.message.role}{" st-target" if target else ""}">'
        f'<p class="st-who">{_ROLES[logged.message.role]} {moment(logged.message.sent_utc)} {thumb}{mark}</p>'
        f'<div class="st-text">{escape(logged.message.text)}</div>'
        f"{f'<ul class=st-options>{options}</ul>' if options else ''}</li>"
    )


def _thought(subject: LoggedDecision) -> str:
    decision = subject.decision
    sure = f"{decision.confidence:.0%}" if math.isfinite(decision.confidence) else "not a number"
    reply = next((source for source in subject.sources if isinstance(source, ReplySource)), None)
    used = f"<dt>Reply</dt><dd>{escape(reply.reply_id)}, version {reply.version}</dd>" if reply else ""
    scope = f"<dt>Out of scope</dt><dd>{subject.out_of_scope:.2f}</dd>" if subject.out_of_scope is not None else ""
    return (
        f"<dl class=st-facts><dt>Decision</dt><dd>{decision.action}: "
        f"{escape(_REASONS.get(decision.reason, decision.reason))}</dd><dt>Confidence</dt><dd>{sure}</dd>"
        f"{scope}{used}</dl>{_ranking(subject)}{_passages(subject)}"
    )


def _ranking(subject: LoggedDecision) -> str:
    if not subject.ranking:
        return '<p class="st-nothing">No intent was read.</p>'
    rows = "".join(
        f'<li><span>{escape(score.intent)}</span><meter min="0" max="1" value="{score.probability:.3f}" '
        f'aria-label="{escape(score.intent)}"></meter><span>{score.probability:.0%}</span></li>'
        for score in subject.ranking[:_INTENTS]
        if math.isfinite(score.probability)
    )
    return f'<h4>Intents</h4><ol class="st-ranking">{rows}</ol>'


def _passages(subject: LoggedDecision) -> str:
    if not subject.passages:
        return '<p class="st-nothing">No passage was found.</p>'
    rows = "".join(
        f"<li><details><summary>{escape(found.passage.title)} <span>{found.score:.2f}</span></summary>"
        f"<p>{escape(found.passage.text)}</p></details></li>"
        for found in subject.passages
    )
    return f'<h4>Passages</h4><ol class="st-passages">{rows}</ol>'
