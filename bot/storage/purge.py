"""What erased rows leave in a database's files, and how it goes. Knows no rows.

SQLite: deleted words live on in segments of the search index, in gaps of pages that were rebalanced, and in the log
beside the file. PostgreSQL: in dead rows and in the planner's statistics, which hold values of columns.
"""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot.errors import DatabaseUnavailableError
from bot.storage.columns import Base
from bot.storage.engine import translated

AT_ONCE_BYTES = 256 * 1024 * 1024
"""Up to this size a SQLite file is rewritten without being asked: some seconds in which writers wait."""
SQLITE_CLEANING = "SQLite: rows overwritten, search index merged, file rewritten (VACUUM), log emptied"
POSTGRESQL_CLEANING = "PostgreSQL: dead rows and index entries vacuumed, planner's statistics made anew"
_MERGE_PAGES = 500
_TRIES, _PAUSE_S = 20, 0.5


def purge_sqlite(
    engine: Engine, write: Callable[[Callable[[Session], int]], int], *, compact: bool, pause_s: float = _PAUSE_S
) -> None:
    """Merge the search index to one segment, rewrite the file, and empty the log.

    The index is merged some pages a transaction, so that customers' messages go between.

    Args:
        engine: for what runs outside a transaction.
        write: runs a work in a transaction of its own.
        compact: rewrite the file whatever its size; writers wait meanwhile.
        pause_s: between two tries to empty the log while somebody reads.

    Raises:
        DatabaseUnavailableError: somebody read or wrote all the time.
    """
    changes = write(lambda session: _merge(session, -_MERGE_PAGES))  # negative: begin with all segments there are
    while changes > 1:
        changes = write(lambda session: _merge(session, _MERGE_PAGES))
    with translated(), engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection  # both are refused inside a transaction
        (size,) = driver.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()
        if compact or size <= AT_ONCE_BYTES:
            driver.execute("VACUUM")
        for _ in range(_TRIES):
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            time.sleep(pause_s)
    raise DatabaseUnavailableError("the log beside the database is in use and still holds erased rows: try again")


def purge_postgresql(engine: Engine) -> None:
    """Remove dead rows from tables and indexes, and make the planner's statistics anew; nobody waits for it.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
    """
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM (ANALYZE) {', '.join(sorted(Base.metadata.tables))}"))


def _merge(session: Session, pages: int) -> int:
    """Merge so many pages of the index; gives a number below 2 when nothing was left to do (FTS5's own sign)."""
    driver: Any = session.connection().connection.dbapi_connection
    before: int = driver.total_changes
    session.execute(text("INSERT INTO message_search(message_search, rank) VALUES('merge', :pages)"), {"pages": pages})
    after: int = driver.total_changes
    return after - before
