"""Plays many customers at once, in a process of its own: how long does each wait for a reply?

Run as ``python -m tests.benchmarks.asking_customers OPTIONS-AS-JSON``; prints one JSON object. Knows no server process.
"""

import asyncio
import json
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from tests.benchmarks.workplace import say

QUESTIONS = (
    "Where is my order?",
    "How do I return something?",
    "How much does delivery cost?",
    "Which boot size do I need?",
    "How do I wash a waterproof jacket?",
    "When is the store in Keswick open?",
)
_OPENING_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Load:
    """What to play.

    Attributes:
        door: ``api`` or ``gradio``.
        every_s: each customer sends a message so often.
        warm_s: not counted; ``count_s`` follows it.
        patience_s: a reply that takes longer is an error.
    """

    url: str
    door: str
    customers: int
    every_s: float
    warm_s: float
    count_s: float
    patience_s: float = 30.0


@dataclass
class Waits:
    """What the customers saw in the counted time.

    Attributes:
        reply_ms: from sending a message to having its reply.
        refused: answers 429 and 503 that name a Retry-After, by status.
        errors: everything else that went wrong, by kind.
    """

    reply_ms: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def note_answer(self, answer: httpx.Response) -> bool:
        """Counts an answer that is no success; whether it is one."""
        if answer.is_success:
            return True
        polite = answer.status_code in {429, 503} and "retry-after" in answer.headers
        (self.refused if polite else self.errors)[str(answer.status_code)] += 1
        return False


class Customer(Protocol):
    """One customer at a door."""

    async def begin(self) -> None:
        """Opens the conversation and the stream."""

    async def ask(self, text: str) -> httpx.Response:
        """Sends a message; `replied` is set when its reply is there."""

    async def end(self) -> None:
        """Leaves."""

    @property
    def replied(self) -> asyncio.Event:
        """Whether the reply to the last message is there."""


async def play(load: Load, waits: Waits) -> None:
    """Opens all customers, lets each ask at moments of its own, and fills in what they saw."""
    from tests.benchmarks.doors import ApiCustomer, GradioCustomer

    kind = ApiCustomer if load.door == "api" else GradioCustomer
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=load.url, timeout=load.patience_s, limits=limits) as client:
        customers: list[Customer] = [kind(client) for _ in range(load.customers)]
        opening = asyncio.Semaphore(_OPENING_AT_ONCE)
        await asyncio.gather(*(_open(customer, opening) for customer in customers))
        say(f"  {load.customers} customers are there")
        start = time.monotonic()
        await asyncio.gather(*(_ask_on(customer, load, waits, start) for customer in customers))
        await asyncio.gather(*(customer.end() for customer in customers))


async def _open(customer: Customer, opening: asyncio.Semaphore) -> None:
    async with opening:
        await customer.begin()


async def _ask_on(customer: Customer, load: Load, waits: Waits, start: float) -> None:
    counted, end = start + load.warm_s, start + load.warm_s + load.count_s
    moment = start + random.uniform(0, load.every_s)
    unheeded = Waits()
    while moment < end:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        began = max(moment, time.monotonic() - 0.05)  # this process's own tardiness is not the server's
        await _ask_once(customer, load.patience_s, waits if began >= counted else unheeded)
        moment = max(moment + load.every_s, time.monotonic())


async def _ask_once(customer: Customer, patience_s: float, waits: Waits) -> None:
    customer.replied.clear()
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience_s):
            if waits.note_answer(await customer.ask(secrets.choice(QUESTIONS))):
                await customer.replied.wait()
                waits.reply_ms.append((time.monotonic() - began) * 1000)
    except TimeoutError:
        waits.errors["no reply in time"] += 1
    except httpx.HTTPError as error:
        waits.errors[type(error).__name__] += 1


async def sse(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Events of a stream: name and data."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield fields.get("event", ""), json.loads(fields["data"])
            fields = {}


def main() -> None:
    """Plays what the argument says and prints what was seen."""
    waits = Waits()
    asyncio.run(play(Load(**json.loads(sys.argv[1])), waits))
    # Not asdict: it makes a Counter anew from its pairs, and then counts those.
    counts = {"refused": dict(waits.refused), "errors": dict(waits.errors)}
    json.dump({"reply_ms": waits.reply_ms, **counts}, sys.stdout)


if __name__ == "__main__":
    main()
