"""The conversation log against a model of lists and dictionaries."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.errors import MessageNotFoundError, OwnedByPersonError
from bot.handoff import Move
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.values import Action, Decision, Evidence, Owner, Reply, Understanding, Versions

CLIENT_IDS = st.sampled_from(["m1", "m2", "m3", "m4", "m5"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
EVIDENCE = Evidence(Understanding((), None, None, None), (), ())


def bot_reply(text: str, action: Action) -> Reply:
    return Reply(text, Decision(action, "test", 0.5), (), Versions("b", None, None), 1.0)


class LogMachine(RuleBasedStateMachine):
    """Applies the same calls to the store and to the model, and compares all that can be read."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.folder.name) / 'desk.db'}"
        upgrade(self.url)
        self.store = Store.open(self.url)
        self.conversation_id = self.store.conversations.start(channel="web", locale="en").conversation_id
        self.rows: list[tuple[str, str]] = []
        self.by_client_id: dict[str, int] = {}
        self.answered: dict[int, int] = {}
        self.owed: set[int] = set()
        self.owner = Owner.BOT

    @rule(client_id=CLIENT_IDS, text=TEXTS)
    def customer_writes(self, client_id: str, text: str) -> None:
        logged = self.store.conversations.append_customer(self.conversation_id, text, client_id)
        assert logged.created == (client_id not in self.by_client_id)
        if logged.created:
            self.rows.append(("customer", logged.message.text))
            self.by_client_id[client_id] = len(self.rows)
            if self.owner is Owner.BOT:
                self.owed.add(len(self.rows))
        assert logged.sequence == self.by_client_id[client_id]

    @rule(answers=st.integers(0, 12), text=TEXTS, action=st.sampled_from(Action))
    def bot_answers(self, answers: int, text: str, action: Action) -> None:
        def call() -> Any:
            reply = bot_reply(text, action)
            return self.store.conversations.append_reply(self.conversation_id, reply, EVIDENCE, answers=answers)

        if answers in self.answered:
            logged = call()
            assert (logged.sequence, logged.created) == (self.answered[answers], False)
        elif answers not in self.by_client_id.values():
            self.refused(call, MessageNotFoundError)
        elif self.owner is not Owner.BOT:
            self.refused(call, OwnedByPersonError)
        else:
            logged = call()
            self.rows.append(("bot", logged.message.text))
            self.answered[answers] = len(self.rows)
            self.owed.discard(answers)
            assert (logged.sequence, logged.created) == (len(self.rows), True)
            if action is Action.HANDOFF:
                self.owner = Owner.QUEUE
                self.owed.clear()

    @precondition(lambda self: self.owner is not Owner.AGENT)
    @rule()
    def agent_takes_over(self) -> None:
        self.store.ownership.move(self.conversation_id, Move.TAKE_OVER, by="ann")
        self.owner = Owner.AGENT
        self.owed.clear()

    @precondition(lambda self: self.owner is not Owner.BOT)
    @rule()
    def agent_hands_back(self) -> None:
        self.store.ownership.move(self.conversation_id, Move.HAND_BACK, by="ann")
        self.owner = Owner.BOT

    @precondition(lambda self: self.rows)
    @rule()
    def process_restarts(self) -> None:
        self.store.close()
        self.store = Store.open(self.url)

    @invariant()
    def log_equals_model(self) -> None:
        logged = self.store.conversations.messages_after(self.conversation_id, 0)
        assert [(message.message.role.value, message.message.text) for message in logged] == self.rows
        assert [message.sequence for message in logged] == list(range(1, len(self.rows) + 1))
        assert {message.answers: message.sequence for message in logged if message.answers} == self.answered
        assert self.store.conversations.load(self.conversation_id).owner is self.owner
        assert self.store.turns.owed(self.conversation_id) == sorted(self.owed)

    def refused(self, call: Callable[[], Any], kind: type[Exception]) -> None:
        try:
            call()
        except kind:
            return
        raise AssertionError(f"{kind.__name__} was not raised")

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


LogMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
test_log_behaves_like_its_model = LogMachine.TestCase
