"""Following a job until what it made answers customers. Knows no pages' layout and does no work of its own."""

import time
from collections.abc import AsyncIterator
from functools import partial
from html import escape

import anyio
import anyio.to_thread

from bot.storage.records import Job, JobState
from ui.staff.services import StaffServices

_LOOK_S = 0.3
_NO_WORKER_S = 10.0
_PATIENCE_S = 90.0


async def going_live(services: StaffServices, kind: str) -> AsyncIterator[str]:
    """Start a job of a kind and give HTML that says how far it is, until it is live, failed, or takes too long."""
    started = time.monotonic()
    job_id = await anyio.to_thread.run_sync(services.store.jobs.enqueue, kind)
    while (waited := time.monotonic() - started) < _PATIENCE_S:
        (job,) = await anyio.to_thread.run_sync(partial(services.store.jobs.status, job_id))
        if job.state is JobState.FAILED:
            yield _bar(f"Not live: {job.reason}", job, "bad")
            return
        if job.state is JobState.DONE and await anyio.to_thread.run_sync(_serves, services):
            yield _bar(f"Live after {time.monotonic() - started:.1f} s.", job, "good")
            return
        yield _bar(_words(job, waited), job, "plain")
        await anyio.sleep(_LOOK_S)
    yield _bar("Saved. Making it live takes longer than usual and goes on by itself.", job, "warn")


def _serves(services: StaffServices) -> bool:
    """Whether this server answers with what the desk's pointer names."""
    return services.live.current().versions == services.desk.live()


def _words(job: Job, waited_s: float) -> str:
    if job.state is JobState.WAITING:
        hint = " No worker takes it: is `frontdesk worker` running?" if waited_s > _NO_WORKER_S else ""
        return f"Saved. Waiting for the worker.{hint}"
    if job.state is JobState.DONE:
        return "Built. The server is taking it up."
    return f"Building the index: {job.done} of {job.total}." if job.total else "Building the index."


def _bar(words: str, job: Job, kind: str) -> str:
    share = 100 if job.state is JobState.DONE else round(100 * job.done / job.total) if job.total else 5
    return (
        f'<div class="st-live st-{kind}" data-state="{job.state}" role="status"><p>{escape(words)}</p>'
        f'<div class="st-bar" role="progressbar" aria-label="Making it live" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share}"><i style="width: {share}%"></i></div></div>'
    )
