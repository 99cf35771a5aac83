"""`scripts/bench delivery`: kills, failing disks and absent databases on a real server under load. Knows no speed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.desk import Desk
from bot.storage.migrate import upgrade
from tests.benchmarks.delivery_check import check_log
from tests.benchmarks.delivery_faults import database_away, drain, kill_again_and_again
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.disk_faults import fail_syncs, fill_disk
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.trial_desk import postgresql_database, trial_desk
from tests.benchmarks.workplace import Workplace

Metrics = dict[str, float]


def measure_sqlite(place: Workplace) -> Metrics:
    """Kill -9 under load on SQLite."""
    desk = trial_desk(place, "delivery-sqlite")
    return _kills(place, desk, desk.database_url(desk.settings()), "sqlite")


def measure_postgresql(place: Workplace) -> Metrics:
    """The same on PostgreSQL."""
    with postgresql_database() as address:
        return _kills(place, trial_desk(place, "delivery-postgresql", address), address, "postgresql")


def measure_drain(place: Workplace) -> Metrics:
    """SIGTERM with 200 open streams."""
    streams = 20 if place.smoke else 200
    with served(place, trial_desk(place, "delivery-drain")) as server:
        return {f"drain_{streams}_streams_s": asyncio.run(drain(server, streams))}


def measure_restart(place: Workplace) -> Metrics:
    """PostgreSQL away under load for ten seconds: refused in between, recovered alone, nothing lost."""
    with postgresql_database() as address, served(place, trial_desk(place, "delivery-restart", address)) as server:
        away_s = 2 if place.smoke else 10
        verdict, figures = asyncio.run(database_away(server, address, away_s=away_s, customers=20))
    if not figures["refusals"]:
        raise BenchmarkError("no post was refused while PostgreSQL was away")
    return verdict.metrics("restart") | {f"restart_{name}": value for name, value in figures.items()}


def measure_disk(place: Workplace) -> Metrics:
    """A full disk: posts are refused with 503, reads work, and posts work again when there is room."""
    desk = trial_desk(place, "delivery-disk")
    address = desk.database_url(desk.settings())
    with served(place, desk) as server:
        customer, figures = asyncio.run(fill_disk(server, desk.directory / "frontdesk.db"))
        server.stop()
    if not figures["read"] or not figures["refused_again"]:
        raise BenchmarkError(f"on a full disk: {figures}")
    verdict = check_log(address, [customer])
    return verdict.metrics("disk_full") | {f"disk_full_{name}": value for name, value in figures.items()}


def measure_sync(place: Workplace) -> Metrics:
    """The n-th sync fails, for n = 1..50, while customers post: never acknowledged, and the retry makes one row."""
    desk = trial_desk(place, "delivery-sync")
    address = desk.database_url(desk.settings())
    faults = range(1, 4 if place.smoke else 51)
    with served(place, desk) as server:
        customer, counts = asyncio.run(fail_syncs(server, place.folder("trial") / "syncs.log", faults))
        server.kill()
    if (spoilt := counts["failed"] + counts["checkpoint"]) < len(faults):
        raise BenchmarkError(f"only {spoilt} of {len(faults)} syncs failed")
    verdict = check_log(address, [customer])
    return verdict.metrics("sync") | {f"sync_faults_{name}": float(value) for name, value in counts.items()}


@contextmanager
def served(place: Workplace, desk: Desk, wrapper: tuple[str, ...] = ()) -> Iterator[DeskProcess]:
    """A running server of a desk, whose log lies beside it."""
    server = DeskProcess(desk.directory, Path(f"{desk.directory}.log"), wrapper=wrapper)
    try:
        place.say(f"{desk.directory.name}: ready after {server.start():.1f} s")
        yield server
    finally:
        server.close()


def _kills(place: Workplace, desk: Desk, database_url: str, prefix: str) -> Metrics:
    kills = 3 if place.smoke else 50
    upgrade(database_url)
    with served(place, desk) as server:
        verdict = asyncio.run(kill_again_and_again(server, database_url, kills=kills, customers=20, up_s=1.5))
    return {f"{prefix}_kills": float(kills), **verdict.metrics(prefix)}
