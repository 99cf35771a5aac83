"""One person leaves a desk for good: rows, files, flags, a certificate; and stays away after a kill and a restore."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from bot.bundle_flags import AGED, ERASED, flags_of_bundle
from bot.desk import Desk
from bot.erasure import Erasure, Whom
from bot.errors import NothingToEraseError
from bot.privacy_settings import PrivacySettings
from bot.retention import aged, retain
from bot.settings import Settings
from bot.storage.store import Store
from bot.tombstones import read_tombstones
from retrieval.artifact import write_artifact

CANARY, OTHER = "zqcanaryq", "zqotherq"


def hits(folder: Path, word: str = CANARY) -> list[str]:
    """Files below a folder that hold a word, whatever they are."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def quietly(done: int, total: int) -> None:
    pass


def keep(path: Path, text: str) -> None:
    path.write_text(text)


def write_dataset(desk: Desk, version: str, rows: dict[str, str]) -> None:
    lines = [{"conversation_id": name, "messages": [{"role": "customer", "text": text}]} for name, text in rows.items()]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    folder = desk.directory / "datasets" / version
    write_artifact(folder, {"version": version}, lambda made: keep(made / "dialogues.jsonl", text))


def write_bundle(desk: Desk, version: str, dataset: str) -> None:
    folder = desk.bundle_directory(version)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"version": version, "dataset": dataset}))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """On SQLite the database lies in its directory."""
    return Desk(tmp_path)


@pytest.fixture
def erasure(desk: Desk, url: str, store: Store, clock: Any) -> Erasure:
    return Erasure(desk, Settings(database_url=url), store, clock)


@pytest.fixture
def ada(erasure: Erasure, leave_traces: Any) -> str:
    """A conversation of Ada's, which trained a bundle; another's trained another one as well."""
    here, other = leave_traces(CANARY, "ada"), leave_traces(OTHER, "eve")
    desk = erasure.desk
    write_dataset(desk, "d1", {here: f"I am {CANARY}", other: OTHER})
    write_dataset(desk, "d2", {other: OTHER})
    write_bundle(desk, "b1", "d1")
    write_bundle(desk, "b2", "d2")
    (desk.directory / "training").mkdir()
    old = {"conversation_id": here, "text": f"{CANARY} asks", "context": [], "passage_ids": ["p1"]}
    (desk.directory / "training" / "knowledge_queries.jsonl").write_text(json.dumps(old) + "\n")
    (desk.directory / "work" / "improve-d1-12345678").mkdir(parents=True)
    (desk.directory / "work" / "improve-d1-12345678" / "state.pt").write_text(f"weights that know {CANARY}")
    (desk.directory / "datasets" / ".d3.half").mkdir()
    (desk.directory / "datasets" / ".d3.half" / "dialogues.jsonl").write_text(f"{CANARY} half-written")
    return here


def test_a_person_is_gone_from_every_file_and_table(erasure: Erasure, ada: str) -> None:
    certificate = erasure.erase(erasure.find(Whom("ada")), by="command line", progress=quietly)
    assert hits(erasure.desk.directory) == []
    assert hits(erasure.desk.directory / "datasets", OTHER)
    assert erasure.store.conversations.search(CANARY) == []
    assert len(erasure.store.conversations.search(OTHER)) == 2
    removed = {(row.kind, row.place): row.count for row in certificate.removed}
    assert removed["messages", "database"] == removed["messages in the search index", "database"] == 2
    assert removed["rows", "datasets/d1"] == removed["rows", "training"] == removed["unfinished trainings", "work"] == 1
    assert certificate.flagged_bundles == ("b1",)
    assert [flag.reason for flag in flags_of_bundle(erasure.desk.directory, "b1")] == [ERASED]
    assert flags_of_bundle(erasure.desk.directory, "b2") == ()
    (entry,) = erasure.store.audit.newest(action="erase")
    assert (entry.subject, entry.actor) == (certificate.tombstone_id, "command line")


def test_the_certificate_proves_without_naming(erasure: Erasure, ada: str) -> None:
    certificate = erasure.erase(erasure.find(Whom("ada")), by="command line", progress=quietly)
    text, written = certificate.as_text(), json.dumps(certificate.as_json())
    for line in ("Certificate of erasure", "Conversations: 1", "2  messages  (database)", "flagged: b1", "vacuum"):
        assert line.casefold() in text.casefold()
    assert "frontdesk improve" in text
    assert not any(word in text + written for word in (CANARY, '"ada"', ada))
    assert certificate.customer in written


