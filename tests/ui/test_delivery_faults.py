"""Kills, cut streams, an absent database and a failing disk on a real server process; `scripts/bench delivery` is long.

The clients retry until acknowledged, and everything is compared with the log afterwards.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.storage.migrate import upgrade
from tests.benchmarks.delivery_check import check_log
from tests.benchmarks.delivery_faults import database_away, drain, kill_again_and_again
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.disk_faults import fail_syncs, failing, fill_disk
from tests.benchmarks.retrying_customer import RetryingCustomer, open_client
from tests.benchmarks.trial_desk import SERVER_VARIABLE, postgresql_database, settings_text

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc and sets other's limits")
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
needs_postgresql = pytest.mark.skipif(not os.environ.get(SERVER_VARIABLE), reason=f"{SERVER_VARIABLE} is not set")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    with postgresql_database() as address:
        upgrade(address)
        yield address


def make_server(published_desk: Desk, folder: Path, database_url: str = "") -> DeskProcess:
    desk = Desk(Path(shutil.copytree(published_desk.directory, folder / "desk")))
    settings = desk.directory / "desk.toml"
    settings.write_text(settings.read_text() + settings_text(database_url))
    return DeskProcess(desk.directory, folder / "server.log")


@pytest.fixture
def server(published_desk: Desk, tmp_path: Path) -> Iterator[DeskProcess]:
    made = make_server(published_desk, tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The log of ``server``."""
    return f"sqlite:///{tmp_path / 'desk' / 'frontdesk.db'}"


def test_kill_9_under_load_loses_doubles_and_reorders_nothing_on_sqlite(server: DeskProcess, sqlite_url: str) -> None:
    verdict = asyncio.run(kill_again_and_again(server, sqlite_url, kills=3, customers=4, up_s=0.8))
    assert verdict.messages > 10
    assert verdict.faults == 0, verdict


@needs_postgresql
def test_postgresql_away_and_kill_9_under_load_lose_double_and_reorder_nothing(
    published_desk: Desk, tmp_path: Path, postgresql_url: str
) -> None:
    server = make_server(published_desk, tmp_path, postgresql_url)
    server.start()
    try:
        verdict, figures = asyncio.run(database_away(server, postgresql_url, away_s=1.5, customers=4))
        assert verdict.faults == 0, verdict
        assert figures["refusals"] > 3
        assert figures["slowest_s"] < 5
        assert figures["recovered_s"] < 5
        verdict = asyncio.run(kill_again_and_again(server, postgresql_url, kills=1, customers=4, up_s=0.8))
        assert verdict.faults == 0, verdict
    finally:
        server.close()


@needs_strace
def test_kill_9_before_the_commit_after_it_and_while_the_bot_answers(
    server: DeskProcess, sqlite_url: str, tmp_path: Path
) -> None:
    async def scenario() -> RetryingCustomer:
        async with open_client(server.url) as client:
            customer = RetryingCustomer(client, "customer0")
            await customer.begin()
            before = "pwrite64:signal=KILL:when=1"  # the first write of the transaction's pages
            after = "sendto,sendmsg,write:signal=KILL:when=2"  # the first is the loop's wake-up, then goes the answer
            for number, rule in enumerate((before, after), start=1):
                with failing(server.process_id, rule, tmp_path / "calls.log"):
                    assert not await customer.try_post(number), rule
                    server.wait_dead()
                server.start()
                kept = [one for one in await customer.messages() if one["text"] == customer.text(number)]
                assert len(kept) == (0 if rule == before else 1), rule
                await customer.post(number)
            await customer.post(3)
            server.kill()  # within the burst's pause: the bot owes what is durable
            server.start()
            await wait_settled(customer)
        return customer

    customer = asyncio.run(scenario())
    verdict = check_log(sqlite_url, [customer])
    assert (verdict.messages, verdict.faults) == (3, 0), verdict


def test_full_disk_refuses_posts_and_keeps_reads_and_sigterm_ends_the_streams(
    server: DeskProcess, sqlite_url: str, tmp_path: Path
) -> None:
    customer, figures = asyncio.run(fill_disk(server, tmp_path / "desk" / "frontdesk.db"))
    assert (figures["read"], figures["refused_again"]) == (1, 1)
    assert figures["refused"] >= 2
    assert figures["recovered_s"] < 5
    assert asyncio.run(drain(server, 20)) < 10
    verdict = check_log(sqlite_url, [customer])
    assert verdict.faults == 0, verdict


@needs_strace
def test_message_whose_sync_failed_is_never_acknowledged_by_the_server(
    server: DeskProcess, sqlite_url: str, tmp_path: Path
) -> None:
    customer, counts = asyncio.run(fail_syncs(server, tmp_path / "calls.log", range(1, 4)))
    server.kill()
    assert counts == {"failed": 3, "checkpoint": 0, "refused": 3, "acknowledged": 0}
    verdict = check_log(sqlite_url, [customer])
    assert verdict.faults == 0, verdict


async def wait_settled(customer: RetryingCustomer) -> None:
    async with asyncio.timeout(30):
        while not await customer.is_settled(streamed=False):
            await asyncio.sleep(0.1)
