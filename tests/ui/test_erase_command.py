"""`erase` and `retention` as an operator types them, and what the worker does of both by itself."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.desk import Desk
from bot.erasure import PURGE, Erasure
from bot.handoff import Move
from bot.retention import RETENTION
from bot.storage.migrate import upgrade
from bot.storage.records import JobState, utc_now
from bot.storage.store import Store
from bot.worker import Worker
from ui.commands.erase import erase, retention

CANARY = "zqcanaryq"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk")
    desk.directory.mkdir()
    (desk.directory / "desk.toml").write_text("[privacy]\nretention_days = 30\n")
    upgrade(desk.database_url(desk.settings()))
    return desk


@pytest.fixture
def store(desk: Desk) -> Iterator[Store]:
    with Store.open(desk.database_url(desk.settings())) as opened:
        yield opened


def say(store: Store, customer_id: str | None = None) -> str:
    here = store.conversations.start(channel="web", locale="en", customer_id=customer_id).conversation_id
    store.conversations.append_customer(here, f"I am {CANARY}", "message-1")
    return here


def run(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(erase, [*words, "--desk", str(desk.directory)])


def hits(desk: Desk) -> list[Path]:
    return [path for path in desk.directory.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_dry_run_shows_and_erase_proves(desk: Desk, store: Store, tmp_path: Path) -> None:
    here = say(store, "ada")
    assert "Would be removed:" in run(desk, "ada", "--dry-run").output
    assert store.erasing.known([here]) == [here]
    done = run(desk, "ada", "--certificate", str(tmp_path / "proof.json"))
    assert "Certificate of erasure" in done.output
    assert "1  conversations  (database)" in done.output
    proof = json.loads((tmp_path / "proof.json").read_text())
    assert proof["conversations"] == 1
    assert proof["tombstone_id"] in done.output
    assert hits(desk) == []
    assert "0 conversations" in run(desk, "--again").output


@pytest.mark.parametrize("words", [[], ["ada", "--again"]])
def test_whom_to_erase_has_to_be_said_once(desk: Desk, words: list[str]) -> None:
    done = run(desk, *words)
    assert done.exit_code == 2
    assert "name a CUSTOMER" in done.output


def test_retention_says_what_is_too_old(desk: Desk, store: Store) -> None:
    at = ["--desk", str(desk.directory)]
    assert "0 conversations without a sign for 30 days" in CliRunner().invoke(retention, at).output
    (desk.directory / "desk.toml").write_text("")
    assert "kept for ever" in CliRunner().invoke(retention, at).output


def test_the_worker_goes_on_with_a_customers_own_deletion(desk: Desk, store: Store) -> None:
    here = say(store)
    (desk.directory / "training").mkdir()
    row = json.dumps({"conversation_id": here, "text": CANARY}) + "\n"
    (desk.directory / "training" / "dialogues.jsonl").write_text(row)
    Erasure(desk, desk.settings(), store).erase_conversation(here)
    worker = Worker(desk, desk.settings(), store)
    while worker.run_once():
        pass
    job = store.jobs.newest(PURGE)
    assert job is not None
    assert job.state is JobState.DONE
    assert hits(desk) == []


def test_the_worker_begins_with_what_a_restored_backup_brought_back(desk: Desk, store: Store) -> None:
    here = say(store)
    erasure = Erasure(desk, desk.settings(), store)
    erasure._bury("customer", None, [here], store.erasing.counts([here]))  # as if the rows had come back
    worker = Worker(desk, desk.settings(), store)
    worker.erase_again()
    assert store.erasing.known([here]) == []
    assert store.jobs.newest(PURGE) is not None


def test_the_worker_looks_for_what_is_too_old_once_a_day(desk: Desk) -> None:
    with Store.open(desk.database_url(desk.settings()), clock=lambda: utc_now() - timedelta(days=31)) as store:
        here = say(store)
        store.ownership.move(here, Move.CLOSE, by="customer")
    with Store.open(desk.database_url(desk.settings())) as store:
        worker = Worker(desk, desk.settings(), store)
        while worker.run_once():
            pass
        assert store.erasing.known([here]) == []
        job = store.jobs.newest(RETENTION)
        assert job is not None
        assert (job.state, job.done, job.total) == (JobState.DONE, 1, 1)
        worker.watch_retention()
        assert store.jobs.newest(RETENTION) == job
