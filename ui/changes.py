"""Wakes whoever watches a conversation when something in it changes, in this process or in another.

Changes of this process are told by ``publish``; those of other processes are found by asking the database for the
revisions of the watched conversations. Carries no content: a watcher reads the store.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress

import anyio.to_thread

from bot.errors import BotError

_LOOK_S = 0.4
_REST = 5
"""Where a look takes long, because very many watch, so many times as long is waited until the next."""
EVERYTHING = "*"
"""Watched instead of an id: rings at a change in any conversation."""

_log = logging.getLogger(__name__)

Revisions = Callable[[Collection[str]], Mapping[str, int]]


class Watch:
    """One watcher's bell; it rings once for any number of changes.

    Attributes:
        revision: of the conversation as the watcher has read it; it need not be told of that one again.
    """

    def __init__(self, changes: "Changes") -> None:
        self.revision: int | None = None
        self._changes = changes
        self._bell = asyncio.Event()

    async def changed(self, timeout_s: float) -> bool:
        """Wait for a change; False when the time is over. Returns at once when the server closes."""
        if self._changes.closing:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), timeout_s)
        rang = self._bell.is_set()
        self._bell.clear()
        return rang

    def ring(self) -> None:
        """Wake the watcher."""
        self._bell.set()


class Changes:
    """The watchers of one process; lives on its event loop."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False

    @property
    def watched(self) -> int:
        """Number of open watches."""
        return sum(map(len, self._watches.values()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for other processes' changes while the server runs."""
        self._loop = asyncio.get_running_loop()
        look = asyncio.create_task(self._look())
        try:
            yield
        finally:
            look.cancel()
            with suppress(asyncio.CancelledError):
                await look

    @asynccontextmanager
    async def watch(self, conversation_id: str) -> AsyncIterator[Watch]:
        """Watch one conversation."""
        watch = Watch(self)
        self._watches[conversation_id].add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[conversation_id]
            watches.discard(watch)
            if not watches:
                del self._watches[conversation_id]

    def publish(self, conversation_id: str) -> None:
        """Say that a conversation changed; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring, conversation_id)

    def close(self) -> None:
        """Wake everybody for the last time, because the server ends; from any thread or signal handler."""
        self.closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring_all)

    def _ring(self, conversation_id: str) -> None:
        for watch in [*self._watches.get(conversation_id, ()), *self._watches.get(EVERYTHING, ())]:
            watch.ring()

    def _ring_all(self) -> None:
        for conversation_id in list(self._watches):
            self._ring(conversation_id)

    async def _look(self) -> None:
        spent_s = 0.0
        while True:
            await asyncio.sleep(max(_LOOK_S, _REST * spent_s))
            watched = list(self._watches)
            if not watched:
                continue
            began = time.monotonic()
            try:
                found = await anyio.to_thread.run_sync(self._revisions, watched)
            except BotError as error:
                _log.warning("cannot look for changes now: %s", error)
                continue
            for conversation_id in watched:
                revision = found.get(conversation_id, -1)  # -1: erased
                for watch in self._watches.get(conversation_id, ()):
                    if watch.revision != revision:  # the first look rings, too: what came before it counts
                        watch.revision = revision
                        watch.ring()
            spent_s = time.monotonic() - began
