"""Reading a turn: understand it in its context, find passages, rank replies. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.compose import intent_title
from bot.languages import foreign_reason
from bot.live import Models
from bot.policy import Choice, Reason, TurnState
from bot.quoting import choose_spans
from bot.settings import Settings
from bot.state import chosen_option, customer_texts, turn_state
from bot.storage.records import LoggedMessage
from bot.turn_text import turn_text
from bot.values import Evidence, IntentScore, PassageSource, RankedReply, Understanding, Vector
from retrieval.retriever import Retriever
from retrieval.values import RetrievedPassage

_PASSAGES = 5
_REPLIES = 5
_INTENTS_RANKED = 2
_SURE = 0.7
_ELLIPTICAL_WORDS = 6
_SHORT_WORDS = 4
"""A message of at most so many words leans on the one before it, for keyword search too ("and for shoes?")."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A read turn: what the policy decides from, and what quoting needs."""

    evidence: Evidence
    state: TurnState
    retriever: Retriever | None

    def quotes(self, choice: Choice) -> tuple[PassageSource, ...]:
        """The best passage with the sentences that answer the turn."""
        if self.retriever is None:
            return ()
        passage = choice.passages[0].passage
        spans, vectors = self.retriever.sentences(passage.passage_id)
        vector = self.evidence.understanding.vector
        known = vector is not None and vectors.shape[1] == len(vector)
        scores = list(vectors @ vector) if vector is not None and known else [0.0] * len(spans)
        chosen = choose_spans(spans, scores) or ((0, len(passage.text)),)
        return (PassageSource(passage.passage_id, passage.document_id, passage.title, passage.source_uri, chosen),)


def read_turn(messages: Sequence[LoggedMessage], models: Models, settings: Settings) -> Turn:
    """Read the customer's current message, the last of the messages, in the context of the others.

    Raises:
        ModelError: the encoder gave no usable scores.
    """
    state = turn_state(messages, settings.variables, settings.handoff_phrases)
    choice = chosen_option(messages)
    asked = _before_the_option(messages, choice[0]) if choice else messages
    understanding = _understand(asked, models)
    passages = _passages(asked, understanding.vector, models)
    if choice:
        understanding, passages = _with_option(choice, understanding, passages, models, settings)
    replies = _replies(understanding, state, models)
    return Turn(Evidence(understanding, passages, replies), state, models.retriever)


def _understand(messages: Sequence[LoggedMessage], models: Models) -> Understanding:
    text = messages[-1].message.text
    foreign = foreign_reason(text, models.languages, models.encoder.unknown_token_share(text))
    if foreign:
        return Understanding((), None, None, None, foreign)
    alone, joined = models.encoder.understand([text, turn_text([logged.message.text for logged in messages])])
    return alone if _stands_alone(text, alone) else joined


def _stands_alone(text: str, alone: Understanding) -> bool:
    """Whether a message says by itself what it is about; else it is read with what came before it.

    Both readings are rows of one batch. Read with its context in any case, "super, thank you" was taken for more of the
    same topic: context counts only where the message needs it.
    """
    sure = bool(alone.ranking) and alone.ranking[0].probability >= _SURE
    return sure or len(text.split()) > _ELLIPTICAL_WORDS


def _passages(messages: Sequence[LoggedMessage], vector: Vector | None, models: Models) -> tuple[RetrievedPassage, ...]:
    if models.retriever is None:
        return ()
    texts = customer_texts(messages)
    leans = len(texts) > 1 and len(texts[-1].split()) <= _SHORT_WORDS
    return models.retriever.search(" ".join(texts[-2:]) if leans else texts[-1], vector, _PASSAGES)


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
        certain = tuple(replace(found, score=1.0, rank=rank) for rank, found in enumerate(picked, start=1))
        return replace(understanding, ranking=(), foreign=None), certain
    titles = {intent_title(intent, settings.intent_titles): intent for intent in models.encoder.intents}
    if option not in titles:  # a bundle without this intent went live in between
        return understanding, passages
    intent = IntentScore(titles[option], 1.0)
    return replace(understanding, ranking=(intent,), out_of_scope=0.0), passages