def test_a_preview_changes_nothing_and_an_unknown_person_is_said_to_be(erasure: Erasure, ada: str) -> None:
    preview = erasure.preview(erasure.find(Whom("ada")))
    assert "Nothing has been erased" in preview.as_text()
    assert preview.flagged_bundles == ("b1",)
    assert erasure.store.erasing.known([ada]) == [ada]
    assert read_tombstones(erasure.tombstones.path) == []
    with pytest.raises(NothingToEraseError, match="check the id"):
        erasure.find(Whom("nobody"))


def test_conversations_that_only_files_know_are_erased_by_their_id(erasure: Erasure, ada: str) -> None:
    write_dataset(erasure.desk, "d4", {"ticket-9": f"an old ticket of {CANARY}"})
    certificate = erasure.erase(erasure.find(Whom(conversation_ids=("ticket-9",))), by="eve", progress=quietly)
    assert [(row.place, row.count) for row in certificate.removed] == [("datasets/d4", 1)]
    assert not hits(erasure.desk.directory / "datasets" / "d4")


def test_what_others_left_under_the_same_address_is_told_and_left(
    erasure: Erasure, leave_traces: Any, ada: str
) -> None:
    anonymous = leave_traces(CANARY)
    certificate = erasure.erase(erasure.find(Whom("ada")), by="eve", progress=quietly)
    assert "1 further conversations left the same e-mail address" in certificate.as_text()
    found = erasure.find(Whom(contacts=(f"{CANARY}@example.com",)))
    assert found.conversation_ids == (anonymous,)


