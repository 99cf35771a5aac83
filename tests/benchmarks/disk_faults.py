"""Disks that fill up and syncs that fail, on a real server. Needs Linux; syncs need strace. Knows no result file."""

import asyncio
import contextlib
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.desk_process import DeskProcess
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.retrying_customer import RetryingCustomer, open_client

_PATIENCE_S = 20.0
_MOST_POSTS = 20_000


@contextlib.contextmanager
def failing(process_id: int, rule: str, log: Path) -> Iterator[None]:
    """Lets strace spoil system calls of a running process.

    Args:
        process_id: whose; all its threads.
        rule: as strace's ``inject`` takes it, such as ``fsync,fdatasync:error=EIO:when=3``.
        log: gets a line for each call of these kinds; made anew.

    Raises:
        BenchmarkError: strace is not there, or may not attach.
    """
    if not shutil.which("strace"):
        raise BenchmarkError("strace is not installed; apt-get install strace")
    calls = rule.partition(":")[0]
    rules = ["-e", f"trace={calls}", "-e", f"inject={rule}"]
    command = ["strace", "-f", "-y", "-p", str(process_id), *rules, "-o", str(log)]  # -y: the file of each call
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        try:
            if "attached" not in (said := tracer.stderr.readline()):
                raise BenchmarkError(f"strace cannot attach: {said.strip()}")
            time.sleep(0.1)  # the other threads come right behind
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=_PATIENCE_S)


async def fail_syncs(server: DeskProcess, log: Path, faults: range) -> tuple[RetryingCustomer, dict[str, int]]:
    """Makes the n-th sync of the server's life under strace fail, for each n; a person has the conversation, so that
    each sync belongs to a post.

    Returns:
        The customer, and counts: ``failed`` syncs, posts ``refused`` in a round with one, and rounds in which a sync
        failed while every post was ``acknowledged`` (must be 0). A sync of the database file itself is a
        ``checkpoint``: what it copies was synced in the log before, so that it may fail unseen.
    """
    counts = {"failed": 0, "checkpoint": 0, "refused": 0, "acknowledged": 0}
    async with open_client(server.url) as client:
        customer = RetryingCustomer(client, "customer0")
        await customer.begin()
        await customer.ask_person()
        number = 0
        for fault in faults:
            refused = customer.refusals
            with failing(server.process_id, f"fsync,fdatasync:error=EIO:when={fault}", log):
                for _ in range(fault + 1):
                    number += 1
                    await customer.post(number)
            spoilt = re.findall(r"^.*INJECTED.*$", log.read_text(), re.MULTILINE)
            commits = [call for call in spoilt if "-wal>" in call]
            counts["failed"] += len(commits)
            counts["checkpoint"] += len(spoilt) - len(commits)
            counts["refused"] += customer.refusals - refused
            counts["acknowledged"] += bool(commits) and customer.refusals == refused
    return customer, counts


async def fill_disk(server: DeskProcess, database: Path) -> tuple[RetryingCustomer, dict[str, float]]:
    """No file may grow beyond what the database has, as on a full disk; then there is room again.

    Returns:
        The customer, and: posts refused, whether reads worked in between (1 or 0), seconds until a post passed again.
    """
    async with open_client(server.url) as client:
        customer = RetryingCustomer(client, "customer0")
        await customer.begin()
        await customer.post(1)
        largest = max(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))
        before = resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        number = 2
        while await customer.try_post(number) and number < _MOST_POSTS:
            number += 1
        refused_again = not await customer.try_post(number)
        reads = len(await customer.messages()) >= number - 1
        resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, before)
        began = time.monotonic()
        await asyncio.wait_for(customer.post(number), _PATIENCE_S)
        recovered_s = time.monotonic() - began
        while not await customer.is_settled(streamed=False) and time.monotonic() < began + _PATIENCE_S:
            await asyncio.sleep(0.1)  # a reply that found the disk full is tried again when its lease is over
    figures = {
        "refused": float(customer.refusals),
        "refused_again": float(refused_again),
        "read": float(reads),
        "recovered_s": recovered_s,
    }
    return customer, figures
