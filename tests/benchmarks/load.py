"""`scripts/bench load`: many customers at once on a real server, until it breaks. Knows no faults."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx

from tests.benchmarks.asking_customers import Load
from tests.benchmarks.delivery import served
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.timing import percentile
from tests.benchmarks.trial_desk import trial_desk
from tests.benchmarks.workplace import ROOT, Workplace, say

Metrics = dict[str, float]

CUSTOMERS, EVERY_S, TARGET_MS = 200, 10.0, 500.0
_MOST = 6400


@dataclass(frozen=True, slots=True)
class Seen:
    """What the customers of one run saw.

    Attributes:
        p50_ms: from sending to having the reply; 0 where none came.
        refused: 429 and 503 with Retry-After.
        errors: all other failures, replies that did not come in 30 s among them.
    """

    replies: int
    p50_ms: float
    p95_ms: float
    refused: Counter[str]
    errors: int

    @property
    def holds(self) -> bool:
        """Whether everybody was answered in time."""
        return bool(self.replies) and self.p95_ms <= TARGET_MS and not self.errors and not self.refused


def measure_api(place: Workplace) -> Metrics:
    """200 customers through the web API."""
    with _desk(place, "load-api") as server:
        seen = play_customers(place, server, "api", CUSTOMERS, count_s=10 if place.smoke else 90)
    errors = seen.errors + seen.refused.total()
    return {
        "reply_p95_ms": seen.p95_ms,
        "errors": errors,
        "api_reply_p50_ms": seen.p50_ms,
        "api_reply_p95_ms": seen.p95_ms,
        "api_replies": seen.replies,
        "api_errors": errors,
    }


def measure_gradio(place: Workplace) -> Metrics:
    """200 customers through the Gradio page's own protocol, with the page's stream open as in a browser."""
    with _desk(place, "load-gradio") as server:
        seen = play_customers(place, server, "gradio", CUSTOMERS, count_s=10 if place.smoke else 90)
    return {
        "gradio_reply_p50_ms": seen.p50_ms,
        "gradio_reply_p95_ms": seen.p95_ms,
        "gradio_replies": seen.replies,
        "gradio_errors": seen.errors + seen.refused.total(),
    }


def measure_breaking(place: Workplace) -> Metrics:
    """Twice as many customers each time through the API, until somebody waits too long or is refused."""
    with _desk(place, "load-breaking") as server:
        customers = CUSTOMERS
        while customers < _MOST:
            customers *= 2
            seen = play_customers(place, server, "api", customers, count_s=5 if place.smoke else 30)
            if not seen.holds:
                break
    return {
        "breaking_customers": customers if not seen.holds else customers * 2,
        "breaking_reply_p50_ms": seen.p50_ms,
        "breaking_reply_p95_ms": seen.p95_ms,
        "breaking_replies": seen.replies,
        "breaking_refused_429": seen.refused["429"],
        "breaking_refused_503": seen.refused["503"],
        "breaking_errors": seen.errors,
    }


def measure_flood(place: Workplace) -> Metrics:
    """5,000 messages at the same moment: accepted or politely refused, and the server stays alive."""
    with _desk(place, "load-flood") as server:
        counts = asyncio.run(_flood(server.url, 500 if place.smoke else 5000))
        memory = server.memory_mb("VmHWM")
    place.say(f"flood: {dict(counts)}, at most {memory:.0f} MB")
    polite = ("accepted", "429", "503")
    return {
        **{f"flood_{name}": float(counts[name]) for name in polite},
        "flood_other": float(counts.total() - sum(counts[name] for name in polite)),
        "flood_peak_mb": memory,
    }


@contextmanager
def _desk(place: Workplace, name: str) -> Iterator[DeskProcess]:
    with served(place, trial_desk(place, name)) as server:
        yield server


def play_customers(
    place: Workplace, server: DeskProcess, door: str, customers: int, count_s: float, every_s: float = EVERY_S
) -> Seen:
    """Lets customers ask in a process of its own.

    Args:
        door: ``api`` or ``gradio``.
        count_s: how long their waits are counted, after some seconds that are not.
        every_s: each sends a message so often.

    Raises:
        BenchmarkError: that process failed.
    """
    warm_s = 3.0 if place.smoke else 12.0
    load = Load(server.url, door, customers, every_s, warm_s, count_s)
    place.say(f"{customers} customers at the {door} door for {warm_s + count_s:.0f} s")
    busy = server.processor_s()
    command = [sys.executable, "-m", "tests.benchmarks.asking_customers", json.dumps(asdict(load))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BenchmarkError("the customers' process failed; see what it said above")
    said = json.loads(done.stdout)
    times = said["reply_ms"]
    middle, late = (percentile(times, 0.5), percentile(times, 0.95)) if times else (0.0, 0.0)
    seen = Seen(len(times), middle, late, Counter(said["refused"]), sum(said["errors"].values()))
    place.say(
        f"  {seen.replies} replies, p50 {middle:.0f} ms, p95 {late:.0f} ms, refused {dict(seen.refused)}, "
        f"errors {said['errors']}, server's processor {server.processor_s() - busy:.0f} s, {server.memory_mb():.0f} MB"
    )
    return seen


async def _flood(url: str, requests: int) -> Counter[str]:
    """Each request on a connection of its own, all at once; a conversation takes 50 of them."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        paths = []
        for _ in range(requests // 50):
            started = (await client.post("/api/v1/conversations", json={})).raise_for_status().json()
            headers = {"Authorization": f"Bearer {started['token']}"}
            paths.append((f"/api/v1/conversations/{started['conversation_id']}/messages", headers))
        began = time.monotonic()
        outcomes = await asyncio.gather(*(_one(client, *paths[n % len(paths)], n) for n in range(requests)))
        say(f"{requests} requests at once: all answered after {time.monotonic() - began:.1f} s")
    return Counter(outcomes)


async def _one(client: httpx.AsyncClient, path: str, headers: dict[str, str], number: int) -> str:
    body = {"client_message_id": f"message-{number:05}", "text": "Where is my order?"}
    try:
        answer = await client.post(path, json=body, headers=headers)
    except httpx.HTTPError as error:
        return type(error).__name__
    if answer.is_success:
        return "accepted"
    return str(answer.status_code) if "retry-after" in answer.headers else f"{answer.status_code} without Retry-After"
