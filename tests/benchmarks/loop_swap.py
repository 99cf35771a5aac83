"""`scripts/bench loop --only swap`: two bundles swapped back and forth in a running server that customers talk to.

No request may fail, and each reply in the log must be of one published state: bundle, knowledge and replies together.
"""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.publishing import publish_bundle
from bot.rollback import roll_back
from bot.storage.store import Store
from bot.values import Versions
from bot.worker import Worker
from tests.benchmarks.delivery import served
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.load import Seen, play_customers
from tests.benchmarks.trial_desk import trial_desk
from tests.benchmarks.workplace import Workplace

CUSTOMERS, EVERY_S = 50, 4.0
_OPENING_S, _LOOK_S, _PATIENCE_S = 8.0, 0.02, 60.0


@dataclass
class Swaps:
    """What was made live.

    Attributes:
        published: every state that the pointer named.
        rollback_s: how long each rollback took, from the call until the pointer had moved.
        taken_up_s: from then until the server answered with it.
    """

    published: set[Versions] = field(default_factory=set)
    rollback_s: list[float] = field(default_factory=list)
    taken_up_s: list[float] = field(default_factory=list)


def measure(place: Workplace) -> dict[str, float]:
    """Load without a swap, then the same load with many."""
    swaps_wanted, seconds = (3, 15.0) if place.smoke else (10, 75.0)
    desk = trial_desk(place, "swap")
    second = _another(place, desk)
    swaps = Swaps({desk.live()})
    with served(place, desk) as server, open_store(desk, desk.settings()) as store:
        before = play_customers(place, server, "api", CUSTOMERS, count_s=seconds / 3, every_s=EVERY_S)
        began = datetime.now(UTC)
        with _playing(place, server, seconds) as playing:
            time.sleep(_OPENING_S)
            publish_bundle(desk, desk.settings(), store, second, lambda done, total: None)
            _taken_up(server, desk, swaps)
            while len(swaps.rollback_s) < swaps_wanted and not playing.done():
                _swap(server, desk, store, swaps)
            meanwhile = playing.result()
    with open_store(desk, desk.settings()) as store:
        made = [decision.versions for decision in store.conversations.decisions_since(began)]
    return _figures(place, swaps, made, before, meanwhile)


def _another(place: Workplace, desk: Desk) -> Path:
    """The live bundle under another version: to the desk a bundle of its own, with snapshots of its own."""
    folder = place.folder("loop") / "swap-second"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(desk.bundle_directory(desk.live().bundle), folder)
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**content, "version": f"{content['version']}-second"}), encoding="utf-8")
    return folder


def _swap(server: DeskProcess, desk: Desk, store: Store, swaps: Swaps) -> None:
    """To the other bundle; meanwhile an article changes, which the worker then indexes with that bundle."""
    number = len(swaps.rollback_s)
    (desk.directory / "knowledge" / "news.md").write_text(f"# News\n\nThis is news number {number}.\n")
    started = time.monotonic()
    roll_back(desk, store)
    swaps.rollback_s.append(time.monotonic() - started)
    _taken_up(server, desk, swaps)
    worker = Worker(desk, desk.settings(), store)
    while worker.run_once():
        swaps.published.add(desk.live())
    _taken_up(server, desk, swaps)


def _taken_up(server: DeskProcess, desk: Desk, swaps: Swaps) -> None:
    """Waits until the server answers with what the pointer names."""
    live = desk.live()
    swaps.published.add(live)
    started = time.monotonic()
    wanted = {"bundle": live.bundle, "knowledge": live.knowledge, "replies": live.replies}
    while time.monotonic() < started + _PATIENCE_S:
        if httpx2.get(f"{server.url}/readyz", timeout=30).json()["versions"] == wanted:
            swaps.taken_up_s.append(time.monotonic() - started)
            return
        time.sleep(_LOOK_S)
    raise BenchmarkError(f"the server did not take up {live}; see {server.log}")


@contextmanager
def _playing(place: Workplace, server: DeskProcess, seconds: float) -> Iterator["Future[Seen]"]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(play_customers, place, server, "api", CUSTOMERS, count_s=seconds, every_s=EVERY_S)


def _figures(place: Workplace, swaps: Swaps, made: list[Versions], before: Seen, meanwhile: Seen) -> dict[str, float]:
    mixed = [versions for versions in made if versions not in swaps.published]
    failed = meanwhile.errors + meanwhile.refused.total()
    bundles = {versions.bundle for versions in made}
    place.say(f"{len(made)} replies of {len(set(made))} states and {len(bundles)} bundles, {len(mixed)} of none")
    if len(bundles) < 2 or len(swaps.rollback_s) < 2:
        raise BenchmarkError("the load ended before the bundles had been swapped; the machine is too busy for this")
    return {
        "hot_swap_failed": float(failed + len(mixed)),
        "hot_swap_mixed_replies": float(len(mixed)),
        "hot_swap_replies": float(len(made)),
        "hot_swap_states": float(len(set(made))),
        "hot_swaps": float(len(swaps.rollback_s) + 1),
        "hot_swap_p95_ms": meanwhile.p95_ms,
        "hot_swap_p95_before_ms": before.p95_ms,
        "hot_swap_taken_up_s": max(swaps.taken_up_s),
        "rollback_s": max(swaps.rollback_s),
    }
