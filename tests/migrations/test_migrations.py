import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot.errors import SchemaError, StorageError
from bot.storage.engine import database_url, make_engine
from bot.storage.migrate import alembic_config, check, migrations_folder, upgrade
from bot.storage.store import Store
from bot.storage.tables import Base

ROOT = Path(__file__).parents[2]
TIME = "2026-01-31 08:00:00.000000"
OLDEST_ROWS = (
    f"INSERT INTO conversations VALUES ('c1', 'web', 'en', 'bot', 'hash', '{TIME}+00:00', 2)",
    "INSERT INTO messages (id, conversation_id, sequence, role, text, sent_utc, client_message_id, answers, "
    "awaits_reply, search_tokens) VALUES "
    f"(1, 'c1', 1, 'customer', 'Where is it?', '{TIME}+00:00', 'm1', NULL, false, 'where is it'), "
    f"(2, 'c1', 2, 'bot', 'On its way.', '{TIME}+00:00', NULL, 1, false, 'on its way')",
    "INSERT INTO decisions (message_id, action, reason, confidence, ranking, passages, replies, sources, options, "
    "bundle_version, latency_ms) VALUES (2, 'answer', 'reply_confident', 0.9, '[[\"status\", 0.9]]', '[]', '[]', "
    '\'[{"reply_id": "r1", "version": 1, "variables": {}}]\', \'[]\', \'b1\', 12.0)',
    f"INSERT INTO feedback VALUES (2, true, 'Thanks', '{TIME}+00:00')",
    "INSERT INTO replies VALUES ('r1', 1)",
    "INSERT INTO reply_versions (reply_id, version, text, intents, frequency, risky, state, created_by, created_utc, "
    "approved_by, approved_utc) VALUES ('r1', 1, 'On its way.', '[\"status\"]', 3, '[]', 'approved', 'mined', "
    f"'{TIME}+00:00', 'Ann', '{TIME}+00:00')",
    "INSERT INTO articles VALUES ('a1', 1)",
    "INSERT INTO article_versions "
    f"VALUES ('a1', 1, 'T', 'Body', 'a.md', 'text/markdown', false, 'Ann', '{TIME}+00:00')",
    "INSERT INTO jobs (id, kind, payload, state, attempts, done, total, enqueued_utc) "
    f"VALUES (1, 'index', '{{}}', 'waiting', 0, 0, 0, '{TIME}+00:00')",
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = make_engine(database_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def tables(url: str) -> set[str]:
    with connected(url) as connection:
        return set(inspect(connection).get_table_names())


def test_models_and_migrations_agree(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        # Search is made by hand in the migration: virtual tables there, an index over an expression here.
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, parents: not (name or "").startswith("message_search")},
        )
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_from_nothing_gives_a_database_that_works_and_may_run_again(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)
    check(empty_url)
    with Store.open(empty_url) as store:
        started = store.conversations.start(channel="web", locale="en")
        store.conversations.append_customer(started.conversation_id, "Where is my parcel?", "m1")
        assert len(store.conversations.search("parcel")) == 1


def test_upgrade_from_the_oldest_schema_keeps_its_rows(empty_url: str) -> None:
    (oldest,) = ScriptDirectory.from_config(alembic_config()).get_bases()
    upgrade(empty_url, oldest)
    utc = "" if empty_url.startswith("sqlite") else "+00:00"
    with connected(empty_url) as connection:
        for statement in OLDEST_ROWS:
            connection.exec_driver_sql(statement.replace("+00:00", utc))
    upgrade(empty_url)
    with Store.open(empty_url) as store:
        question, answer = store.conversations.messages_after("c1", 0)
        assert (question.message.text, question.message.sent_utc.isoformat()) == (
            "Where is it?",
            "2026-01-31T08:00:00+00:00",
        )
        assert (answer.answers, answer.feedback is not None and answer.feedback.comment) == (1, "Thanks")
        assert [hit.sequence for hit in store.conversations.search("way")] == [2]
        assert [reply.approved_by for reply in store.replies.approved()] == ["Ann"]
        assert [version.article.body for version in store.articles.current()] == ["Body"]
        (decision,) = store.conversations.decisions_since(question.message.sent_utc)
        assert (decision.ranking[0].intent, decision.versions.bundle) == ("status", "b1")
        job = store.jobs.take()
        assert job is not None
        assert job.kind == "index"


def test_missing_or_empty_database_stops_the_start_with_the_command(empty_url: str) -> None:
    with pytest.raises(SchemaError, match="frontdesk db upgrade") as raised:
        Store.open(empty_url)
    assert "\n" not in str(raised.value)


def test_check_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="frontdesk db upgrade"):
        check(f"sqlite:///{tmp_path / 'desk.db'}")
    assert list(tmp_path.iterdir()) == []


def test_out_of_date_schema_stops_the_start_with_the_command(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(SchemaError, match="frontdesk db upgrade"):
        Store.open(empty_url)


def test_newer_schema_is_neither_opened_nor_touched(empty_url: str) -> None:
    upgrade(empty_url)
    with connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for call in (check, upgrade, Store.open):
        with pytest.raises(SchemaError, match=r"newer.*frontdesk db upgrade") as raised:
            call(empty_url)
        assert "\n" not in str(raised.value)


KILL_HALF_WAY = """
import os, signal, sys
from alembic import op
from bot.storage.migrate import upgrade
create = op.create_table
def create_and_die(name, *columns, **options):
    create(name, *columns, **options)
    if name == "reply_versions":
        os.kill(os.getpid(), signal.SIGKILL)
op.create_table = create_and_die
upgrade(sys.argv[1])
"""


def test_migration_killed_half_way_leaves_nothing_and_runs_again(empty_url: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILL_HALF_WAY, empty_url], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tables(empty_url) == set()
    upgrade(empty_url)
    check(empty_url)


def test_upgrades_at_once_both_succeed(empty_url: str) -> None:
    script = "import sys; from bot.storage.migrate import upgrade; upgrade(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", script, empty_url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    check(empty_url)


def test_sqlite_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'desk.db'}")
    assert stat.S_IMODE((tmp_path / "desk.db").stat().st_mode) == 0o600


def test_folder_that_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="missing") as raised:
        upgrade(f"sqlite:///{tmp_path / 'missing' / 'desk.db'}")
    assert "\n" not in str(raised.value)


def test_scripts_are_found_in_the_checkout_and_in_an_installed_wheel(tmp_path: Path) -> None:
    assert migrations_folder() == ROOT / "migrations"
    without = shutil.ignore_patterns("__pycache__")
    for package in ("bot", "retrieval"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=without)
    shutil.copytree(ROOT / "migrations", tmp_path / "bot" / "migrations", ignore=without)
    script = "import sys; from bot.storage.migrate import check, upgrade; upgrade(sys.argv[1]); check(sys.argv[1])"
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    subprocess.run([sys.executable, "-P", "-c", script, url], env={"PYTHONPATH": str(tmp_path)}, cwd="/", check=True)
