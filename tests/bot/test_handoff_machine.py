"""The hand-off as a whole, from the customer's message to the log, against a model of dictionaries and lists.

The model has its own table of moves and never looks into `bot.handoff`.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import make_url

from bot.assistant import NOTHING_READ, Assistant
from bot.errors import ConversationClosedError, MoveRefusedError
from bot.handoff import Move
from bot.settings import Settings
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.values import Action, Decision, Evidence, Reply, Versions

SERVER = os.environ.get("FRONTDESK_TEST_POSTGRESQL")
AFTER = {
    "hand_off": {"bot": "queue"},
    "take_over": {"bot": "agent", "queue": "agent"},
    "hand_back": {"queue": "bot", "agent": "bot"},
    "release": {"agent": "queue"},
    "close": {"bot": "closed", "queue": "closed", "agent": "closed"},
}
PATIENCE = timedelta(minutes=5)
VERSIONS = Versions("b", None, None)
NUMBERS = st.integers(0, 1)
AGENTS = st.sampled_from(["ann", "bob"])
WORDS = st.sampled_from(["where is it", "person please"])
MOVES = st.sampled_from(["take_over", "hand_back", "release", "close"])


@dataclass
class Expected:
    """What the model knows of one conversation; ``log`` holds (role, author, text)."""

    owner: str = "bot"
    agent: str | None = None
    seen: datetime | None = None
    log: list[tuple[str, str | None, str]] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    client_ids: dict[str, int] = field(default_factory=dict)
    moves: list[tuple[str, str, str, str, str | None]] = field(default_factory=list)

    def move(self, move: str, by: str, reason: str | None, now: datetime) -> None:
        before, self.owner = self.owner, AFTER[move][self.owner]
        self.agent, self.seen = (by, now) if self.owner == "agent" else (None, None)
        if self.owner != "bot":
            self.owed.clear()
        self.moves.append((move, before, self.owner, by, reason))

    def may(self, move: str, by: str) -> bool:
        return self.owner in AFTER[move] and self.agent in {None, by}


class Scripted(Assistant):
    """The real assistant but for its models: it hands off who asks for a person, and may be interrupted in thought."""

    def consider(self, messages: Any, models: Any, locale: str, started: float) -> tuple[Evidence, Reply]:
        said = messages[-1].message.text
        MEANWHILE.pop()() if MEANWHILE else None
        action = Action.HANDOFF if "person" in said else Action.ANSWER
        return NOTHING_READ, Reply(f"to: {said}", Decision(action, "scripted", 0.9), (), VERSIONS, 1.0)


MEANWHILE: list[Callable[[], None]] = []
"""What happens while the bot thinks, once."""


class HandoffMachine(RuleBasedStateMachine):
    """Two conversations, two agents, one bot; every call goes to the store and to the model."""

    url: Callable[[Path], str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.store = Store.open(type(self).url(Path(self.folder.name)), clock=lambda: self.now)
        self.bot = Scripted(self.store, lambda: SimpleNamespace(versions=VERSIONS), Settings())  # type: ignore[arg-type, return-value]
        self.ids = [self.store.conversations.start(channel="web", locale="en").conversation_id for _ in range(2)]
        self.models = [Expected(), Expected()]
        self.count = 0
        MEANWHILE.clear()

    @rule(number=NUMBERS, text=WORDS)
    def customer_writes(self, number: int, text: str) -> None:
        self.count += 1
        self._customer_says(number, text, f"m{self.count}")

    @rule(number=NUMBERS, data=st.data())
    def customer_repeats(self, number: int, data: st.DataObject) -> None:
        model = self.models[number]
        if not model.client_ids:
            return
        client_id = data.draw(st.sampled_from(sorted(model.client_ids)))
        again = self.store.conversations.append_customer(self.ids[number], "other words", client_id)
        assert (again.sequence, again.created) == (model.client_ids[client_id], False)

    @rule(number=NUMBERS)
    def customer_asks_for_a_person(self, number: int) -> None:
        self.count += 1
        model, client_id = self.models[number], f"m{self.count}"
        announced = self.bot.request_person(self.ids[number], client_id)
        if model.owner != "bot":
            assert announced is None
            return
        assert announced is not None
        wish = "I would like to talk to a person."
        model.log.append(("customer", None, wish))
        model.client_ids[client_id] = len(model.log)
        model.answered.add(len(model.log))
        model.log.append(("bot", None, announced.message.text))
        model.move("hand_off", "bot", "asked_for_person", self.now)
        assert self.bot.request_person(self.ids[number], client_id) is None

    @rule(number=NUMBERS)
    def customer_closes(self, number: int) -> None:
        self._move(number, "close", "customer", allowed=self.models[number].owner != "closed")

    @rule(number=NUMBERS, move=st.sampled_from(["take_over", "hand_back", "release", "hand_off"]))
    def customer_tries_what_is_the_staffs(self, number: int, move: str) -> None:
        self._move(number, move, "customer", allowed=False)

    @rule(number=NUMBERS)
    def bot_answers(self, number: int) -> None:
        self._bot_turn(number)

    @precondition(lambda self: any(model.owed for model in self.models))
    @rule(moves=st.lists(st.tuples(MOVES, AGENTS), min_size=1, max_size=3), writes=st.booleans())
    def bot_is_interrupted_while_it_thinks(self, moves: list[tuple[str, str]], writes: bool) -> None:
        number = next(number for number, model in enumerate(self.models) if model.owed)

        def meanwhile() -> None:
            for move, agent in moves:
                self._move(number, move, agent, allowed=self.models[number].may(move, agent))
            if writes:
                self.customer_writes(number, "where is it")

        MEANWHILE.append(meanwhile)
        self._bot_turn(number)

    @rule(number=NUMBERS, move=MOVES, agent=AGENTS)
    def agent_moves(self, number: int, move: str, agent: str) -> None:
        self._move(number, move, agent, allowed=self.models[number].may(move, agent))

    @rule(number=NUMBERS, agent=AGENTS)
    def agent_writes(self, number: int, agent: str) -> None:
        model = self.models[number]

        def write() -> object:
            return self.store.conversations.append_agent(self.ids[number], "I am here", agent=agent)

        if model.owner != "agent" or model.agent != agent:
            refused(write, MoveRefusedError)
            return
        write()
        model.log.append(("agent", agent, "I am here"))
        model.seen = self.now

    @rule(agent=AGENTS)
    def agent_gives_a_sign(self, agent: str) -> None:
        self.store.ownership.see(agent)
        for model in self.models:
            if model.agent == agent:
                model.seen = self.now

    @rule(minutes=st.integers(1, 6))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        released = self.store.ownership.release_absent(PATIENCE)
        expected = []
        for conversation_id, model in zip(self.ids, self.models, strict=True):
            if model.seen is not None and model.seen < self.now - PATIENCE:
                model.move("release", "desk", "agent_absent", self.now)
                expected.append(conversation_id)
        assert sorted(released) == sorted(expected)

    @invariant()
    def log_and_owner_equal_the_model(self) -> None:
        for conversation_id, model in zip(self.ids, self.models, strict=True):
            logged = self.store.conversations.messages_after(conversation_id, 0)
            assert [(one.message.role.value, one.author, one.message.text) for one in logged] == model.log
            assert self.store.conversations.load(conversation_id).owner.value == model.owner
            assert self.store.turns.owed(conversation_id) == model.owed

    @invariant()
    def transitions_equal_the_model_and_never_loop(self) -> None:
        for conversation_id, model in zip(self.ids, self.models, strict=True):
            history = self.store.ownership.history(conversation_id)
            moves = [(one.move.value, one.from_owner.value, one.to_owner.value, one.by, one.reason) for one in history]
            assert moves == model.moves
            logged = self.store.conversations.messages_after(conversation_id, 0)
            announced = [one for one in logged if one.decision and one.decision.action is Action.HANDOFF]
            names = [move for move, *_ in moves]
            assert len(announced) == names.count("hand_off")
            between_two = " ".join(names).split("hand_off")[1:-1]
            assert all("hand_back" in between for between in between_two)

    def _customer_says(self, number: int, text: str, client_id: str) -> None:
        model = self.models[number]

        def write() -> Any:
            return self.store.conversations.append_customer(self.ids[number], text, client_id)

        if model.owner == "closed":
            refused(write, ConversationClosedError)
            return
        assert write().created
        model.log.append(("customer", None, text))
        model.client_ids[client_id] = len(model.log)
        if model.owner == "bot":
            model.owed.append(len(model.log))

    def _bot_turn(self, number: int) -> None:
        """One turn of the bot; the model answers what waited at its beginning, if all of it still does at its end."""
        model = self.models[number]
        while burst := list(model.owed):
            texts = [model.log[sequence - 1][2] for sequence in burst]
            answer = self.bot.answer(self.ids[number])
            if not set(burst) <= set(model.owed):  # interrupted: the real bot has read again what waits now
                if answer is None:
                    assert not model.owed
                    return
                burst = list(model.owed)
                texts = [model.log[sequence - 1][2] for sequence in burst]
            said = "\n".join(texts)
            assert answer is not None
            model.log.append(("bot", None, f"to: {said}"))
            model.owed = [sequence for sequence in model.owed if sequence not in burst]
            model.answered.update(burst)
            if "person" in said:
                model.move("hand_off", "bot", "scripted", self.now)
            return
        assert self.bot.answer(self.ids[number]) is None

    def _move(self, number: int, move: str, by: str, *, allowed: bool) -> None:
        def call() -> object:
            return self.store.ownership.move(self.ids[number], Move(move), by=by)

        if not allowed:
            refused(call, MoveRefusedError)
            return
        call()
        self.models[number].move(move, by, None, self.now)

    def teardown(self) -> None:
        for number, model in enumerate(self.models):  # nobody's conversation is left for the next example
            if model.owner != "closed":
                self._move(number, "close", "desk", allowed=True)
        self.log_and_owner_equal_the_model()
        self.store.close()
        self.folder.cleanup()


def refused(call: Callable[[], object], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        call()


@lru_cache(maxsize=1)
def migrated_file() -> Path:
    file = Path(tempfile.mkdtemp()) / "desk.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgresql() -> Iterator[str]:
    if not SERVER:
        pytest.skip("FRONTDESK_TEST_POSTGRESQL is not set")
    name = f"frontdesk_test_handoff_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
            upgrade(url)
            yield url
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(url: Callable[[Path], str], examples: int) -> None:
    machine = type("Machine", (HandoffMachine,), {"url": staticmethod(url)})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_handoff_behaves_like_its_model() -> None:
    def fresh(folder: Path) -> str:
        shutil.copy(migrated_file(), folder / "desk.db")
        return f"sqlite:///{folder / 'desk.db'}"

    run(fresh, examples=40)


def test_handoff_behaves_like_its_model_on_postgresql(postgresql: str) -> None:
    run(lambda folder: postgresql, examples=6)
