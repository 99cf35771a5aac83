"""Fakes at the protocols of ui.services, and a server that runs them."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.storage.records import Feedback, LoggedMessage, StartedConversation
from bot.values import (
    Action,
    Conversation,
    Decision,
    Message,
    Owner,
    PassageSource,
    ReplySource,
    Role,
    Source,
    Versions,
)
from retrieval.values import Passage
from ui.services import ChatServices, ChatSettings

VERSIONS = Versions("bundle-1", "knowledge-1", "replies-1")
PASSAGE = Passage(
    "p1", "returns", "Returns > How long",
    "You can send goods back within 30 days. Postage is free. <b>Keep</b> the box.",
    "https://shop.example/help/returns", 0,
)  # fmt: skip
CITED = PassageSource("p1", "returns", PASSAGE.title, PASSAGE.source_uri, ((0, 39), (40, 56)))


@dataclass
class FakeConversations:
    owners: dict[str, Owner] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    logs: dict[str, list[LoggedMessage]] = field(default_factory=dict)
    client_ids: dict[tuple[str, str], int] = field(default_factory=dict)
    locales: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, *, channel: str, locale: str) -> StartedConversation:
        conversation_id = f"c{next(self.numbers)}"
        self.owners[conversation_id], self.logs[conversation_id] = Owner.BOT, []
        self.tokens[conversation_id], self.locales[conversation_id] = f"secret-{conversation_id}", locale
        return StartedConversation(conversation_id, self.tokens[conversation_id])

    def find(self, conversation_id: str, token: str) -> Conversation | None:
        if self.tokens.get(conversation_id) != token:
            return None
        return Conversation(conversation_id, "web", self.locales[conversation_id], self.owners[conversation_id])

    def messages_after(self, conversation_id: str, sequence: int) -> list[LoggedMessage]:
        return [logged for logged in self.logs[conversation_id] if logged.sequence > sequence]

    def add_feedback(self, conversation_id: str, sequence: int, *, helpful: bool, comment: str | None) -> None:
        log = self.logs[conversation_id]
        log[sequence - 1] = replace(log[sequence - 1], feedback=Feedback(helpful, comment, datetime.now(UTC)))

    def append(
        self, conversation_id: str, role: Role, text: str, *, sources: tuple[Source, ...] = (),
        options: tuple[str, ...] = (), action: Action | None = None,
    ) -> LoggedMessage:  # fmt: skip
        with self.lock:
            log = self.logs[conversation_id]
            decision = Decision(action, "test", 0.9) if action else None
            versions = VERSIONS if action else None
            message = Message(role, text, datetime.now(UTC))
            logged = LoggedMessage(
                sequence=len(log) + 1, message=message, decision=decision,
                sources=sources, options=options, versions=versions,
            )  # fmt: skip
            log.append(logged)
            return log[-1]


@dataclass
class FakeStore:
    conversations: FakeConversations = field(default_factory=FakeConversations)


@dataclass
class FakeAssistant:
    """Answers by keyword; ``gate`` holds answers back so that a test can see the typing sign."""

    conversations: FakeConversations
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def reply(self, conversation_id: str, text: str, client_message_id: str) -> None:
        if self.failure:
            raise self.failure
        if (conversation_id, client_message_id) in self.conversations.client_ids:
            return
        asked = self.conversations.append(conversation_id, Role.CUSTOMER, text)
        self.conversations.client_ids[conversation_id, client_message_id] = asked.sequence
        assert self.gate.wait(20)
        if self.conversations.owners[conversation_id] is Owner.BOT:
            self._answer(conversation_id, text)

    def _answer(self, conversation_id: str, text: str) -> None:
        append = self.conversations.append
        if "unclear" in text:
            options = ("Track my order", "Cancel my order")
            append(conversation_id, Role.BOT, "Which do you mean?", options=options, action=Action.CLARIFY)
        elif "echo" in text:
            append(conversation_id, Role.BOT, text, sources=(ReplySource("r1", 1),), action=Action.ANSWER)
        elif "order" in text:
            sources = (ReplySource("r1", 1),)
            answer = "You find it under My orders: https://shop.example/orders."
            append(conversation_id, Role.BOT, answer, sources=sources, action=Action.ANSWER)
        else:
            answer = "You can send goods back within 30 days. Postage is free. [1]"
            append(conversation_id, Role.BOT, answer, sources=(CITED,), action=Action.ANSWER)

    def request_person(self, conversation_id: str, client_message_id: str) -> None:
        if self.conversations.owners[conversation_id] is Owner.BOT:
            self.conversations.append(conversation_id, Role.CUSTOMER, "I want to talk to a person")
            self.conversations.append(conversation_id, Role.BOT, "I am passing you on.", action=Action.HANDOFF)
            self.conversations.owners[conversation_id] = Owner.QUEUE


@dataclass
class Desk:
    """A fake desk with its services."""

    store: FakeStore
    assistant: FakeAssistant
    state: dict[str, object]
    settings: ChatSettings

    def services(self) -> ChatServices:
        return ChatServices(self.store, self.assistant, self.passage, lambda: self.state, self.settings)

    def passage(self, knowledge_version: str | None, passage_id: str) -> Passage | None:
        return PASSAGE if (knowledge_version, passage_id) == ("knowledge-1", "p1") else None


@pytest.fixture
def desk() -> Desk:
    store = FakeStore()
    state: dict[str, object] = {"ready": True, "provider": "CPUExecutionProvider", "versions": {"bundle": "bundle-1"}}
    starters = ("How long can I return goods?", "Where is my order?")
    settings = ChatSettings(title="Larkspur Home", starters=starters, requests_burst=500, requests_per_second=100)
    return Desk(store, FakeAssistant(store.conversations), state, settings)


@pytest.fixture
def shots() -> Path | None:
    """Where screenshots go when someone wants to look at them (FRONTDESK_SHOTS)."""
    import os

    folder = os.environ.get("FRONTDESK_SHOTS")
    return Path(folder) if folder else None
