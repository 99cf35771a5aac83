"""Reading a turn: understand it in its context, find passages, rank replies. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.calibration import PASSAGES
from bot.compose import intent_title
from bot.languages import foreign_reason
from bot.live import Models
from bot.policy import CERTAIN, Reason, TurnState
from bot.quoting import choose_spans
from bot.settings import Settings
from bot.state import chosen_option, customer_texts, turn_state
from bot.storage.records import LoggedMessage
from bot.turn_text import turn_text
from bot.values import Evidence, IntentScore, PassageSource, RankedReply, Understanding, Vector
from retrieval.retriever import Retriever
from retrieval.values import RetrievedPassage

_REPLIES = 5
_INTENTS_RANKED = 2
_SHORT_WORDS = 4
"""A message of at most so many words leans on the one before it where keywords alone are searched ("和鞋子呢？")."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A read turn: what the policy decides from, and what quoting needs.

    Attributes:
        readings: the message alone, then with its context where it has one.
    """

    readings: tuple[Evidence, ...]
    state: TurnState
    retriever: Retriever | None

    def quotes(self, evidence: Evidence) -> tuple[PassageSource, ...]:
        """The best passage of a reading with the sentences that answer it."""
        if self.retriever is None:
            return ()
        passage = evidence.passages[0].passage
        spans, vectors = self.retriever.sentences(passage.passage_id)
        vector = evidence.understanding.vector
        known = vector is not None and vectors.shape[1] == len(vector)
        scores = list(vectors @ vector) if vector is not None and known else [0.0] * len(spans)
        chosen = choose_spans(spans, scores) or ((0, len(passage.text)),)
        return (PassageSource(passage.passage_id, passage.document_id, passage.title, passage.source_uri, chosen),)


def read_turn(messages: Sequence[LoggedMessage], models: Models, settings: Settings) -> Turn:
    """Read the customer's current message, the last of the messages, alone and in the context of the others.

    Raises:
        ModelError: the encoder gave no usable scores.
    """
    state = turn_state(messages, settings.variables, settings.handoff_phrases)
    choice = chosen_option(messages)
    asked = _before_the_option(messages, choice[0]) if choice else messages
    found = [
        (understanding, _passages(asked, understanding.vector, models)) for understanding in _understand(asked, models)
    ]
    if choice:
        found = [_with_option(choice, *found[0], models, settings)]
    readings = [Evidence(seen, passages, _replies(seen, state, models)) for seen, passages in found]
    if choice and readings[0].replies:
        # The customer said which topic it is: passages near the words that were not understood no longer count.
        readings = [replace(readings[0], passages=())]
    return Turn(tuple(readings), state, models.retriever)


def _understand(messages: Sequence[LoggedMessage], models: Models) -> list[Understanding]:
    """The last message alone and, where anything came before it, with its context."""
    text = messages[-1].message.text
    foreign = foreign_reason(text, models.languages, models.encoder.unknown_token_share(text))
    if foreign:
        return [Understanding((), None, None, None, foreign)]
    forms = dict.fromkeys([text, turn_text([logged.message.text for logged in messages])])
    return models.encoder.understand(list(forms))


def _passages(messages: Sequence[LoggedMessage], vector: Vector | None, models: Models) -> tuple[RetrievedPassage, ...]:
    if models.retriever is None:
        return ()
    texts = customer_texts(messages)
    # With a vector the context is in it, and keywords look at the message alone, as they did when it was calibrated.
    leans = vector is None and len(texts) > 1 and len(texts[-1].split()) <= _SHORT_WORDS
    return models.retriever.search(" ".join(texts[-2:]) if leans else texts[-1], vector, PASSAGES)


def _replies(understanding: Understanding, state: TurnState, models: Models) -> tuple[RankedReply, ...]:
    if models.replies is None or understanding.vector is None:
        return ()
    intents = [score.intent for score in understanding.ranking[:_INTENTS_RANKED]]
    return models.replies.rank(understanding.vector, intents=intents, variables=state.variables, limit=_REPLIES)


def _before_the_option(messages: Sequence[LoggedMessage], question: LoggedMessage) -> Sequence[LoggedMessage]:
    """The conversation up to the message that made the bot ask back."""
    before = [logged for logged in messages if logged.sequence < question.sequence]
    return before if customer_texts(before) else messages


def _with_option(
    choice: tuple[LoggedMessage, int],
    understanding: Understanding,
    passages: tuple[RetrievedPassage, ...],
    models: Models,
    settings: Settings,
) -> tuple[Understanding, tuple[RetrievedPassage, ...]]:
    """The customer picked what we offered: that intent, or that article, is now certain."""
    question, index = choice
    option = question.options[index]
    if question.decision and question.decision.reason == Reason.CLARIFY_ARTICLES:
        picked = [found for found in passages if found.passage.title == option]
        certain = tuple(replace(found, score=CERTAIN, rank=rank) for rank, found in enumerate(picked, start=1))
        return replace(understanding, ranking=(), foreign=None), certain
    titles = {intent_title(intent, settings.intent_titles): intent for intent in models.encoder.intents}
    if option not in titles:  # a bundle without this intent went live in between
        return understanding, passages
    intent = IntentScore(titles[option], CERTAIN)
    return replace(understanding, ranking=(intent,), out_of_scope=0.0), passages
