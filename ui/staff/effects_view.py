"""What a correction would change, as a list. Every text of customers and replies is escaped. Knows no gradio."""

from collections.abc import Callable, Sequence
from html import escape

from bot.effects import NEAR, Effect, EffectKind, Effects
from ui.staff.pieces import act, badge

_SHOWN = 30
_KINDS = {
    EffectKind.NEW_WORDS: ("new words", "plain"),
    EffectKind.OTHER_REPLY: ("another reply", "warn"),
    EffectKind.NO_ANSWER: ("▼ no answer any more", "bad"),
}


def render_effects(effects: Effects, title: Callable[[str], str]) -> str:
    """The answers that would change, and the turns that a training may pull along."""
    return (
        '<article class="st-item im-effects" aria-label="Effects of this correction" tabindex="-1">'
        f"<h3>Effects, if you save this</h3>{_answers(effects)}{_pulled(effects, title)}"
        '<p class="st-about">Nothing is saved yet. Looked at: the newest turns that the bot answered, read again by '
        "the live models.</p></article>"
    )


def _answers(effects: Effects) -> str:
    if not effects.reply:
        return (
            "<p>No reply is corrected, so no answer changes at once: intent and passage work through the next run.</p>"
        )
    found = effects.answers
    head = f"<p><b>{len(found):,} of {effects.turns:,}</b> past answers would change, once the reply is approved.</p>"
    return f"<section>{head}{_list(found, _changed)}</section>"


def _pulled(effects: Effects, title: Callable[[str], str]) -> str:
    found = effects.pulled
    if not found:
        return ""
    head = (
        f"<p><b>{len(found):,} of {effects.turns:,}</b> past turns lie close to this one (cosine at least {NEAR:.2f}) "
        f"and are read as {escape(title(found[0].before))}: the next training would probably read them as "
        f"{escape(title(found[0].after))} too. This is an estimate.</p>"
    )
    return f"<section>{head}{_list(found, _near)}</section>"


def _list(found: Sequence[Effect], row: Callable[[Effect], str]) -> str:
    rows = "".join(f"<li>{row(effect)}</li>" for effect in found[:_SHOWN])
    more = f'<p class="st-about">and {len(found) - _SHOWN:,} more</p>' if len(found) > _SHOWN else ""
    return f"<ol>{rows}</ol>{more}" if rows else ""


def _changed(effect: Effect) -> str:
    sides = "".join(
        f'<section class="im-side"><h4>{name}</h4><div class="st-said st-bot"><div class="st-text" dir="auto">'
        f"{escape(text)}</div></div></section>"
        for name, text in (("Today", effect.before), ("Then", effect.after))
    )
    return f'{_question(effect, *_KINDS[effect.kind])}<div class="im-sides">{sides}</div>'


def _near(effect: Effect) -> str:
    return _question(effect, f"nearness {effect.nearness or 0:.2f}")


def _question(effect: Effect, about: str, kind: str = "plain") -> str:
    return (
        f'<p class="st-meta">{badge(about, kind)}'
        f"{act('Whole conversation', 'transcript', id=effect.conversation_id)}</p>"
        f'<div class="st-text" dir="auto">{escape(effect.question)}</div>'
    )
