"""Bringing a database to this version's schema, and refusing one that is not. Knows no table.

Alembic is configured here in code, so that nothing but a URL is needed. The scripts are in ``migrations/`` of a
checkout and in ``bot/migrations`` of an installed wheel.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, text

from bot.errors import SchemaError, StorageError
from bot.storage.engine import database_url, make_engine, translated

_UPGRADE_LOCK = 0x46524F4E54
"""Any number; PostgreSQL's advisory lock under it keeps two upgrades apart."""


def migrations_folder() -> Path:
    """Find the migration scripts: beside this package in a wheel, else at the top of the checkout.

    Raises:
        SchemaError: neither is there.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise SchemaError("the migration scripts are missing from this installation: install frontdesk again")


def alembic_config(connection: Connection | None = None) -> Config:
    """Configure Alembic; ``migrations/env.py`` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database to a revision in one transaction: all of it or nothing; safe to run again and in parallel.

    A SQLite file is made where there is none, readable by its owner only.

    Raises:
        SchemaError: the database was made by a newer version of Frontdesk.
        DatabaseUnavailableError: it cannot be opened or locked.
    """
    parsed = database_url(url)
    _make_private_file(parsed)
    with _migrating(parsed) as connection:
        _refuse_unknown(connection)
        try:
            command.upgrade(alembic_config(connection), revision)
        except CommandError as error:
            raise SchemaError(f"the schema cannot be upgraded ({error}): install frontdesk again") from error


def check(url: str) -> None:
    """Make sure that a database has exactly this version's schema; changes nothing.

    Raises:
        SchemaError: it has none, an older or a newer one; the text names the command that mends it.
        DatabaseUnavailableError: it cannot be opened.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise SchemaError(f"there is no database at {parsed.database}: run `frontdesk db upgrade`")
    engine = make_engine(parsed)
    try:
        with translated(), engine.connect() as connection:
            _refuse_unknown(connection)
            current = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    if set(current) != set(_scripts().get_heads()):
        state = "is out of date" if current else "has no tables yet"
        raise SchemaError(f"the database {state}: run `frontdesk db upgrade`")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _refuse_unknown(connection: Connection) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise SchemaError(
            f"the database was made by a newer Frontdesk (schema {', '.join(sorted(unknown))}): "
            "install that version, then run `frontdesk db upgrade`"
        )


def _make_private_file(url: URL) -> None:
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    try:
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageError(f"the database file {url.database} cannot be made ({error.strerror})") from error


@contextmanager
def _migrating(url: URL) -> Iterator[Connection]:
    # Foreign keys are off while tables are rebuilt, so they are checked before the commit.
    engine = make_engine(url, immediate=True, foreign_keys=False, busy_timeout_s=60)
    try:
        with translated(), engine.begin() as connection:
            if url.get_backend_name() == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            yield connection
            if url.get_backend_name() == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
                raise StorageError("the upgrade would leave rows without their parents: nothing was changed")
    finally:
        engine.dispose()
