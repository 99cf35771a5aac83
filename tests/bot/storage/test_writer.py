"""Group commit, seen from its callers."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bot.errors import DatabaseUnavailableError
from bot.storage.engine import database_url, make_engine
from bot.storage.writer import GroupCommitWriter


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    made = make_engine(database_url(sqlite_url), immediate=True)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE marks (name TEXT)"))
    yield made
    made.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[GroupCommitWriter]:
    made = GroupCommitWriter(engine)
    yield made
    made.close()


def mark(name: str) -> Any:
    return lambda session: session.execute(text("INSERT INTO marks VALUES (:name)"), {"name": name}).rowcount


def marks(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(text("SELECT name FROM marks")).scalars())


class Gate:
    """A first write that holds the writer until others wait behind it."""

    def __init__(self, writer: GroupCommitWriter, pool: ThreadPoolExecutor) -> None:
        self._open, entered = threading.Event(), threading.Event()

        def hold(session: Session) -> None:
            entered.set()
            assert self._open.wait(10)

        self.first: Future[None] = pool.submit(writer.write, hold)
        assert entered.wait(10)

    def release_after(self, writer: GroupCommitWriter, waiting: int) -> None:
        while writer._waiting.qsize() < waiting:
            threading.Event().wait(0.01)
        self._open.set()


def test_waiting_writes_share_one_commit(engine: Engine, writer: GroupCommitWriter) -> None:
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    with ThreadPoolExecutor(21) as pool:
        gate = Gate(writer, pool)
        waiting = [pool.submit(writer.write, mark(f"m{number:02}")) for number in range(20)]
        gate.release_after(writer, 20)
        assert [write.result() for write in waiting] == [1] * 20
    assert len(commits) == 2
    assert marks(engine) == [f"m{number:02}" for number in range(20)]


def test_failed_write_takes_no_other_with_it(engine: Engine, writer: GroupCommitWriter) -> None:
    def spoil(session: Session) -> None:
        session.execute(text("INSERT INTO marks VALUES ('spoilt')"))
        raise ValueError("spoilt")

    with ThreadPoolExecutor(4) as pool:
        gate = Gate(writer, pool)
        before, spoilt, after = (pool.submit(writer.write, work) for work in (mark("a"), spoil, mark("b")))
        gate.release_after(writer, 3)
        assert (before.result(), after.result()) == (1, 1)
        with pytest.raises(ValueError, match="spoilt"):
            spoilt.result()
    assert marks(engine) == ["a", "b"]


def test_failed_commit_acknowledges_none_and_the_next_write_works(engine: Engine, writer: GroupCommitWriter) -> None:
    def refuse(connection: object) -> None:
        event.remove(engine, "commit", refuse)
        raise DatabaseUnavailableError("the disk did not sync")

    def doom(session: Session) -> None:
        event.listen(engine, "commit", refuse)

    with ThreadPoolExecutor(4) as pool:
        gate = Gate(writer, pool)
        waiting = [pool.submit(writer.write, work) for work in (mark("a"), doom, mark("b"))]
        gate.release_after(writer, 3)
        for write in waiting:
            with pytest.raises(DatabaseUnavailableError, match="sync"):
                write.result()
    assert marks(engine) == []
    assert writer.write(mark("d")) == 1
    assert marks(engine) == ["d"]


def test_closed_writer_refuses_and_has_finished_what_waited(engine: Engine) -> None:
    writer = GroupCommitWriter(engine)
    with ThreadPoolExecutor(3) as pool:
        gate = Gate(writer, pool)
        waiting = [pool.submit(writer.write, mark(name)) for name in ("a", "b")]
        gate.release_after(writer, 2)
        assert [write.result() for write in waiting] == [1, 1]
    writer.close()
    writer.close()
    with pytest.raises(DatabaseUnavailableError, match="closed"):
        writer.write(mark("c"))
    assert marks(engine) == ["a", "b"]
