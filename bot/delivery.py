"""Sees that every durable message gets its reply, whether or not its customer is still connected.

A process answers the conversations whose lease it holds, and those that a dead process left. Messages that come in a
burst are answered once: the turn begins when the customer has been quiet for a moment. Knows no pages.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ParamSpec

from bot.assistant import Assistant
from bot.errors import BotError
from bot.handoff import Move
from bot.storage.records import LoggedMessage
from bot.storage.store import Store

_LOOK_S = 1.0
"""How often abandoned conversations are looked for."""
_PATIENCE = 4
"""A customer who never pauses is answered after so many pauses."""

_log = logging.getLogger(__name__)
_Told = ParamSpec("_Told")

Changed = Callable[[str], None]
"""Told the id of a conversation in which something became visible; called from any thread."""

Answered = Callable[[LoggedMessage, float], None]
"""Told each message of the bot, and how many seconds its turn took; called from any thread."""


@dataclass(slots=True)
class _Waiting:
    """When a conversation's turn begins (`time.monotonic`), and the latest that it may."""

    due: float
    latest: float


@dataclass
class Delivery:
    """Takes customers' messages and produces the replies to them.

    Attributes:
        pause_s: how long a customer must be quiet before the bot answers.
        workers: conversations that are answered at a time.
        agent_absence: after which an agent who gave no sign loses their conversations to the queue.
        eraser: erases one conversation for its customer; tells whether there was one.
    """

    store: Store
    assistant: Assistant
    pause_s: float
    workers: int
    agent_absence: timedelta
    eraser: Callable[[str], bool]
    listeners: list[Changed] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def post(self, conversation_id: str, text: str, client_message_id: str) -> LoggedMessage:
        """Make a customer's message durable; its reply follows by itself.

        Returns:
            The message; for a client message id that is known, the first one with it (``created=False``).

        Raises:
            StorageError: it could not be made durable; nothing was acknowledged.
        """
        asked = self.store.conversations.append_customer(conversation_id, text, client_message_id)
        self._due(conversation_id)
        self.announce(conversation_id)
        return asked

    def retry(self, conversation_id: str) -> None:
        """Try again to answer what the bot gave up on; of no effect where it did not."""
        self.store.turns.retry(conversation_id)
        self._due(conversation_id, at_once=True)
        self.announce(conversation_id)

    def request_person(self, conversation_id: str, client_message_id: str) -> LoggedMessage | None:
        """Hand over because the customer asked by a button; announced once."""
        began = time.perf_counter()
        announced = self.assistant.request_person(conversation_id, client_message_id)
        self._tell_answered(announced, began)
        self.announce(conversation_id)
        return announced

    def close(self, conversation_id: str, *, by: str) -> None:
        """End a conversation.

        Raises:
            MoveRefusedError: it is closed already, or another agent has it.
        """
        self.store.ownership.move(conversation_id, Move.CLOSE, by=by)
        self.announce(conversation_id)

    def erase(self, conversation_id: str) -> None:
        """Delete a conversation with all that hangs on it; its rows are gone when this returns."""
        if self.eraser(conversation_id):
            self.announce(conversation_id)

    def announce(self, conversation_id: str) -> None:
        """Tell all listeners that something changed in a conversation; one that fails keeps no turn from its end."""
        _tell(self.listeners, conversation_id)

    @property
    def backlog(self) -> int:
        """Turns of this process that wait or run."""
        return len(self._waiting) + len(self._running)

    def start(self) -> None:
        """Begin to answer, with what an earlier process left open."""
        for name, run in (("turns", self._dispatch), ("abandoned-turns", self._look_after)):
            thread = threading.Thread(target=run, name=f"frontdesk-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish the turns that run and stop; what waits is another process's, or answered after a restart."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _due(self, conversation_id: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        with self._changed:
            known = self._waiting.get(conversation_id)
            latest = known.latest if known else now + _PATIENCE * self.pause_s
            due = now if at_once else min(now + self.pause_s, latest)
            self._waiting[conversation_id] = _Waiting(due, latest)
            self._changed.notify()

    def _dispatch(self) -> None:
        with ThreadPoolExecutor(self.workers, thread_name_prefix="frontdesk-turn") as pool:
            while (conversation_id := self._next()) is not None:
                pool.submit(self._answer, conversation_id)

    def _next(self) -> str | None:
        """Wait for the next conversation whose turn begins; None when it is time to stop."""
        with self._changed:
            while not self._stopping:
                idle = [(at.due, name) for name, at in self._waiting.items() if name not in self._running]
                due, name = min(idle, default=(None, ""))
                left = None if due is None else due - time.monotonic()
                if left is not None and left <= 0:
                    del self._waiting[name]
                    self._running.add(name)
                    return name
                self._changed.wait(left)
        return None

    def _answer(self, conversation_id: str) -> None:
        try:
            if self.store.turns.is_mine(conversation_id):
                began = time.perf_counter()
                self._tell_answered(self.assistant.answer(conversation_id), began)
                self.announce(conversation_id)
                if self.store.turns.owed(conversation_id):  # came meanwhile, perhaps to another process
                    self._due(conversation_id)
        except Exception as error:  # noqa: BLE001 - the lease ends, and the turn is tried again or marked as failed
            _log.error("turn in conversation %s failed: %s", conversation_id, type(error).__name__)
        finally:
            with self._changed:
                self._running.discard(conversation_id)
                self._changed.notify()

    def _tell_answered(self, reply: LoggedMessage | None, began: float) -> None:
        if reply is not None and reply.created:
            _tell(self.answered, reply, time.perf_counter() - began)

    def _look_after(self) -> None:
        while True:
            with self._changed:
                if self._stopping or self._changed.wait_for(lambda: self._stopping, _LOOK_S):
                    return
            try:
                self._take_abandoned()
            except BotError as error:
                _log.warning("cannot look for abandoned conversations now: %s", error)

    def _take_abandoned(self) -> None:
        with self._changed:  # what waits here is late, not abandoned, however long that takes under load
            known = {*self._waiting, *self._running}
        for conversation_id in self.store.turns.abandoned():
            if conversation_id in known:
                continue
            if self.store.turns.take(conversation_id):
                self._due(conversation_id, at_once=True)
            else:
                self.announce(conversation_id)
        for conversation_id in self.store.ownership.release_absent(self.agent_absence):
            self.announce(conversation_id)


def _tell(listeners: Sequence[Callable[_Told, None]], *told: _Told.args, **more: _Told.kwargs) -> None:
    for listener in listeners:
        try:
            listener(*told, **more)
        except Exception as error:  # noqa: BLE001 - what is told of is durable, and the next change is told again
            _log.error("a listener of the delivery failed: %s", type(error).__name__)
