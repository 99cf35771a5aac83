"""Fakes at the protocols of ui.services, and a server that runs them."""

import itertools
import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from bot.errors import InvalidTextError
from bot.storage.aftercare import Left
from bot.storage.records import Feedback, LoggedMessage, StartedConversation
from bot.storage.standings import Standing
from bot.values import (
    Action,
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
from ui.app import create_app
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
    customers: dict[str, str | None] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(
        self, *, channel: str, locale: str, customer_id: str | None = None, customer_name: str | None = None
    ) -> StartedConversation:
        conversation_id = f"c{next(self.numbers)}"
        self.owners[conversation_id], self.logs[conversation_id] = Owner.BOT, []
        self.tokens[conversation_id], self.locales[conversation_id] = f"secret-{conversation_id}", locale
        self.customers[conversation_id] = customer_id
        return StartedConversation(conversation_id, self.tokens[conversation_id])

    def messages_after(self, conversation_id: str, sequence: int) -> list[LoggedMessage]:
        return [logged for logged in self.logs[conversation_id] if logged.sequence > sequence]

    def reply_to(self, conversation_id: str, sequence: int) -> LoggedMessage | None:
        return next((logged for logged in self.logs[conversation_id] if logged.answers == sequence), None)

    def add_feedback(self, conversation_id: str, sequence: int, *, helpful: bool, comment: str | None) -> None:
        log = self.logs[conversation_id]
        log[sequence - 1] = replace(log[sequence - 1], feedback=Feedback(helpful, comment, datetime.now(UTC)))

    def append(
        self, conversation_id: str, role: Role, text: str, *, sources: tuple[Source, ...] = (),
        options: tuple[str, ...] = (), action: Action | None = None, answers: int | None = None,
    ) -> LoggedMessage:  # fmt: skip
        with self.lock:
            log = self.logs[conversation_id]
            decision = Decision(action, "test", 0.9) if action else None
            versions = VERSIONS if action else None
            message = Message(role, text, datetime.now(UTC))
            logged = LoggedMessage(
                sequence=len(log) + 1, message=message, decision=decision,
                sources=sources, options=options, versions=versions, answers=answers,
            )  # fmt: skip
            log.append(logged)
            return log[-1]


@dataclass
class FakeStandings:
    conversations: FakeConversations

    def find(self, conversation_id: str, token: str) -> Standing | None:
        return self.get(conversation_id) if self.conversations.tokens.get(conversation_id) == token else None

    def get(self, conversation_id: str) -> Standing | None:
        known = self.conversations
        if conversation_id not in known.owners:
            return None
        count, pending = len(known.logs[conversation_id]), conversation_id in known.pending
        owner = known.owners[conversation_id]
        return Standing(
            conversation_id, "web", known.locales[conversation_id], owner, count, count, pending, False,
            datetime.now(UTC), customer_id=known.customers.get(conversation_id),
        )  # fmt: skip

    def revisions(self, conversation_ids: Collection[str]) -> dict[str, int]:
        logs = self.conversations.logs
        return {
            name: hash((len(logs[name]), self.conversations.owners[name])) for name in conversation_ids if name in logs
        }


@dataclass
class FakeAftercare:
    left: dict[str, Left] = field(default_factory=dict)

    def of(self, conversation_id: str) -> Left:
        return self.left.get(conversation_id, Left())

    def keep_contact(self, conversation_id: str, email: str) -> None:
        if "@" not in email:
            raise InvalidTextError("no address")
        self.left[conversation_id] = replace(self.of(conversation_id), contact=email)

    def rate(self, conversation_id: str, rating: int, comment: str | None) -> None:
        self.left[conversation_id] = replace(self.of(conversation_id), rating=rating, comment=comment)


@dataclass
class FakeStore:
    conversations: FakeConversations = field(default_factory=FakeConversations)
    aftercare: FakeAftercare = field(default_factory=FakeAftercare)

    @property
    def standings(self) -> FakeStandings:
        return FakeStandings(self.conversations)


@dataclass
class FakeDelivery:
    """Answers by keyword in a thread; ``gate`` holds answers back so that a test can see the typing sign."""

    conversations: FakeConversations
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    backlog: int = 0
    retried: list[str] = field(default_factory=list)
    listeners: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def start(self) -> None:
        """Nothing waits at the start."""

    def stop(self) -> None:
        """Threads end by themselves."""

    def post(self, conversation_id: str, text: str, client_message_id: str) -> LoggedMessage:
        if self.failure:
            raise self.failure
        known = self.conversations.client_ids.get((conversation_id, client_message_id))
        if known:
            return self.conversations.logs[conversation_id][known - 1]
        asked = self.conversations.append(conversation_id, Role.CUSTOMER, text)
        self.conversations.client_ids[conversation_id, client_message_id] = asked.sequence
        if self.conversations.owners[conversation_id] is Owner.BOT:
            self.conversations.pending.add(conversation_id)
            threading.Thread(target=self._reply, args=(conversation_id, asked), daemon=True).start()
        self.announce(conversation_id)
        return asked

    def announce(self, conversation_id: str) -> None:
        for listener in self.listeners:
            listener(conversation_id)

    def _reply(self, conversation_id: str, asked: LoggedMessage) -> None:
        assert self.gate.wait(20)
        if self.conversations.owners.get(conversation_id) is Owner.BOT:
            self._answer(conversation_id, asked)
        self.conversations.pending.discard(conversation_id)
        self.announce(conversation_id)

    def _answer(self, conversation_id: str, asked: LoggedMessage) -> None:
        append, text = partial(self.conversations.append, answers=asked.sequence), asked.message.text
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

    def retry(self, conversation_id: str) -> None:
        self.retried.append(conversation_id)

    def request_person(self, conversation_id: str, client_message_id: str) -> None:
        if self.conversations.owners[conversation_id] is Owner.BOT:
            self.conversations.append(conversation_id, Role.CUSTOMER, "I want to talk to a person")
            self.conversations.append(conversation_id, Role.BOT, "I am passing you on.", action=Action.HANDOFF)
            self.conversations.owners[conversation_id] = Owner.QUEUE
            self.announce(conversation_id)

    def close(self, conversation_id: str, *, by: str) -> None:
        self.conversations.owners[conversation_id] = Owner.CLOSED
        self.announce(conversation_id)

    def erase(self, conversation_id: str) -> None:
        for table in (self.conversations.owners, self.conversations.tokens, self.conversations.logs):
            table.pop(conversation_id)  # type: ignore[attr-defined]
        self.announce(conversation_id)


@dataclass
class Desk:
    """A fake desk with its services."""

    store: FakeStore
    delivery: FakeDelivery
    state: dict[str, object]
    settings: ChatSettings

    def reset(self) -> None:
        conversations = self.store.conversations
        for table in (conversations.owners, conversations.tokens, conversations.logs, conversations.client_ids):
            table.clear()
        self.store.aftercare.left.clear()
        self.delivery.failure, self.delivery.gate = None, threading.Event()
        self.delivery.gate.set()
        versions = {"bundle": "bundle-1"}
        self.state = {"ready": True, "provider": "CPUExecutionProvider", "versions": versions, "database": "reachable"}

    def services(self) -> ChatServices:
        return ChatServices(self.store, self.delivery, self.passage, lambda: self.state, self.settings)

    def passage(self, knowledge_version: str | None, passage_id: str) -> Passage | None:
        return PASSAGE if (knowledge_version, passage_id) == ("knowledge-1", "p1") else None


def new_desk() -> Desk:
    store = FakeStore()
    starters = ("How long can I return goods?", "Where is my order?")
    settings = ChatSettings(
        title="Larkspur Home",
        starters=starters,
        visitor_rate="100000/minute",
        address_rate="100000/minute",
        web_api=True,
    )
    desk = Desk(store, FakeDelivery(store.conversations), {}, settings)
    desk.reset()
    return desk


@pytest.fixture
def desk() -> Desk:
    return new_desk()


@pytest.fixture(scope="module")
def new_fake_desk() -> Desk:
    """A desk for the tests of one module that run a server of their own."""
    return new_desk()


@contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Run an application on a free port of this machine; gives its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the server did not start within 30 s"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)


@dataclass
class Visitor:
    """A browser without a screen: cookies, the page's configuration, and Gradio's protocol."""

    client: httpx.Client
    session_hash: str = "abc123"
    config: dict[str, Any] = field(default_factory=dict)

    def load(self, query: str = "") -> str:
        page = self.client.get(f"/chat/{query}").raise_for_status().text
        config = page.split("window.gradio_config = ", 1)[1]
        self.config = json.JSONDecoder().raw_decode(config)[0]
        return page

    def body(self, event: str, data: object = None) -> dict[str, Any]:
        numbers = [d["id"] for d in self.config["dependencies"] if any(t[1] == event for t in d["targets"])]
        return {"data": [], "event_data": data, "fn_index": numbers[0], "session_hash": self.session_hash}

    def join(self, event: str, data: object = None) -> httpx.Response:
        return self.client.post("/chat/gradio_api/queue/join", json=self.body(event, data))

    def stream(self) -> list[dict[str, Any]]:
        """All events of the stream until the server closes it."""
        events: list[dict[str, Any]] = []
        query = {"session_hash": self.session_hash}
        ends = suppress(httpx.RemoteProtocolError)  # so Gradio ends the stream of a session that it does not know
        with ends, self.client.stream("GET", "/chat/gradio_api/queue/data", params=query) as answer:
            events += [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
        return events

    def fire(self, event: str, data: object = None) -> str:
        """All that an event sent to the page, as text."""
        self.join(event, data).raise_for_status()
        return "\n".join(json.dumps(message, ensure_ascii=False) for message in self.stream())

    def begin(self) -> str:
        """Start a conversation; gives its id."""
        self.client.post("/conversation").raise_for_status()
        return self.client.cookies["frontdesk_conversation"].split(".")[0]


@dataclass
class Site:
    """A running chat with its fakes."""

    desk: Desk
    app: FastAPI
    address: str

    @property
    def blocks(self) -> Any:
        """The mounted Blocks."""
        return next(route.app for route in self.app.routes if getattr(route, "path", "") == "/chat").get_blocks()

    def visitor(self, **headers: str) -> Visitor:
        visitor = Visitor(httpx.Client(base_url=self.address, headers=headers, timeout=30))
        visitor.load()
        return visitor


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    desk = new_desk()
    app = create_app(desk.services())
    with serving(app) as address:
        yield Site(desk, app, address)


@pytest.fixture
def site(running_site: Site) -> Site:
    """The one running chat, with an empty desk."""
    running_site.desk.reset()
    return running_site


@pytest.fixture(scope="session")
def serving_at() -> Any:
    """Runs further applications; see ``serving``."""
    return serving


@pytest.fixture
def visitor_type() -> type[Visitor]:
    return Visitor
