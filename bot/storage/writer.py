"""How writes become durable: group commit on SQLite, a transaction each on PostgreSQL. Knows no tables."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from bot.errors import DatabaseUnavailableError
from bot.storage.engine import translated

T = TypeVar("T")
Work = Callable[[Session], T]
"""Reads and writes in one transaction; it may run on another thread than its caller's."""

MAX_BATCH = 256


class Writer(Protocol):
    """Runs a work and returns once its effects are durable."""

    def write(self, work: Work[T]) -> T:
        """Give the work's result, or raise its error; raised means that nothing of it was kept."""
        ...

    def close(self) -> None:
        """Finish the writes that wait and refuse new ones."""
        ...


class TransactionWriter:
    """A transaction of its own for each write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, work: Work[T]) -> T:
        """See `Writer`."""
        with translated(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


class _Write:
    """A waiting write: its work, and the promise to its caller, kept after the commit."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.promise: Future[Any] = Future()
        self.result: Any = None
        self.error: Exception | None = None

    def keep_promise(self) -> None:
        if self.error is not None:
            self.promise.set_exception(self.error)
        else:
            self.promise.set_result(self.result)


class GroupCommitWriter:
    """One thread that puts all waiting writes into one transaction: one sync of the disk for all of them.

    Each write has its own savepoint, so that one that fails takes no other with it. All are acknowledged after the
    commit, none when it fails. (The method of DeWitt et al., "Implementation techniques for main memory database
    systems", 1984.)
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: SimpleQueue[_Write | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="frontdesk-writer", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> T:
        """See `Writer`."""
        write = _Write(work)
        with self._closing:
            if self._closed:
                raise DatabaseUnavailableError("the store is closed: open it again")
            self._waiting.put(write)
        result: T = write.promise.result()
        return result

    def close(self) -> None:
        """Finish the writes that wait, stop the thread, close the connection."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while True:
            batch, last = self._next_batch()
            if batch:
                self._commit(batch)
            if last:
                return

    def _next_batch(self) -> tuple[list[_Write], bool]:
        batch: list[_Write] = []
        write = self._waiting.get()
        while write is not None:
            batch.append(write)
            if len(batch) == MAX_BATCH:
                return batch, False
            try:
                write = self._waiting.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: Sequence[_Write]) -> None:
        try:
            with translated(), self._engine.connect() as connection:
                _run_batch(connection, batch)
        except Exception as error:  # noqa: BLE001 - it belongs to the callers, and the thread must live on
            for write in batch:
                write.error = error
        for write in batch:
            write.keep_promise()


def _run_batch(connection: Connection, batch: Sequence[_Write]) -> None:
    try:
        with connection.begin():
            for write in batch:
                _run_in_savepoint(connection, write)
    except Exception:
        # After a failed write or sync the state of this connection is not worth trusting.
        connection.invalidate()
        raise


def _run_in_savepoint(connection: Connection, write: _Write) -> None:
    try:
        with (
            translated(),
            Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session,
            session.begin(),
        ):
            write.result = write.work(session)
    except Exception as error:
        write.error = error
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            # SQLite itself rolled everything back (disk full, for one): earlier savepoints of the batch are gone too.
            raise
