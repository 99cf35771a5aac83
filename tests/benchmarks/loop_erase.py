"""`scripts/bench loop --only erase`: whether anything of an erased customer is left on a desk that has been served.

A customer with a word that nobody else says signs in, chats through the API and through Gradio, rates, is noted,
reviewed and collected into a dataset. Then `frontdesk erase` runs beside the server, and every file of the desk, of
the server's temporary folder and of its log is searched for the word, byte by byte. Once more after a backup that still
has it was restored, and after a deletion by the customer alone.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import jwt
import psycopg

from bot.articles import current_passages
from bot.bootstrap import open_store
from bot.bundle_flags import bundle_flags
from bot.dataset_files import DATASETS, TRAINING
from bot.desk import Desk
from bot.redaction.redactor import redact
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.store import Store
from bot.worker import Worker
from finetune.composition import GoldenSide, compose
from finetune.dataset_store import DatasetStore
from finetune.history.report import ImportReport
from finetune.reviewed import collect_reviewed
from finetune.training_folder import TrainingFolder
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.served_desk import Visitor
from tests.benchmarks.trial_desk import SERVER_VARIABLE, postgresql_database, trial_desk
from tests.benchmarks.workplace import ROOT, Workplace

CANARY, ALONE, OTHER = "zqcanaryq", "zqaloneq", "zqotherq"
CUSTOMER = f"customer-{CANARY}"
_SECRET = "a secret of the bench, long enough for HS256"
_OTHERS = 20


def measure(place: Workplace) -> dict[str, float]:
    """Metrics ``erase_*``; PostgreSQL's where ``FRONTDESK_TEST_POSTGRESQL`` is set."""
    figures = _on_sqlite(place)
    if os.environ.get(SERVER_VARIABLE):
        with postgresql_database() as address:
            figures |= _on_postgresql(place, address)
    return figures


def _on_sqlite(place: Workplace) -> dict[str, float]:
    desk, temporary = _desk(place, "erase-sqlite"), _temporary(place)
    log = place.folder("trial") / "erase-sqlite.log"
    places, backup = [desk.directory, temporary, log], place.folder("trial") / "erase-backup.db"
    with _served(desk, log, temporary) as server:
        _live(server, desk)
        _copy_database(desk, backup)
        before = _hits(places, CANARY)
        seconds = _erase(desk, CUSTOMER, "--conversation", _visited(desk))
        after = _hits(places, CANARY)
        _delete_alone(server, desk)
        alone = _hits(places, ALONE)
        flags = len(bundle_flags(desk.directory))
    for left in ("-wal", "-shm"):
        desk.directory.joinpath(f"frontdesk.db{left}").unlink(missing_ok=True)
    shutil.copy(backup, desk.directory / "frontdesk.db")
    with _served(desk, log, temporary):
        _work(desk)
        restored = _hits(places, CANARY)
    if not before or not _hits([backup], CANARY) or not _hits(places, OTHER):
        raise BenchmarkError("the word was nowhere before, or the others' is gone: nothing was measured")
    return {
        "erase_canary_files_before": float(before),
        "erase_canary_hits": float(after + alone + restored),
        "erase_flagged_bundles": float(flags),
        "erase_s": seconds,
    }


def _on_postgresql(place: Workplace, address: str) -> dict[str, float]:
    desk, temporary = _desk(place, "erase-postgresql", address), _temporary(place)
    log = place.folder("trial") / "erase-postgresql.log"
    with _served(desk, log, temporary) as server:
        _live(server, desk)
        if CANARY not in _everything(address):
            raise BenchmarkError("the word was nowhere before: nothing was measured")
        seconds = _erase(desk, CUSTOMER, "--conversation", _visited(desk))
        hits = _everything(address).count(CANARY) + _hits([desk.directory, temporary, log], CANARY)
        with open_store(desk, desk.settings()) as store:
            hits += len(store.conversations.search(CANARY))
    return {"erase_postgresql_canary_hits": float(hits), "erase_postgresql_s": seconds}


