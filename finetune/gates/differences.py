"""Two replies to one turn: how they differ and how risky that is. Pure; knows no model and no storage.

The risk (0..1) says what to look at first. People's word on the logged reply comes before any score:

| the candidate | risk |
|---|---|
| fails, or no longer hears that a person is asked for | .95 |
| gives an answer that people found wrong | .9 |
| drops an answer that a reviewer approved | .9 |
| drops an answer with a thumb up | .8 |
| gives up the intent that reviewers name | .85 |
| gives the answer, or takes up the intent, that reviewers name | .05 |
| drops an answer that people found wrong | .2 |

Where nobody has said a word, an answer of another topic is the greatest risk, and doubt adds up to .2:

| the candidate | risk |
|---|---|
| answers what the live bundle calls out of scope or foreign | .6 to .8 |
| answers otherwise, with another intent | .6 to .8 |
| answers what the live bundle asks back about, with another intent | .5 to .7 |
| answers anew, or otherwise, with the same intent | .3 to .5 |
| answers no more | .35 |
| quotes the same passages otherwise, or words the same reply otherwise | .15 |
| hands off instead of asking back, or asks back instead | .2 |
| does the same for another reason | .05 |
"""

from dataclasses import dataclass

from bot.improvement import DifferenceKind, Said
from bot.policy import Reason
from bot.values import Action

_BEYOND = frozenset({Reason.OUT_OF_SCOPE.value, Reason.FOREIGN_LANGUAGE.value})
_DOUBT = 0.2


@dataclass(frozen=True, slots=True)
class Word:
    """What people said of the logged reply.

    Attributes:
        told: sources of the logged answer; empty where the bot did not answer.
        approved: a reviewer found it right, and none wrong.
        liked: the customer's thumb is up.
        wrong: a reviewer rejected or corrected it, or the customer's thumb is down and no reviewer approved it.
        wanted: the replies or passages that reviewers name.
        intent: the intent that reviewers name; None where they name none, or several.
    """

    told: tuple[str, ...] = ()
    approved: bool = False
    liked: bool = False
    wrong: bool = False
    wanted: frozenset[str] = frozenset()
    intent: str | None = None


def kind_of(before: Said, after: Said) -> DifferenceKind | None:
    """How the customer would see that another bundle speaks; None where they would not."""
    answered, answers = before.action == Action.ANSWER, after.action == Action.ANSWER
    if answered and answers:
        same = before.sources == after.sources and before.text == after.text
        return None if same else DifferenceKind.OTHER_ANSWER
    if answers:
        return DifferenceKind.ANSWERS_ANEW
    if answered:
        return DifferenceKind.ANSWERS_NO_MORE
    same = (before.action, before.reason) == (after.action, after.reason)
    return None if same else DifferenceKind.OTHER_HANDLING


def risk_of(before: Said, after: Said, word: Word) -> float:
    """How much a difference should be looked at, 0..1; see the table above."""
    if _fails(before, after):
        return 0.95
    told = _by_word(before, after, word)
    return _by_kind(before, after) if told is None else told


def _fails(before: Said, after: Said) -> bool:
    if after.reason == Reason.MODEL_FAILURE and before.reason != Reason.MODEL_FAILURE:
        return True
    return before.reason == Reason.ASKED_FOR_PERSON and after.action != Action.HANDOFF


def _by_word(before: Said, after: Said, word: Word) -> float | None:
    drops = bool(word.told) and before.sources == word.told and after.sources != word.told
    if after.action == Action.ANSWER and word.wanted & set(after.sources):
        return 0.05
    if word.wrong and word.told and after.sources == word.told:
        return 0.9
    if drops and (word.approved or word.liked):
        return 0.9 if word.approved else 0.8
    if word.intent and before.intent != after.intent and word.intent in (before.intent, after.intent):
        return 0.85 if word.intent == before.intent else 0.05
    return 0.2 if drops and word.wrong else None


def _by_kind(before: Said, after: Said) -> float:
    match kind_of(before, after):
        case DifferenceKind.ANSWERS_ANEW if before.reason in _BEYOND:
            return 0.6 + _doubt(after)
        case DifferenceKind.OTHER_ANSWER if before.sources == after.sources:
            return 0.15
        case DifferenceKind.ANSWERS_ANEW | DifferenceKind.OTHER_ANSWER if before.intent == after.intent:
            return 0.3 + _doubt(after)
        case DifferenceKind.OTHER_ANSWER:
            return 0.6 + _doubt(after)
        case DifferenceKind.ANSWERS_ANEW:
            return 0.5 + _doubt(after)
        case DifferenceKind.ANSWERS_NO_MORE:
            return 0.35
        case DifferenceKind.OTHER_HANDLING if before.action != after.action:
            return 0.2
        case _:
            return 0.05


def _doubt(after: Said) -> float:
    return _DOUBT * (1 - min(max(after.confidence, 0.0), 1.0))
