"""Search over a million made-up messages on both databases, kind by kind. Knows how it is called, no index.

What is timed is the whole first page that staff get: hits, filter, count, ranking and the summaries of 50
conversations. The baseline is the plain statement: messages from the newest on whose tokens are LIKE the words and
whose conversation meets the filter, up to the cap; without ranking, count or summaries.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.storage.transcript_records import CAP, TranscriptFilter
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.search_log import (
    FIRST,
    INTENTS,
    RARE_LABEL,
    VOCABULARY,
    GeneratedLog,
    generate,
    intent,
    load_postgresql,
    load_sqlite,
    word,
)
from tests.benchmarks.timing import percentile
from tests.benchmarks.workplace import Workplace

Metrics = dict[str, float]
Kinds = Mapping[str, Sequence[TranscriptFilter]]

MESSAGES, QUERIES, PLAIN_QUERIES = 1_000_000, 100, 5
REQUIRED = ("rare_word", "commonest_word", "two_words", "label", "time_range", "intent")
"""The kinds that the bound is for; the worst p95 of them is the figure of a database."""


@dataclass(frozen=True)
class Loaded:
    """A filled database.

    Attributes:
        plain: runs the plain statement with a pattern for each word, and gives how many hits there are.
        migration_s: how long migration 0003 took with all messages in place.
    """

    url: str
    plain: Callable[[TranscriptFilter], int]
    migration_s: float


def measure_sqlite(place: Workplace) -> Metrics:
    """SQLite, in a file of the workplace that is removed afterwards."""
    log = generate(_messages(place))
    file = place.folder("search") / "desk.db"
    _remove(file)
    try:
        place.say(f"loading {log.messages} messages into {file}")
        upgrade(f"sqlite:///{file}", "0002")
        load_sqlite(str(file), log)
        with closing(sqlite3.connect(file)) as connection:

            def plain(wanted: TranscriptFilter) -> int:
                statement, values = _plain(wanted, "?")
                return len(connection.execute(statement, [_sqlite_value(value) for value in values]).fetchall())

            loaded = Loaded(f"sqlite:///{file}", plain, _migrated(f"sqlite:///{file}"))
            return _measure(place, "sqlite", loaded, log)
    finally:
        _remove(file)


def measure_postgresql(place: Workplace) -> Metrics:
    """PostgreSQL, in a database of its own on the server of FRONTDESK_TEST_POSTGRESQL, dropped afterwards."""
    log = generate(_messages(place))
    with _new_database() as url:
        place.say(f"loading {log.messages} messages into PostgreSQL")
        upgrade(url, "0002")
        load_postgresql(url, log)
        seconds = _migrated(url)
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute("VACUUM ANALYZE")  # as autovacuum does on a server that has been up for a while

            def plain(wanted: TranscriptFilter) -> int:
                statement, values = _plain(wanted, "%s")
                return len(connection.execute(statement.encode(), values).fetchall())

            return _measure(place, "postgresql", Loaded(url, plain, seconds), log)


def kinds_of(log: GeneratedLog, queries: int) -> Kinds:
    """Draw the filters of each kind, the same on every run."""
    random = np.random.default_rng(23)
    rare = [word(int(rank)) for rank in random.integers(VOCABULARY // 3, VOCABULARY, queries)]
    pairs = [(word(int(first)), word(int(second))) for first, second in random.integers(0, 1_000, (queries, 2))]
    hours = random.integers(0, int(log.starts_s[-1]) // 3600 - 6, queries)
    starts = [FIRST + timedelta(hours=int(hour)) for hour in hours]
    scarce = random.integers(INTENTS // 2, INTENTS, queries)
    often = random.integers(0, INTENTS // 8, queries)
    middle = random.integers(20, 400, queries)
    common = word(0)
    return {
        "rare_word": [TranscriptFilter(text=text) for text in rare],
        "commonest_word": [TranscriptFilter(text=common)] * queries,
        "two_words": [TranscriptFilter(text=f"{first} {second}") for first, second in pairs],
        "label": [TranscriptFilter(text=common, label=RARE_LABEL)] * queries,
        "time_range": [
            TranscriptFilter(text=common, from_utc=start, until_utc=start + timedelta(hours=6)) for start in starts
        ],
        "intent": [TranscriptFilter(text=common, intent=intent(int(rank))) for rank in scarce],
        "common_intent": [TranscriptFilter(text=common, intent=intent(int(rank))) for rank in often],
        "middling": [
            TranscriptFilter(text=word(int(rank)), intent=intent(int(other)))
            for rank, other in zip(middle, scarce, strict=True)
        ],
        "no_text": [TranscriptFilter(intent=intent(int(rank))) for rank in (*scarce[::2], *often[1::2])],
    }


def _measure(place: Workplace, name: str, loaded: Loaded, log: GeneratedLog) -> Metrics:
    metrics: Metrics = {f"{name}_search_messages": log.messages, f"{name}_search_migration_s": loaded.migration_s}
    kinds = kinds_of(log, 3 if place.smoke else QUERIES)
    with Store.open(loaded.url) as store:
        for kind, filters in kinds.items():
            store.transcripts.page(filters[0])  # a server has met a query of this kind before
            found = [_timed(store.transcripts.page, wanted) for wanted in filters]
            metrics[f"{name}_search_{kind}_p50_ms"] = percentile(found, 0.5)
            metrics[f"{name}_search_{kind}_p95_ms"] = percentile(found, 0.95)
            metrics[f"{name}_search_{kind}_n"] = len(found)
            if kind in REQUIRED:
                plain = [_timed(loaded.plain, wanted) for wanted in filters[: 1 if place.smoke else PLAIN_QUERIES]]
                metrics[f"baseline_{name}_search_{kind}_p50_ms"] = percentile(plain, 0.5)
                metrics[f"baseline_{name}_search_{kind}_p95_ms"] = percentile(plain, 0.95)
    for prefix in ("", "baseline_"):
        worst = max(metrics[f"{prefix}{name}_search_{kind}_p95_ms"] for kind in REQUIRED)
        metrics[f"{prefix}{name}_search_p95_ms"] = worst
    return metrics


def _timed(call: Callable[[TranscriptFilter], object], wanted: TranscriptFilter) -> float:
    started = time.perf_counter()
    call(wanted)
    return (time.perf_counter() - started) * 1000


def _plain(wanted: TranscriptFilter, mark: str) -> tuple[str, list[Any]]:
    """The statement that one would write first, for the kinds that the bound is for."""
    words = wanted.text.split()
    conditions = [f"' ' || m.search_tokens || ' ' LIKE {mark}" for _ in words]
    values: list[Any] = [f"% {spoken} %" for spoken in words]
    if wanted.label:
        conditions.append(
            f"EXISTS (SELECT 1 FROM labels l WHERE l.conversation_id = m.conversation_id AND l.label = {mark})"
        )
        values.append(wanted.label)
    if wanted.intent:
        conditions.append(
            "EXISTS (SELECT 1 FROM messages o JOIN decisions d ON d.message_id = o.id "
            f"WHERE o.conversation_id = m.conversation_id AND d.intent = {mark})"
        )
        values.append(wanted.intent)
    if wanted.from_utc and wanted.until_utc:
        conditions.append(
            "EXISTS (SELECT 1 FROM conversations c WHERE c.conversation_id = m.conversation_id "
            f"AND c.started_utc >= {mark} AND c.started_utc < {mark})"
        )
        values += [wanted.from_utc, wanted.until_utc]
    where = " AND ".join(conditions)
    return f"SELECT m.id, m.text FROM messages m WHERE {where} ORDER BY m.id DESC LIMIT {CAP + 1}", values


def _migrated(url: str) -> float:
    started = time.monotonic()
    upgrade(url, "0003")
    spent = time.monotonic() - started
    upgrade(url)
    return spent


def _messages(place: Workplace) -> int:
    return 20_000 if place.smoke else MESSAGES


def _sqlite_value(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if hasattr(value, "strftime") else value


def _remove(file: Path) -> None:
    for leftover in file.parent.glob(file.name + "*"):
        leftover.unlink()


@contextmanager
def _new_database() -> Iterator[str]:
    server_url = os.environ.get("FRONTDESK_TEST_POSTGRESQL")
    if not server_url:
        raise BenchmarkError("set FRONTDESK_TEST_POSTGRESQL to the URL of a server where a database may be made")
    name = f"frontdesk_bench_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server_url, autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield server_url.rsplit("/", 1)[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
