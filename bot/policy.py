"""What to do with a turn: a pure function of its evidence and of the conversation's state.

Knows no models, no storage and no wording; every reason that it can give is listed in `Reason`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.calibration import PassageCurve
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


SETTLED = frozenset({Reason.APPROVED_REPLY, Reason.PASSAGE, Reason.ASKED_FOR_PERSON})
"""Reasons that need no second look at the turn."""

CERTAIN = 1.0
"""Score of a passage of the article that the customer picked."""

_LIKELY = 0.3
"""From this chance on that a message says too little, asking back costs the customer less than a wrong answer."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds (0..1) and intents that a desk decides by.

    Attributes:
        reply: lowest intent probability that is answered by an approved reply; None: never.
        passage: lowest confidence of the first passage that is answered by quoting; None: never.
        passage_curve: gives that confidence; None: the passage's score stands for it.
        out_of_scope: from which score on a turn is out of scope; None: not judged.
    """

    reply: float | None
    passage: float | None
    out_of_scope: float | None
    passage_curve: PassageCurve | None = None
    handoff_intents: frozenset[str] = frozenset()
    clarify_intents: frozenset[str] = frozenset()
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


def choose(readings: Sequence[Evidence], state: TurnState, rules: Rules) -> tuple[Evidence, Choice]:
    """Decide on the first reading that settles the turn, or on the fullest where none does.

    "super, thank you" is settled by itself, "and for shoes?" by what came before it. Read with its context in any case,
    the thanks would be taken for more of the same topic.

    Args:
        readings: the message alone, then with its context where it has one.

    Returns:
        The reading that was decided on, and the choice.
    """
    choices = [(evidence, decide(evidence, state, rules)) for evidence in readings]
    settled = (pair for pair in choices if pair[1].decision.reason in SETTLED)
    return next(settled, choices[-1])


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
    return Action.ANSWER if sure and not _says_too_little(evidence, rules) else Action.CLARIFY


def is_out_of_scope(evidence: Evidence, rules: Rules) -> bool:
    """Whether the turn's out-of-scope score reaches the desk's threshold."""
    score = evidence.understanding.out_of_scope
    return score is not None and rules.out_of_scope is not None and score >= rules.out_of_scope


def _asked_for_person(evidence: Evidence, state: TurnState, rules: Rules) -> float | None:
    if state.asked_for_person:
        return 1.0
    together = _chance_of(rules.handoff_intents, evidence)
    known = bool(evidence.understanding.ranking)
    return min(together, 1.0) if known and together >= rules.person_probability else None


def _chance_of(intents: frozenset[str], evidence: Evidence) -> float:
    """Chance of any of these intents, as far as the ranking reaches."""
    return sum(score.probability for score in evidence.understanding.ranking if score.intent in intents)


def _answer(evidence: Evidence, rules: Rules) -> Choice | None:
    """An approved reply of the understood intent, or else the first passage, if either is sure enough."""
    if _says_too_little(evidence, rules):
        return None
    return _by_reply(evidence, rules) or _by_passage(evidence, rules)


def _says_too_little(evidence: Evidence, rules: Rules) -> bool:
    return _chance_of(rules.clarify_intents, evidence) >= _LIKELY


def _by_reply(evidence: Evidence, rules: Rules) -> Choice | None:
    """An approved reply, unless a passage is nearer to what was asked.

    A reply of the right intent may still say something else: "how many days to Skye?" is about delivery times, and the
    reply on delivery times knows only the mainland. On the demo shop's dev conversations every reply nearer than the
    first passage was right, and seven of the 29 that were more than 0.1 farther.
    """
    best = next(iter(evidence.understanding.ranking), None)
    if best is None or rules.reply is None or best.probability < rules.reply or is_out_of_scope(evidence, rules):
        return None
    reply = next((ranked for ranked in evidence.replies if best.intent in ranked.reply.intents), None)
    if reply is None or _is_nearer_passage(evidence, reply, rules):
        return None
    return Choice(Decision(Action.ANSWER, Reason.APPROVED_REPLY, best.probability), reply=reply)


def _is_nearer_passage(evidence: Evidence, reply: RankedReply, rules: Rules) -> bool:
    """Whether a passage that may be quoted is nearer than the reply; one that never may does not silence a reply."""
    quotable = rules.passage is not None and passage_confidence(evidence, rules) is not None
    return quotable and evidence.passages[0].score > reply.score


def _by_passage(evidence: Evidence, rules: Rules) -> Choice | None:
    confidence = passage_confidence(evidence, rules)
    if confidence is None or rules.passage is None or confidence < rules.passage:
        return None
    return Choice(Decision(Action.ANSWER, Reason.PASSAGE, confidence), passages=evidence.passages)


def passage_confidence(evidence: Evidence, rules: Rules) -> float | None:
    """How sure it is that the first passage answers, 0..1; None without one, or where no vector found it."""
    understanding, passages = evidence.understanding, evidence.passages
    if understanding.foreign or not passages:
        return None
    if passages[0].score >= CERTAIN:
        return CERTAIN
    curve = rules.passage_curve
    return curve.confidence(passages, understanding.out_of_scope) if curve else passages[0].score


def _without_answer(evidence: Evidence, state: TurnState, rules: Rules) -> Choice:
    if is_out_of_scope(evidence, rules):
        return hand_off(Reason.OUT_OF_SCOPE, evidence.understanding.out_of_scope or 1.0)
    if state.clarifications >= rules.max_clarifications:
        return hand_off(Reason.NOT_UNDERSTOOD, 1.0)
    if evidence.understanding.foreign and not evidence.passages:
        return hand_off(Reason.FOREIGN_LANGUAGE, 1.0)
    return _clarify(evidence, rules)


def _clarify(evidence: Evidence, rules: Rules) -> Choice:
    no_topics = rules.handoff_intents | rules.clarify_intents
    likeliest = [score for score in evidence.understanding.ranking if score.intent not in no_topics][:2]
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
