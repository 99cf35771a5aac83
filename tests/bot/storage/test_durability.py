"""Kills, failing disks and absent databases: what was acknowledged is there, what was not may be sent again."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from bot.errors import DatabaseUnavailableError
from bot.storage.store import Store

ROOT = Path(__file__).parents[3]

WRITE_UNTIL_KILLED = """
import sys, threading
from bot.storage.store import Store
url, conversation_id = sys.argv[1:]
store = Store.open(url)
printing = threading.Lock()
def write(name):
    for number in range(100_000):
        client_id = f"{name}-{number}"
        logged = store.conversations.append_customer(conversation_id, client_id, client_id)
        with printing:
            print(logged.sequence, client_id, flush=True)
for name in "abcdefgh":
    threading.Thread(target=write, args=(name,)).start()
"""

WRITE_ON_A_FAILING_DISK = """
import sys
from bot.errors import DatabaseUnavailableError
from bot.storage.store import Store
url, conversation_id = sys.argv[1:]
store = Store.open(url)
for number in range(30):
    client_id, kept = f"m{number}", False
    while not kept:
        try:
            store.conversations.append_customer(conversation_id, client_id, client_id)
            kept = True
        except DatabaseUnavailableError:
            pass
        print("kept" if kept else "lost", client_id, flush=True)
"""

FAIL_EVERY_SEVENTH_SYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
static int count;
static int fails(void) { return ++count % 7 == 0; }
int fsync(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    if (fails()) { errno = EIO; return -1; }
    return real(file);
}
int fdatasync(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    if (fails()) { errno = EIO; return -1; }
    return real(file);
}
"""


def test_acknowledged_messages_survive_kill_9(store: Store, url: str, conversation_id: str) -> None:
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, url, conversation_id]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line for line in process.stdout if line.endswith("\n")]
    logged = store.conversations.messages_after(conversation_id, 0)
    assert [message.sequence for message in logged] == list(range(1, len(logged) + 1))
    kept = {(message.sequence, message.message.text) for message in logged}
    told = {(int(sequence), name) for sequence, name in (line.split() for line in acknowledged)}
    assert len(told) >= 60
    assert told <= kept
    assert len(store.turns.all_owed()) == len(logged)
    for _, name in told:
        assert not store.conversations.append_customer(conversation_id, "again", name).created


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("cc"), reason="needs a C compiler on Linux"
)
def test_failed_sync_is_never_acknowledged_and_the_retry_makes_one_row(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "sync.c").write_text(FAIL_EVERY_SEVENTH_SYNC)
    library = tmp_path / "sync.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "sync.c", "-ldl"], check=True)
    with Store.open(sqlite_url) as store:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
    ran = subprocess.run(
        [sys.executable, "-c", WRITE_ON_A_FAILING_DISK, sqlite_url, conversation_id],
        cwd=ROOT, env={"LD_PRELOAD": str(library)}, stdout=subprocess.PIPE, text=True, check=True, timeout=60,
    )  # fmt: skip
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert "lost" in [outcome for outcome, _ in lines]
    kept = [name for outcome, name in lines if outcome == "kept"]
    with Store.open(sqlite_url) as store:
        logged = store.conversations.messages_after(conversation_id, 0)
    assert [message.message.text for message in logged] == kept == [f"m{number}" for number in range(30)]


def test_full_disk_refuses_writes_and_keeps_reads(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        store.conversations.append_customer(conversation_id, "Hello", "m1")
        store._database.write(lambda session: session.execute(text("PRAGMA max_page_count=1")).all())
        with pytest.raises(DatabaseUnavailableError, match="full"):
            store.conversations.append_customer(conversation_id, "x" * 90_000, "m2")
        logged = store.conversations.messages_after(conversation_id, 0)
        assert logged[0].message.text == "Hello"
        store.ping()


def test_locked_database_is_unavailable_until_the_lock_is_gone(sqlite_url: str) -> None:
    with Store.open(sqlite_url, busy_timeout_s=0.1) as store:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseUnavailableError, match="locked"):
                store.conversations.append_customer(conversation_id, "Hello", "m1")
            other.rollback()
        assert store.conversations.append_customer(conversation_id, "Hello", "m1").sequence == 1


def test_store_recovers_alone_when_postgresql_comes_back(postgresql_url: str) -> None:
    address = make_url(postgresql_url)
    with Store.open(postgresql_url) as store:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        server_url = address.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with closing(psycopg.connect(server_url, autocommit=True)) as server:
            server.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS false")
            try:
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (address.database,)
                )
                with pytest.raises(DatabaseUnavailableError):
                    store.conversations.append_customer(conversation_id, "Hello", "m1")
                with pytest.raises(DatabaseUnavailableError):
                    store.ping()
            finally:
                server.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS true")
        assert store.conversations.append_customer(conversation_id, "Hello", "m1").sequence == 1


def test_sqlite_connections_sync_fully_and_check_foreign_keys(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        for run in (store._database.read, store._database.write):
            pragmas = [
                run(lambda session, name=name: session.execute(text(f"PRAGMA {name}")).scalar_one())
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert pragmas == ["wal", 2, 1]


def test_reply_and_decision_are_kept_together_or_not_at_all(
    store: Store, conversation_id: str, make_reply: Callable[..., Any], make_evidence: Callable[..., Any]
) -> None:
    store.conversations.append_customer(conversation_id, "How long?", "m1")
    unstorable = make_evidence("NUL \0 \ud800 in a passage")
    with pytest.raises(Exception, match=r"surrogate|refused|Unicode"):
        store.conversations.append_reply(conversation_id, make_reply(), unstorable, answers=1)
    assert store.conversations.reply_to(conversation_id, 1) is None
    assert store.turns.owed(conversation_id) == [1]
