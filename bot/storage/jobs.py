"""Background jobs: each is done by one worker, and by another when that one dies. Knows no kind of job."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.errors import JobLostError
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.records import Clock, Job, JobState
from bot.storage.tables import JobRow

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
REASON_DIED = f"its workers died {MAX_ATTEMPTS} times without a word: look at their logs, then start it again"


class Jobs:
    """The queue, seen by one worker: what it takes is its own until it finishes, fails, or falls silent for a lease."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._worker = secrets.token_hex(8)

    def enqueue(self, kind: str, payload: Mapping[str, Any] | None = None) -> int:
        """Add a job and give its id; it is durable when this returns. The payload holds JSON, no customer's text."""
        row = {
            "kind": storable_key(kind, "kind of job"),
            "payload": dict(payload or {}),
            "state": JobState.WAITING.value,
            "attempts": 0,
            "done": 0,
            "total": 0,
            "enqueued_utc": self._clock(),
        }
        return self._database.write(
            lambda session: session.execute(insert(JobRow).values(row).returning(JobRow.id)).scalar_one()
        )

    def take(self) -> Job | None:
        """Take the oldest job that waits, or whose worker fell silent; no two workers get the same.

        A job that was taken `MAX_ATTEMPTS` times in vain fails instead.
        """
        return self._database.write(self._take)

    def progress(self, job_id: int, done: int, total: int) -> None:
        """Say how far a job is, which also renews its lease; call it at least every 30 seconds.

        Raises:
            JobLostError: the job is another worker's now: stop.
        """
        self._change(job_id, done=done, total=total, lease_until_utc=self._clock() + LEASE)

    def finish(self, job_id: int) -> None:
        """Mark a job as done.

        Raises:
            JobLostError: the job is another worker's now.
        """
        self._change(job_id, state=JobState.DONE.value, finished_utc=self._clock())

    def fail(self, job_id: int, reason: str) -> None:
        """Mark a job as failed for good; the reason is one line for people, without a customer's text.

        Raises:
            JobLostError: the job is another worker's now.
        """
        self._change(job_id, state=JobState.FAILED.value, finished_utc=self._clock(), reason=reason)

    def status(self, job_id: int | None = None, *, limit: int = 50) -> list[Job]:
        """Give one job, or the newest ones first; empty where there is none."""
        statement = select(JobRow).order_by(JobRow.id.desc()).limit(limit)
        if job_id is not None:
            statement = statement.where(JobRow.id == job_id)
        return [_job(row) for row in self._database.read(lambda session: list(session.scalars(statement)))]

    def newest(self, kind: str) -> Job | None:
        """Give the job of a kind that was made last; None where there is none."""
        statement = select(JobRow).where(JobRow.kind == kind).order_by(JobRow.id.desc()).limit(1)
        found = self._database.read(lambda session: session.scalars(statement).one_or_none())
        return None if found is None else _job(found)

    def _take(self, session: Session) -> Job | None:
        now = self._clock()
        silent = and_(JobRow.state == JobState.RUNNING.value, JobRow.lease_until_utc < now)
        session.execute(
            update(JobRow)
            .where(silent, JobRow.attempts >= MAX_ATTEMPTS)
            .values(state=JobState.FAILED.value, finished_utc=now, reason=REASON_DIED)
        )
        # On SQLite the write lock is held from the transaction's first moment, so FOR UPDATE has nothing to add.
        oldest = (
            select(JobRow)
            .where(or_(JobRow.state == JobState.WAITING.value, silent))
            .order_by(JobRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = session.scalars(oldest).one_or_none()
        if row is None:
            return None
        row.state, row.taken_by, row.lease_until_utc = JobState.RUNNING.value, self._worker, now + LEASE
        row.attempts += 1
        return _job(row)

    def _change(self, job_id: int, **values: Any) -> None:  # Any: columns of several types
        mine = and_(JobRow.id == job_id, JobRow.taken_by == self._worker, JobRow.state == JobState.RUNNING.value)
        statement = update(JobRow).where(mine).values(**values).returning(JobRow.id)

        def work(session: Session) -> None:
            if session.execute(statement).first() is None:
                raise JobLostError(f"job {job_id} is not this worker's: stop working on it")

        self._database.write(work)


def _job(row: JobRow) -> Job:
    return Job(
        job_id=row.id,
        kind=row.kind,
        payload=row.payload,
        state=JobState(row.state),
        attempts=row.attempts,
        done=row.done,
        total=row.total,
        reason=row.reason,
        enqueued_utc=row.enqueued_utc,
        finished_utc=row.finished_utc,
    )
