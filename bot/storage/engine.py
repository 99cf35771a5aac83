"""Connections to SQLite and PostgreSQL, and the one place where SQLAlchemy's errors become ours. Knows no tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.errors import DatabaseUnavailableError, StorageError

BUSY_TIMEOUT_S = 10.0


def database_url(url: str) -> URL:
    """Read a database URL and name its driver.

    Raises:
        StorageError: neither ``sqlite:///FILE`` nor ``postgresql://...``.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError("the database URL cannot be read: write sqlite:///FILE or postgresql://...") from None
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StorageError(
        f"the database URL {parsed.render_as_string(hide_password=True)} is not one that Frontdesk can use: "
        "write sqlite:///FILE or postgresql://..."
    )


def make_engine(
    url: URL, *, immediate: bool = False, foreign_keys: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Engine:
    """Prepare connections; none is opened yet.

    Args:
        url: as `database_url` gives it.
        immediate: on SQLite take the write lock when a transaction begins, so that it cannot fail half-way for it.
        foreign_keys: False only for migrations, which rebuild tables.
        busy_timeout_s: how long to wait for another process's lock, or for a connection.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, pool_timeout=busy_timeout_s)
        _prepare_sqlite(engine, immediate=immediate, foreign_keys=foreign_keys, busy_timeout_s=busy_timeout_s)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=10,
        pool_timeout=busy_timeout_s,
        connect_args={"connect_timeout": max(2, round(busy_timeout_s))},
    )


def _prepare_sqlite(engine: Engine, *, immediate: bool, foreign_keys: bool, busy_timeout_s: float) -> None:
    # sqlite3 begins transactions by itself, too late and not around DDL: switched off, BEGIN is sent by hand.
    def connected(connection: Any, _record: object) -> None:  # the driver's connection has no common type
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={round(busy_timeout_s * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",  # what a customer asks to erase is overwritten, too
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLAlchemy raises inside into storage errors.

    Raises:
        DatabaseUnavailableError: no connection, lock not granted in time, disk full, failed write or sync.
        StorageError: anything else that the database refused. Its text names the kind only: the driver's own text
            may quote the row, and with it a customer.
    """
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        raise DatabaseUnavailableError(f"the database is not available ({_first_line(error)}): try again") from None
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailableError("the connection to the database was lost: try again") from None
        raise StorageError(f"the database refused a statement ({type(error.orig).__name__})") from None
    except NoSuchModuleError:
        raise StorageError("the database's driver is not installed: install frontdesk again") from None
    except SQLAlchemyError as error:
        raise StorageError(f"a statement could not be made ({type(error).__name__})") from None


def _first_line(error: SQLAlchemyError) -> str:
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0]
