"""Faults that a served desk must survive, each as one function that gives counts. Knows no result file.

The tests run them small, `scripts/bench delivery` long. All customers keep retrying, as real clients do.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from tests.benchmarks.delivery_check import Verdict, check_log
from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.retrying_customer import RetryingCustomer, open_client
from tests.benchmarks.trial_desk import refusing_connections
from tests.benchmarks.workplace import say

_SETTLE_S = 60.0
_PAUSES_S = (0.0, 0.05, 0.3, 0.6)
"""Between a customer's messages: some make bursts, some wait for the answer."""


@asynccontextmanager
async def busy(server: DeskProcess, database_url: str, count: int, verdict: list[Verdict]) -> AsyncIterator[None]:
    """Keeps customers posting and listening while the block runs; then lets them finish, and judges.

    Args:
        server: runs; the block may kill it, and leaves it running.
        database_url: its log.
        count: customers.
        verdict: gets the verdict.
    """
    async with open_client(server.url) as client:
        customers = [RetryingCustomer(client, f"customer{number}") for number in range(count)]
        await asyncio.gather(*(customer.begin() for customer in customers))
        stop = asyncio.Event()
        talking = [asyncio.create_task(_talk(customer, stop)) for customer in customers]
        listening = [asyncio.create_task(customer.listen()) for customer in customers]
        try:
            yield
            stop.set()
            await asyncio.gather(*talking)
            await _settle(customers)
        finally:
            for task in (*talking, *listening):
                task.cancel()
            await asyncio.gather(*talking, *listening, return_exceptions=True)
    for wrong in [line for customer in customers for line in customer.wrong][:5]:
        say(f"unexplained answer: {wrong}")
    verdict.append(await asyncio.to_thread(check_log, database_url, customers))


async def kill_again_and_again(
    server: DeskProcess, database_url: str, *, kills: int, customers: int, up_s: float
) -> Verdict:
    """Kill -9 at random moments under load, each followed by a start.

    Args:
        server: runs, and does so at the end.
        up_s: the longest that it may run until the next kill.
    """
    verdict: list[Verdict] = []
    moments = random.Random(kills)
    async with busy(server, database_url, customers, verdict):
        for number in range(1, kills + 1):
            await asyncio.sleep(moments.uniform(0, up_s))
            await asyncio.to_thread(server.kill)
            ready_s = await asyncio.to_thread(server.start)
            if number % 5 == 0 or number == kills:
                say(f"{number} of {kills} kills; the last start took {ready_s:.1f} s")
        await asyncio.sleep(up_s)
    return verdict[0]


async def drain(server: DeskProcess, streams: int) -> float:
    """SIGTERM with open streams; the server is gone afterwards.

    Returns:
        Seconds until the process was gone and every stream had ended.

    Raises:
        BenchmarkError: a stream did not open, or was cut instead of ended.
    """
    async with open_client(server.url) as client:
        customers = [RetryingCustomer(client, f"reader{number}") for number in range(streams)]
        await asyncio.gather(*(customer.begin() for customer in customers))
        opened = [asyncio.Event() for _ in customers]
        reading = [asyncio.create_task(_read(*pair)) for pair in zip(customers, opened, strict=True)]
        try:
            await asyncio.wait_for(asyncio.gather(*(event.wait() for event in opened)), _SETTLE_S)
        except TimeoutError:
            raise BenchmarkError(f"only {sum(event.is_set() for event in opened)} streams opened") from None
        started = time.monotonic()
        _, *ends = await asyncio.gather(asyncio.to_thread(server.stop), *reading, return_exceptions=True)
        seconds = time.monotonic() - started
    cut = [end for end in ends if isinstance(end, BaseException)]
    if cut:
        raise BenchmarkError(f"{len(cut)} of {streams} streams were cut: {cut[0]!r}")
    return seconds


async def database_away(
    server: DeskProcess, database_url: str, *, away_s: float, customers: int
) -> tuple[Verdict, dict[str, float]]:
    """PostgreSQL gone under load for some seconds.

    Returns:
        The verdict, and: answers 503 with Retry-After in between, the slowest of them, seconds until a post passed.
    """
    verdict: list[Verdict] = []
    async with busy(server, database_url, customers, verdict), open_client(server.url) as client:
        probe = RetryingCustomer(client, "probe")
        await probe.begin()
        await asyncio.sleep(1)
        number, slowest, until = 1, 0.0, time.monotonic() + away_s
        with refusing_connections(database_url):
            while time.monotonic() < until:
                began = time.monotonic()
                if await probe.try_post(number):
                    number += 1
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.1)
            page = (await client.get("/healthz")).status_code
        back = time.monotonic()
        await probe.post(number)
        recovered_s = time.monotonic() - back
    if probe.wrong or page != httpx.codes.OK:
        raise BenchmarkError(f"while the database was away: {probe.wrong[:1]}, /healthz {page}")
    figures = {"refusals": float(probe.refusals), "slowest_s": slowest, "recovered_s": recovered_s}
    return verdict[0], figures


async def _talk(customer: RetryingCustomer, stop: asyncio.Event) -> None:
    pauses = random.Random(customer.name)
    number = 0
    while not stop.is_set():
        number += 1
        await customer.post(number)
        await asyncio.sleep(pauses.choice(_PAUSES_S))


async def _settle(customers: Sequence[RetryingCustomer]) -> None:
    end = time.monotonic() + _SETTLE_S
    for customer in customers:
        while not await customer.is_settled():
            if time.monotonic() > end:
                say(f"{customer.name} is not settled after {_SETTLE_S:.0f} s")
                return
            await asyncio.sleep(0.2)


async def _read(customer: RetryingCustomer, opened: asyncio.Event) -> None:
    async for _ in customer.events():
        opened.set()
