from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy.exc
from sqlalchemy import create_engine, text

from bot.errors import DatabaseUnavailableError, StorageError
from bot.storage.engine import database_url, translated
from bot.storage.store import Store


def all_subclasses(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from all_subclasses(child)


@pytest.mark.parametrize(
    "kind", sorted(set(all_subclasses(sqlalchemy.exc.SQLAlchemyError)), key=lambda kind: kind.__name__)
)
def test_every_sqlalchemy_error_leaves_as_a_storage_error(kind: type[sqlalchemy.exc.SQLAlchemyError]) -> None:
    error = kind.__new__(kind)
    if isinstance(error, sqlalchemy.exc.StatementError):
        sqlalchemy.exc.StatementError.__init__(error, "Where is my secret order?", "SELECT 1", None, ValueError("no"))
    with pytest.raises(StorageError) as raised, translated():
        raise error
    assert "\n" not in str(raised.value)


def test_refused_row_does_not_quote_the_customer() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE notes (body TEXT CHECK (length(body) < 5))"))
        with pytest.raises(StorageError) as raised, translated():
            connection.execute(text("INSERT INTO notes VALUES (:body)"), {"body": "my card is 4111"})
    assert "4111" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("url", ["", "desk.db", "sqlite://", "sqlite:///:memory:", "mysql://host/desk", "oracle://x"])
def test_url_of_another_kind_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(StorageError, match="sqlite:///FILE or postgresql://") as raised:
        database_url(url)
    assert "\n" not in str(raised.value)


def test_password_of_a_wrong_url_is_not_shown() -> None:
    with pytest.raises(StorageError) as raised:
        database_url("mysql://ann:hush@host/desk")
    assert "hush" not in str(raised.value)


def test_absent_server_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        Store.open("postgresql://postgres@127.0.0.1:1/nothing")


def test_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(StorageError):
        Store.open(f"sqlite:///{tmp_path / 'desk.db'}")
