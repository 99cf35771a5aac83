"""The chat on the real session log: what a customer did is there again after a restart of everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.delivery import Delivery
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.values import Action, Decision, Evidence, PassageSource, Reply, Understanding, Versions
from retrieval.values import Passage
from ui.app import create_app
from ui.services import ChatServices, ChatSettings

PASSAGE = Passage("p1", "care", "Care", "Wash wool by hand. Never iron it.", "care.md", 0)
EVIDENCE = Evidence(Understanding((), None, None, None), (), ())


class QuotingAssistant:
    """Quotes one passage, whatever is asked."""

    def __init__(self, store: Store) -> None:
        self.conversations, self.turns = store.conversations, store.turns

    def answer(self, conversation_id: str) -> None:
        source = PassageSource("p1", "care", "Care", "care.md", ((0, 18),))
        for sequence in self.turns.owed(conversation_id):
            self._say(conversation_id, sequence, "Wash wool by hand. [1]", Action.ANSWER, (source,))

    def request_person(self, conversation_id: str, client_message_id: str) -> None:
        asked = self.conversations.append_customer(conversation_id, "A person, please", client_message_id)
        self._say(conversation_id, asked.sequence, "I am passing you on.", Action.HANDOFF, ())

    def _say(self, conversation_id: str, answers: int, text: str, action: Action, sources: Any) -> None:
        reply = Reply(text, Decision(action, "test", 1.0), sources, Versions("b1", "k1", None), 1.0)
        self.conversations.append_reply(conversation_id, reply, EVIDENCE, answers=answers)


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    upgrade(url)
    return url


@pytest.fixture
def desk_on(serving_at: Any) -> Any:
    @contextmanager
    def run(database: str, port: int = 0) -> Iterator[str]:
        with Store.open(database) as store:
            assistant: Any = QuotingAssistant(store)
            delivery = Delivery(
                store,
                assistant,
                pause_s=0.01,
                workers=2,
                agent_absence=timedelta(minutes=5),
                eraser=lambda name: bool(store.erasing.erase([name]).rows),
            )
            services = ChatServices(store, delivery, lambda *_: PASSAGE, lambda: {"ready": True}, ChatSettings())
            with serving_at(create_app(services), port) as address:
                yield address

    return run


def visitor_at(address: str, visitor_type: Any, cookies: httpx.Cookies | None = None) -> Any:
    visitor = visitor_type(httpx.Client(base_url=address, timeout=30, cookies=cookies))
    visitor.load()
    return visitor


def test_everything_survives_a_restart(database: str, desk_on: Any, visitor_type: Any) -> None:
    with desk_on(database) as address:
        visitor = visitor_at(address, visitor_type)
        visitor.begin()
        visitor.fire("deliver", {"text": "How do I wash <wool>?", "id": "12345678"})
        visitor.fire("comment", {"sequence": 2, "helpful": True, "comment": "clear"})
    cookies = httpx.Cookies()
    for name, value in visitor.client.cookies.items():
        cookies.set(name, value)
    with desk_on(database) as address:
        again = visitor_at(address, visitor_type, cookies)
        seen = again.fire("load")
        assert "How do I wash &lt;wool&gt;?" in seen
        assert "Thank you" in seen
        assert "<mark>Wash wool by hand.</mark>" in again.fire("open", {"sequence": 2, "number": 1})
        again.fire("deliver", {"text": "How do I wash <wool>?", "id": "12345678"})
        events = f"/api/v1/conversations/{cookies['frontdesk_conversation'].split('.')[0]}/events"
        assert len(again.client.get(events).json()["messages"]) == 2
        assert "Waiting for a person" in again.fire("person", {"id": "87654321"})
        again.fire("deliver", {"text": "Still there?", "id": "11111111"})
        news = again.client.get(events, params={"after": 4}).json()
        assert (len(news["messages"]), news["state"]["owner"]) == (1, "queue")


def test_a_stranger_with_the_id_alone_sees_nothing(database: str, desk_on: Any, visitor_type: Any) -> None:
    with desk_on(database) as address:
        owner, stranger = visitor_at(address, visitor_type), visitor_at(address, visitor_type)
        conversation_id = owner.begin()
        owner.fire("deliver", {"text": "my private words", "id": "12345678"})
        stranger.client.cookies.set("frontdesk_conversation", f"{conversation_id}.{'x' * 43}")
        assert "private" not in stranger.fire("refresh")
