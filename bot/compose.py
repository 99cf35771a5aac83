"""A choice becomes the words of a reply: an approved text with its variables filled, or literal quotes with citations.

Knows no models and no storage. `audit` renders the same way to prove what was sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.absence import Absence, absence_sentence
from bot.phrases import phrase
from bot.policy import Choice, Reason
from bot.quoting import quote
from bot.values import Action, PassageSource, ReplySource, Source

_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Composed:
    """What will be said, with its ground and the quick replies offered."""

    text: str
    sources: tuple[Source, ...] = ()
    options: tuple[str, ...] = ()


def compose(
    choice: Choice,
    *,
    locale: str,
    variables: Mapping[str, str],
    quoted: Sequence[PassageSource] = (),
    passage_texts: Mapping[str, str] | None = None,
    intent_titles: Mapping[str, str] | None = None,
    absence: Absence | None = None,
) -> Composed:
    """Render a choice.

    Args:
        quoted: the passages to quote with their spans, best first; used where the reason is a passage.
        passage_texts: text of each quoted passage by its id.
        intent_titles: how intents are named to customers.
        absence: given where nobody is there to take a conversation over; a hand-off says so.
    """
    match choice.decision.reason:
        case Reason.APPROVED_REPLY if choice.reply:
            filled = fill(choice.reply.reply.text, variables)
            used = {name: variables[name] for name in variables_of(choice.reply.reply.text)}
            return Composed(filled, (ReplySource(choice.reply.reply.reply_id, choice.reply.reply.version, used),))
        case Reason.PASSAGE:
            return Composed(render_quotes(quoted, passage_texts or {}), tuple(quoted))
        case Reason.CLARIFY_INTENTS:
            titles = tuple(intent_title(intent, intent_titles or {}) for intent in choice.options)
            return Composed(phrase(choice.decision.reason, locale), options=titles)
        case _:
            away = absence if choice.decision.action is Action.HANDOFF else None
            words = phrase(choice.decision.reason, locale) + (absence_sentence(away, locale) if away else "")
            return Composed(words, options=choice.options)


def variables_of(text: str) -> tuple[str, ...]:
    """Names of the ``{variables}`` in a reply, in order, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put the conversation's values into a reply.

    Raises:
        KeyError: a variable has no value; such a reply must not have been chosen.
    """
    return _VARIABLE.sub(lambda match: variables[match.group(1)], text)


def render_quotes(sources: Sequence[PassageSource], passage_texts: Mapping[str, str]) -> str:
    """Quotes with their citation numbers, one paragraph a passage."""
    return "\n\n".join(
        f"{quote(passage_texts[source.passage_id], source.spans)} [{number}]"
        for number, source in enumerate(sources, start=1)
    )


def intent_title(intent: str, titles: Mapping[str, str]) -> str:
    """How an intent is named to a customer: the desk's title, or its label in words."""
    return titles.get(intent) or intent.replace("_", " ").capitalize()