def _desk(place: Workplace, name: str, address: str = "") -> Desk:
    """A desk that believes the customers whom the bench signs in."""
    desk = trial_desk(place, name, address)
    settings = desk.directory / "desk.toml"
    settings.write_text(f'identity_secret = "{_SECRET}"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")
    return desk


@contextmanager
def _served(desk: Desk, log: Path, temporary: Path) -> Iterator[DeskProcess]:
    kept = {name: os.environ.get(name) for name in ("TMPDIR", "GRADIO_TEMP_DIR")}
    os.environ.update({"TMPDIR": str(temporary), "GRADIO_TEMP_DIR": str(temporary / "gradio")})
    server = DeskProcess(desk.directory, log)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.close()
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _live(server: DeskProcess, desk: Desk) -> None:
    """Conversations of the customer and of others; all reviewed; one dataset, which the live bundle names."""
    _chat(server, CANARY, CUSTOMER)
    for number in range(_OTHERS):
        _chat(server, f"{OTHER} {number}", f"customer-{number}")
    visitor = Visitor(server.url)
    visitor.say(f"{CANARY} {CANARY} asks where the parcel is")
    visitor.close()
    with open_store(desk, desk.settings()) as store:
        for hit in store.conversations.search("parcel", limit=100):
            _review(store, hit.conversation_id)
        _compose(desk, store)


def _chat(server: DeskProcess, word: str, customer_id: str) -> str:
    claims = {"sub": customer_id, "name": word, "exp": time.time() + 600}
    body = {"channel": "app", "locale": "en", "identity": jwt.encode(claims, _SECRET, "HS256")}
    with httpx2.Client(base_url=f"{server.url}/api/v1", timeout=60) as client:
        started = client.post("/conversations", json=body).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {started['token']}"
        here = f"/conversations/{started['conversation_id']}"
        for number, text in enumerate((f"where is the parcel of {word}", f"i am {word}, can i return the boots")):
            message = {"client_message_id": f"message-{number:04}", "text": text}
            client.post(f"{here}/messages", params={"wait_s": 20}, json=message).raise_for_status()
        mail = f"{word.replace(' ', '-')}@example.com"
        client.put(f"{here}/contact", json={"email": mail}).raise_for_status()
        client.put(f"{here}/rating", json={"rating": 2, "comment": f"bad, says {word}"}).raise_for_status()
        return str(started["conversation_id"]) + " " + str(started["token"])


def _review(store: Store, conversation_id: str) -> None:
    said = [logged for logged in store.conversations.messages_after(conversation_id, 0) if logged.decision]
    asked = store.conversations.load(conversation_id).messages[0].text
    for logged in said:
        correction = Opinion(Verdict.CORRECTED, "order_status", f"We look for it: {asked}", note=asked)
        save_opinion(store, conversation_id, logged.sequence, correction, reviewer="rae")
    store.notes.add(conversation_id, f"called about: {asked}", author="rae")


def _compose(desk: Desk, store: Store) -> None:
    collected = collect_reviewed(store, None, lambda done, total: None)
    rules, folder = desk.settings().privacy.rules(), TrainingFolder(desk.directory / TRAINING, ImportReport())
    made = compose(
        folder, collected.conversations, GoldenSide(), current_passages(store),
        lambda texts, people: redact(texts, people, rules), lambda done, total: None,
    )  # fmt: skip
    version = DatasetStore(desk.directory / DATASETS).write(made.content, parent=None, figures={}).version
    manifest = desk.bundle_directory(desk.live().bundle) / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**content, "dataset": version}), encoding="utf-8")


def _erase(desk: Desk, *words: str) -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "ui.cli", "erase", *words, "--desk", str(desk.directory)]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode or CANARY in done.stdout:
        raise BenchmarkError(f"erase ended with {done.returncode}, or its certificate holds the word")
    return time.monotonic() - began


def _delete_alone(server: DeskProcess, desk: Desk) -> None:
    """A customer deletes a conversation through the API; the worker does the rest."""
    conversation_id, _, token = _chat(server, ALONE, f"customer-{ALONE}").partition(" ")
    with open_store(desk, desk.settings()) as store:
        _review(store, conversation_id)
        _compose(desk, store)
    address = f"{server.url}/api/v1/conversations/{conversation_id}"
    httpx2.delete(address, headers={"Authorization": f"Bearer {token}"}, timeout=60).raise_for_status()
    _work(desk)


def _work(desk: Desk) -> None:
    with open_store(desk, desk.settings()) as store:
        worker = Worker(desk, desk.settings(), store)
        worker.erase_again()
        while worker.run_once():
            pass


def _visited(desk: Desk) -> str:
    """The conversation that came through Gradio, whose customer is unknown."""
    with open_store(desk, desk.settings()) as store:
        hits = store.conversations.search(f"{CANARY} asks")
    return hits[-1].conversation_id


def _hits(places: list[Path], word: str) -> int:
    """Files that hold a word, or whose name does."""
    found = [path for place in places for path in ([place] if place.is_file() else place.rglob("*"))]
    return sum(word in path.name or (path.is_file() and word.encode() in path.read_bytes()) for path in found)


def _everything(address: str) -> str:
    """A dump, all rows of all tables, and what the planner remembers of columns."""
    said = ""
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute("ANALYZE")
        for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            said += str(connection.execute(f'SELECT * FROM "{table}"').fetchall())
        said += str(connection.execute("SELECT * FROM pg_stats").fetchall())
    if shutil.which("pg_dump"):
        said += subprocess.run(["pg_dump", address], check=True, capture_output=True, text=True).stdout
    return said


def _copy_database(desk: Desk, target: Path) -> None:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(desk.directory / "frontdesk.db")) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _temporary(place: Workplace) -> Path:
    folder = place.folder("trial") / "erase-tmp"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "gradio").mkdir(parents=True)
    return folder