def test_a_killed_erasure_is_finished_by_the_next_start(
    erasure: Erasure, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = erasure.find(Whom("ada"))
    with monkeypatch.context() as patched:
        patched.setattr("bot.erasure.erase_from_files", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasure.erase(found, by="eve", progress=quietly)
    assert erasure.store.erasing.known([ada]) == [ada]
    assert erasure.again().rows.rows["messages"] == 2
    erasure.store.purge(compact=True)
    assert hits(erasure.desk.directory) == []
    assert [flag.reason for flag in flags_of_bundle(erasure.desk.directory, "b1")] == [ERASED]
    assert erasure.again().nothing


def test_a_customers_own_deletion_goes_the_same_road(erasure: Erasure, ada: str) -> None:
    assert erasure.erase_conversation(ada)
    assert erasure.store.erasing.known([ada]) == []
    (stone,) = read_tombstones(erasure.tombstones.path)
    assert (stone.by, stone.conversation_ids, stone.customer) == ("customer", (ada,), None)
    assert not erasure.erase_conversation(ada)
    assert erasure.again().files.rows == 2  # what the job does
    erasure.store.purge()
    assert hits(erasure.desk.directory) == []


def test_what_a_customer_begins_after_their_erasure_is_theirs(
    erasure: Erasure, ada: str, leave_traces: Any, clock: Any
) -> None:
    erasure.erase(erasure.find(Whom("ada")), by="eve", progress=quietly)
    clock.advance(seconds=1)
    later = leave_traces(OTHER, "ada")
    assert erasure.again().nothing
    assert erasure.store.erasing.known([later]) == [later]


def test_rows_that_a_run_wrote_meanwhile_are_taken_out_and_its_bundle_is_flagged(erasure: Erasure, ada: str) -> None:
    erasure.erase(erasure.find(Whom("ada")), by="eve", progress=quietly)
    write_dataset(erasure.desk, "d5", {ada: f"collected before: {CANARY}"})
    assert [forgotten.version for forgotten in erasure.again().files.datasets] == ["d5"]
    write_bundle(erasure.desk, "b5", "d5")
    assert flags_of_bundle(erasure.desk.directory, "b5")


def test_a_restored_backup_loses_them_again(
    erasure: Erasure, ada: str, url: str, clock: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    backup = tmp_path_factory.mktemp("backup") / "backup"
    back_up(url, backup)
    erasure.erase(erasure.find(Whom("ada")), by="eve", progress=quietly)
    erasure.store.close()
    restore(url, backup)
    with Store.open(url, clock=clock) as store:
        restored = Erasure(erasure.desk, erasure.settings, store, clock)
        assert store.conversations.search(CANARY)
        assert restored.again(files=False).rows.rows["conversations"] == 1
        store.purge(compact=True)
        assert store.conversations.search(CANARY) == []
        assert len(store.conversations.search(OTHER)) == 2
    assert hits(erasure.desk.directory) == []


def back_up(url: str, file: Path) -> None:
    if url.startswith("sqlite"):
        with closing(connected(url)) as source, closing(connected(f"sqlite:///{file}")) as target:
            source.backup(target)
        return
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not installed")
    subprocess.run(["pg_dump", "--clean", "--file", file, plain(url)], check=True)


def restore(url: str, file: Path) -> None:
    if url.startswith("sqlite"):
        name = make_url(url).database or ""
        for left in ("-wal", "-shm"):
            Path(name + left).unlink(missing_ok=True)
        shutil.copy(file, name)
        return
    subprocess.run(["psql", "--quiet", "--file", file, plain(url)], check=True, stdout=subprocess.DEVNULL)


def connected(url: str) -> Any:
    return sqlite3.connect(make_url(url).database or "")


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_gives_them_back_by_no_query_dump_or_statistic(erasure: Erasure, ada: str, url: str) -> None:
    with closing(psycopg.connect(plain(url), autocommit=True)) as connection:
        connection.execute("ANALYZE")
        assert CANARY in statistics(connection)
        erasure.erase(erasure.find(Whom("ada")), by="eve", progress=quietly)
        assert CANARY not in statistics(connection)
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        dead = connection.execute("SELECT sum(n_dead_tup) FROM pg_stat_user_tables").fetchone()
        assert dead is not None
        for table in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copied:
                assert CANARY.encode() not in b"".join(bytes(part) for part in copied)
    if shutil.which("pg_dump"):
        assert CANARY.encode() not in subprocess.run(["pg_dump", plain(url)], check=True, capture_output=True).stdout


def statistics(connection: Any) -> str:
    """What the planner remembers of columns and of the search index."""
    return str(
        connection.execute("SELECT most_common_vals, histogram_bounds, most_common_elems FROM pg_stats").fetchall()
    )


@pytest.fixture
def keeping_30_days(url: str) -> Settings:
    return Settings(database_url=url, privacy=PrivacySettings(retention_days=30))


def test_what_is_too_old_goes_with_its_files_and_marks_its_bundles_as_aged(
    erasure: Erasure, ada: str, keeping_30_days: Settings, clock: Any
) -> None:
    clock.advance(days=29)
    recent = erasure.store.conversations.start(channel="web", locale="en").conversation_id
    parts = (erasure.desk, keeping_30_days, erasure.store)
    assert aged(*parts, clock.now).conversations == 0
    clock.advance(days=2)
    assert (aged(*parts, clock.now).conversations, aged(*parts, clock.now).files.rows) == (2, 4)
    gone = retain(*parts, clock.now, quietly)
    assert (gone.conversations, gone.files.rows) == (2, 4)
    assert erasure.store.erasing.known([ada, recent]) == [recent]
    assert hits(erasure.desk.directory) == hits(erasure.desk.directory, OTHER) == []
    assert [flag.reason for flag in flags_of_bundle(erasure.desk.directory, "b1")] == [AGED]
    assert retain(*parts, clock.now, quietly).conversations == 0


def test_where_conversations_are_kept_for_ever_none_is_too_old(erasure: Erasure, ada: str, clock: Any) -> None:
    clock.advance(days=9999)
    assert retain(erasure.desk, erasure.settings, erasure.store, clock.now, quietly).conversations == 0
    assert erasure.store.erasing.known([ada]) == [ada]


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from bot.desk import Desk
from bot.privacy_settings import PrivacySettings
from bot.retention import retain
from bot.settings import Settings
from bot.storage import erasing
from bot.storage.store import Store

erasing.BATCH = 2
folder, url, now = sys.argv[1:]
settings = Settings(database_url=url, privacy=PrivacySettings(retention_days=30))
with Store.open(url) as store:
    kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL)
    retain(Desk(Path(folder)), settings, store, datetime.fromisoformat(now), kill)
"""


def test_a_retention_that_is_killed_goes_on_where_it_was(
    erasure: Erasure, ada: str, keeping_30_days: Settings, clock: Any, url: str
) -> None:
    many = [erasure.store.conversations.start(channel="web", locale="en").conversation_id for _ in range(3)]
    clock.advance(days=31)
    arguments = [str(erasure.desk.directory), url, clock.now.isoformat()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(erasure.store.erasing.idle_since(clock.now)) == 3  # of five, without the first two
    told: list[tuple[int, int]] = []
    gone = retain(erasure.desk, keeping_30_days, erasure.store, clock.now, lambda *at: told.append(at))
    assert gone.conversations == told[-1][1] == 3
    assert erasure.store.erasing.known([ada, *many]) == []
    assert hits(erasure.desk.directory) == []
