"""What to do with a turn: a pure function of its evidence and of the conversation's state.

Knows no models, no storage and no wording; every reason that it can give is listed in `Reason`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.values import Action, Decision, Evidence, RankedReply, Understanding
from retrieval.values import RetrievedPassage


class Reason(StrEnum):
    """Why the policy decided so; logged with each decision."""

    APPROVED_REPLY = "approved_reply"
    PASSAGE = "passage"
    CLARIFY_INTENTS = "clarify_intents"
    CLARIFY_ARTICLES = "clarify_articles"
    CLARIFY_REPHRASE = "clarify_rephrase"
    ASKED_FOR_PERSON = "asked_for_person"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_UNDERSTOOD = "not_understood"
    FOREIGN_LANGUAGE = "foreign_language"
    MODEL_FAILURE = "model_failure"


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds (0..1) and intents that a desk decides by.

    Attributes:
        reply: lowest intent probability that is answered by an approved reply; None: never.
        passage: lowest fused score that is answered by quoting; None: never.
        out_of_scope: from which score on a turn is out of scope; None: not judged.
    """

    reply: float | None
    passage: float | None
    out_of_scope: float | None
    handoff_intents: frozenset[str] = frozenset()
    person_probability: float = 0.5
    max_clarifications: int = 1


@dataclass(frozen=True, slots=True)
class TurnState:
    """What the conversation so far says about this turn.

    Attributes:
        variables: values that the customer gave, by name, for ``{variables}`` of replies.
        clarifications: how often in a row the bot has just asked back.
        asked_for_person: the words themselves ask for a person.
    """

    variables: dict[str, str] = field(default_factory=dict)
    clarifications: int = 0
    asked_for_person: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision with what it is made of: a reply, passages to quote, or options to offer."""

    decision: Decision
    reply: RankedReply | None = None
    passages: tuple[RetrievedPassage, ...] = ()
    options: tuple[str, ...] = ()


def decide(evidence: Evidence, state: TurnState, rules: Rules) -> Choice:
    """Choose between answering, asking back and handing off."""
    if (person := _asked_for_person(evidence, state, rules)) is not None:
        return hand_off(Reason.ASKED_FOR_PERSON, person)
    return _answer(evidence, rules) or _without_answer(evidence, state, rules)


def action_without_knowledge(understanding: Understanding, rules: Rules) -> Action:
    """What a turn would get from its understanding alone, supposing that each intent has an approved reply."""
    evidence = Evidence(understanding, (), ())
    best = next(iter(understanding.ranking), None)
    if _asked_for_person(evidence, TurnState(), rules) is not None or is_out_of_scope(evidence, rules):
        return Action.HANDOFF
    sure = best is not None and rules.reply is not None and best.probability >= rules.reply
    return Action.ANSWER if sure else Action.CLARIFY


def is_out_of_scope(evidence: Evidence, rules: Rules) -> bool:
    """Whether the turn's out-of-scope score reaches the desk's threshold."""
    score = evidence.understanding.out_of_scope
    return score is not None and rules.out_of_scope is not None and score >= rules.out_of_scope


def _asked_for_person(evidence: Evidence, state: TurnState, rules: Rules) -> float | None:
    if state.asked_for_person:
        return 1.0
    best = next(iter(evidence.understanding.ranking), None)
    if best and best.intent in rules.handoff_intents and best.probability >= rules.person_probability:
        return best.probability
    return None


def _answer(evidence: Evidence, rules: Rules) -> Choice | None:
    """An approved reply of the understood intent first: a person chose its words; else the passages."""
    best = next(iter(evidence.understanding.ranking), None)
    if best and rules.reply is not None and best.probability >= rules.reply and not is_out_of_scope(evidence, rules):
        reply = next((ranked for ranked in evidence.replies if best.intent in ranked.reply.intents), None)
        if reply:
            return Choice(Decision(Action.ANSWER, Reason.APPROVED_REPLY, best.probability), reply=reply)
    top = next(iter(evidence.passages), None)
    sure = top is not None and rules.passage is not None and top.score >= rules.passage
    if top and sure and not evidence.understanding.foreign:  # keyword scores alone were never calibrated
        return Choice(Decision(Action.ANSWER, Reason.PASSAGE, top.score), passages=evidence.passages)
    return None


def _without_answer(evidence: Evidence, state: TurnState, rules: Rules) -> Choice:
    if is_out_of_scope(evidence, rules):
        return hand_off(Reason.OUT_OF_SCOPE, evidence.understanding.out_of_scope or 1.0)
    if state.clarifications >= rules.max_clarifications:
        return hand_off(Reason.NOT_UNDERSTOOD, 1.0)
    if evidence.understanding.foreign and not evidence.passages:
        return hand_off(Reason.FOREIGN_LANGUAGE, 1.0)
    return _clarify(evidence, rules)


def _clarify(evidence: Evidence, rules: Rules) -> Choice:
    likeliest = [score for score in evidence.understanding.ranking if score.intent not in rules.handoff_intents][:2]
    if len(likeliest) == 2:
        confidence = sum(score.probability for score in likeliest)
        decision = Decision(Action.CLARIFY, Reason.CLARIFY_INTENTS, min(confidence, 1.0))
        return Choice(decision, options=tuple(score.intent for score in likeliest))
    by_document = {found.passage.document_id: found for found in reversed(evidence.passages)}
    articles = sorted(by_document.values(), key=lambda found: found.rank)[:2]
    if articles:
        decision = Decision(Action.CLARIFY, Reason.CLARIFY_ARTICLES, articles[0].score)
        return Choice(decision, passages=tuple(articles), options=tuple(found.passage.title for found in articles))
    return Choice(Decision(Action.CLARIFY, Reason.CLARIFY_REPHRASE, 0.0))


def hand_off(reason: Reason, confidence: float = 1.0) -> Choice:
    """Pass the conversation to a person."""
    return Choice(Decision(Action.HANDOFF, reason, confidence))
