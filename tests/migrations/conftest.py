"""Databases without any table, one on each system."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of its own that holds nothing; PostgreSQL needs FRONTDESK_TEST_POSTGRESQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'desk.db'}"
        return
    server_url = os.environ.get("FRONTDESK_TEST_POSTGRESQL")
    if not server_url:
        pytest.skip("FRONTDESK_TEST_POSTGRESQL is not set")
    name = f"frontdesk_test_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server_url, autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
