"""A desk of the demo shop with the base model's real size, trained in a minute; it answers every question.

Knows no metric. Thresholds are at zero: what counts here is when a reply comes, and hand-offs would end conversations.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.publishing import publish_bundle
from bot.storage.migrate import upgrade
from bot.storage.records import ProposedReply
from finetune.replies_file import read_replies
from tests.benchmarks.bundles import train_bundle
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.shop_desk import SHOP
from tests.benchmarks.workplace import Workplace

TRIAL_SETTINGS = """
web_api = true
visitor_rate = "1000000/minute"
address_rate = "1000000/minute"
"""
ALWAYS_ANSWERS = """
reply_threshold = 0.0
passage_threshold = 0.0
out_of_scope_threshold = 1.0
person_probability = 1.0
"""
SERVER_VARIABLE = "FRONTDESK_TEST_POSTGRESQL"


def trial_desk(place: Workplace, name: str, database_url: str = "") -> Desk:
    """Makes a desk of its own with an empty log.

    Args:
        name: of its folder; what was there is removed.
        database_url: an empty database; ``frontdesk.db`` in the desk otherwise.
    """
    given = {"intents": SHOP / "intents.csv", "out-of-scope": SHOP / "out_of_scope.csv"}
    bundle = train_bundle(place, "trial", "fast", given).directory
    folder = place.folder("trial") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(SHOP / "knowledge", folder / "knowledge")
    (folder / "desk.toml").write_text(settings_text(database_url) + ALWAYS_ANSWERS, encoding="utf-8")
    desk = Desk(folder)
    settings = desk.settings()
    upgrade(desk.database_url(settings))
    with open_store(desk, settings) as store:
        mined = read_replies(SHOP / "replies.jsonl")
        store.replies.propose([ProposedReply(one.reply_id, one.text, one.intents, one.frequency) for one in mined])
        store.replies.approve(None, by="bench")
        publish_bundle(desk, settings, store, bundle, lambda done, total: None)
    return desk


def settings_text(database_url: str = "") -> str:
    """Settings under which one machine may play many customers."""
    return TRIAL_SETTINGS + (f'database_url = "{database_url}"\n' if database_url else "")


@contextmanager
def postgresql_database() -> Iterator[str]:
    """A database of its own on the server that FRONTDESK_TEST_POSTGRESQL names; dropped at the end.

    Raises:
        BenchmarkError: the variable is not set.
    """
    name = f"frontdesk_bench_{secrets.token_hex(6)}"
    with closing(psycopg.connect(_server(), autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield database_address(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_address(name: str) -> str:
    """URL of another database on the test server."""
    head, _, _ = _server().partition("?")
    return f"{head.rpartition('/')[0]}/{name}"


@contextmanager
def refusing_connections(address: str) -> Iterator[None]:
    """A database whose server restarts, as far as its clients can tell: all are cut off and none gets in."""
    name = str(conninfo_to_dict(address)["dbname"])
    with closing(psycopg.connect(_server(), autocommit=True)) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def _server() -> str:
    server = os.environ.get(SERVER_VARIABLE)
    if not server:
        raise BenchmarkError(f"{SERVER_VARIABLE} is not set; give it the URL of a PostgreSQL server to use")
    return server
