"""One open database: reads on the caller's thread, durable writes. Knows no tables."""

from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot.storage.engine import BUSY_TIMEOUT_S, database_url, make_engine, translated
from bot.storage.purge import POSTGRESQL_CLEANING, SQLITE_CLEANING, purge_postgresql, purge_sqlite
from bot.storage.writer import GroupCommitWriter, TransactionWriter, Work, Writer

T = TypeVar("T")


class Database:
    """Gives works a session; all errors of SQLAlchemy leave as storage errors."""

    def __init__(self, readers: Engine, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    @classmethod
    def open(cls, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
        """Prepare the connections of a database that exists.

        Raises:
            StorageError: the URL is none that Frontdesk can use.
        """
        parsed = database_url(url)
        readers = make_engine(parsed, busy_timeout_s=busy_timeout_s)
        if parsed.get_backend_name() == "sqlite":
            writing = make_engine(parsed, immediate=True, busy_timeout_s=busy_timeout_s)
            return cls(readers, GroupCommitWriter(writing))
        return cls(readers, TransactionWriter(readers))

    def read(self, work: Work[T]) -> T:
        """Run a work that writes nothing.

        Raises:
            StorageError: what the work raised, or the database.
        """
        with translated(), Session(self._readers) as session:
            return work(session)

    def write(self, work: Work[T]) -> T:
        """Run a work in one transaction and return when it is durable.

        Raises:
            StorageError: what the work raised, or the database; nothing of the work was acknowledged.
        """
        return self._writer.write(work)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            DatabaseUnavailableError: there is none.
        """
        self.read(lambda session: session.execute(text("SELECT 1")).all())

    @property
    def cleaning(self) -> str:
        """What `purge` does, for people."""
        return SQLITE_CLEANING if self._readers.dialect.name == "sqlite" else POSTGRESQL_CLEANING

    def purge(self, *, compact: bool) -> None:
        """Drop what erased rows left in the files; `bot.storage.purge` says where that is.

        Raises:
            DatabaseUnavailableError: others use it too much at this moment: try again.
        """
        if self._readers.dialect.name == "sqlite":
            purge_sqlite(self._readers, self.write, compact=compact)
        else:
            purge_postgresql(self._readers)

    def close(self) -> None:
        """Finish the writes that wait and close the connections."""
        self._writer.close()
        self._readers.dispose()
