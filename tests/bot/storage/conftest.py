"""A store on each database. PostgreSQL joins in when FRONTDESK_TEST_POSTGRESQL holds the URL of a server to use."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from bot.handoff import Move
from bot.improvement import Difference, DifferenceKind, Said
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.columns import Base
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.values import (
    Action,
    ApprovedReply,
    Decision,
    Evidence,
    IntentScore,
    PassageSource,
    RankedReply,
    Reply,
    ReplySource,
    Understanding,
    Versions,
)
from retrieval.values import Passage, RetrievedPassage

SERVER = os.environ.get("FRONTDESK_TEST_POSTGRESQL")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: float) -> None:
        self.now += timedelta(**units)


def postgresql_database() -> Iterator[str]:
    if not SERVER:
        pytest.skip("FRONTDESK_TEST_POSTGRESQL is not set")
    name = f"frontdesk_test_{secrets.token_hex(6)}"
    with closing(psycopg.connect(SERVER, autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: copying is faster than migrating for each test."""
    file = tmp_path_factory.mktemp("migrated") / "desk.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """A migrated database that tests empty after them: making one takes half a second."""
    for address in postgresql_database():
        upgrade(address)
        yield address


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """As ``url``, for what only concerns SQLite."""
    shutil.copy(migrated_sqlite, tmp_path / "desk.db")
    return f"sqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
def postgresql_url(migrated_postgresql: str) -> Iterator[str]:
    """As ``url``, for what only concerns PostgreSQL."""
    yield migrated_postgresql
    tables = ", ".join(Base.metadata.tables)
    with closing(psycopg.connect(migrated_postgresql.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database with the current schema."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(url: str, clock: FakeClock) -> Iterator[Store]:
    with Store.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def conversation_id(store: Store) -> str:
    return store.conversations.start(channel="web", locale="en").conversation_id


@pytest.fixture
def make_reply() -> Callable[..., Reply]:
    """Makes replies with every kind of source."""

    def make(text: str = "Two days.", action: Action = Action.ANSWER, confidence: float = 0.9) -> Reply:
        return Reply(
            text=text,
            decision=Decision(action, "reply_confident", confidence),
            sources=(
                ReplySource("r1", 2, {"order_id": "77"}),
                PassageSource("p1", "shipping", "Shipping > Times", "docs/shipping.md", ((0, 5), (7, 9))),
            ),
            versions=Versions("b1", "k1", None),
            latency_ms=12.5,
            options=("Where is it?", "Return it"),
        )

    return make


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    """Makes evidence with one passage and one reply."""

    def make(passage_text: str = "It takes two days.", score: float = 0.75) -> Evidence:
        approved = ApprovedReply("r1", 2, "Two days.", ("delivery",), "Ann", NOON)
        return Evidence(
            Understanding((IntentScore("delivery", 0.9), IntentScore("returns", 0.1)), 0.05, "neutral", None, None),
            (RetrievedPassage(Passage("p1", "shipping", "Shipping", passage_text, "docs/s.md", 3), score, 1),),
            (RankedReply(approved, score, 1),),
        )

    return make


@pytest.fixture
def leave_traces(store: Store, make_reply: Callable[..., Reply], make_evidence: Callable[..., Evidence]) -> object:
    """Has a customer leave a word in every place that there is; gives the conversation's id."""

    def leave(word: str, customer_id: str | None = None) -> str:
        said = Said("answer", "reply_confident", "delivery", 0.9, f"On its way, {word}.", ("r1",))
        here = store.conversations.start(
            channel="web", locale="en", customer_id=customer_id, customer_name=f"Ms {word}"
        ).conversation_id
        store.conversations.append_customer(here, f"I am {word}, where is my parcel?", f"id-{word}")
        store.conversations.append_reply(here, make_reply(f"Two days, {word}."), make_evidence(), answers=1)
        store.conversations.add_feedback(here, 2, helpful=False, comment=f"no, {word}")
        store.aftercare.keep_contact(here, f"{word}@example.com")
        store.aftercare.rate(here, 2, f"so says {word}")
        store.notes.add(here, f"{word} called twice", author="rae")
        store.notes.label(here, f"vip {word}", author="rae")
        correction = Opinion(Verdict.CORRECTED, "returns", f"Sorry, {word}, look here.", note=f"{word} is angry")
        save_opinion(store, here, 2, correction, reviewer="rae")
        store.golden.mark(here, 2, True, by="rae")
        run = store.runs.start(by="eve", parent_bundle="b1")
        store.replays.replace(run, [Difference(here, 2, DifferenceKind.OTHER_ANSWER, 0.5, said, said)])
        store.ownership.move(here, Move.CLOSE, by="customer")
        store.jobs.enqueue("export", {"conversation": here})
        return here

    return leave
