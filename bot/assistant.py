"""One customer turn from the durable question to the durable reply. Knows no pages and no training."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.absence import Absence
from bot.compose import compose
from bot.errors import ModelError, OwnedByPersonError, TurnTakenError
from bot.live import Models
from bot.phrases import phrase
from bot.policy import Reason, choose, hand_off
from bot.reading import read_turn
from bot.settings import Settings
from bot.state import as_one_turn
from bot.storage.records import Clock, LoggedMessage, utc_now
from bot.storage.store import Store
from bot.values import Evidence, Owner, Reply, Understanding
from retrieval.errors import RetrievalError

NOTHING_READ = Evidence(Understanding((), None, None, None), (), ())


@dataclass(frozen=True)
class Assistant:
    """Answers customers' turns while the bot owns their conversation.

    Attributes:
        models: gives the live models; asked once a turn.
        clock: gives the present; by it the desk is open or closed.
    """

    store: Store
    models: Callable[[], Models]
    settings: Settings
    clock: Clock = utc_now

    def reply(self, conversation_id: str, text: str, client_message_id: str) -> LoggedMessage | None:
        """Log a customer's message, decide, log the reply and give it back.

        Returns:
            The reply, the same one for a retried client message id; None while a person owns the conversation.

        Raises:
            StorageError: the message could not be made durable; nothing was acknowledged.
        """
        asked = self.store.conversations.append_customer(conversation_id, text, client_message_id)
        self.answer(conversation_id)
        return self.store.conversations.reply_to(conversation_id, asked.sequence)

    def answer(self, conversation_id: str) -> LoggedMessage | None:
        """Answer all that waits in a conversation with one reply; also used to finish what a crash left open.

        Returns:
            The reply; None where nothing waits (any more), as while a person owns the conversation.
        """
        started = time.perf_counter()
        while burst := self.store.turns.owed(conversation_id):
            standing = self.store.standings.get(conversation_id)
            if standing is None:  # erased meanwhile
                return None
            models = self.models()
            log = self.store.conversations.messages_after(conversation_id, 0)
            messages = as_one_turn([logged for logged in log if logged.sequence <= burst[-1]], burst)
            evidence, reply = self.consider(messages, models, standing.locale, started)
            append = self.store.conversations.append_reply
            try:
                return append(conversation_id, reply, evidence, answers=burst[-1], burst=burst)
            except OwnedByPersonError:  # somebody took over while the bot was thinking: it stays silent
                return None
            except TurnTakenError:  # another process answered part of it: only what still waits is ours
                continue
        return None

    def consider(
        self, messages: list[LoggedMessage], models: Models, locale: str, started: float
    ) -> tuple[Evidence, Reply]:
        """Understand, retrieve, rank, decide and compose, without touching the log.

        Args:
            messages: the conversation, oldest first, the customer's current message last.
            started: `time.perf_counter` when the turn began; the reply's latency counts from there.
        """
        try:
            turn = read_turn(messages, models, self.settings)
            evidence, choice = choose(turn.readings, turn.state, models.rules)
        except (ModelError, RetrievalError):
            turn, evidence, choice = None, NOTHING_READ, hand_off(Reason.MODEL_FAILURE)
        quoted = turn.quotes(evidence) if turn and choice.decision.reason == Reason.PASSAGE else ()
        composed = compose(
            choice,
            locale=locale,
            variables=turn.state.variables if turn else {},
            quoted=quoted,
            passage_texts={found.passage.passage_id: found.passage.text for found in choice.passages},
            intent_titles=self.settings.intent_titles,
            absence=self._absence(),
        )
        latency_ms = (time.perf_counter() - started) * 1000
        return evidence, Reply(
            composed.text, choice.decision, composed.sources, models.versions, latency_ms, composed.options
        )

    def request_person(self, conversation_id: str, client_message_id: str) -> LoggedMessage | None:
        """Hand over because the customer pressed the button.

        Returns:
            The one announcement; None where a person owns the conversation already, or got it at this moment.
        """
        started = time.perf_counter()
        conversations = self.store.conversations
        standing = self.store.standings.get(conversation_id)
        if standing is None or standing.owner is not Owner.BOT:
            return None
        wish = phrase("wish_for_person", standing.locale)
        asked = conversations.append_customer(conversation_id, wish, client_message_id)
        choice = hand_off(Reason.ASKED_FOR_PERSON)
        text = compose(choice, locale=standing.locale, variables={}, absence=self._absence()).text
        latency_ms = (time.perf_counter() - started) * 1000
        reply = Reply(text, choice.decision, (), self.models().versions, latency_ms)
        try:
            return conversations.append_reply(conversation_id, reply, NOTHING_READ, answers=asked.sequence)
        except OwnedByPersonError:  # the bot's running turn handed off first, or somebody took over
            return None

    def _absence(self) -> Absence | None:
        hours, now = self.settings.hours, self.clock()
        if hours is None or hours.is_open(now):
            return None
        return Absence(hours.next_opening(now), self.settings.contact_email)
