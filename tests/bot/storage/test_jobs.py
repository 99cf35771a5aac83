from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import JobLostError
from bot.storage.records import JobState
from bot.storage.store import Store


@pytest.fixture
def other(url: str, clock: Any) -> Iterator[Store]:
    """A second worker on the same database."""
    with Store.open(url, clock=clock) as opened:
        yield opened


def test_jobs_are_taken_in_order_and_once(store: Store, other: Store) -> None:
    first = store.jobs.enqueue("index", {"documents": ["a", "b"]})
    second = store.jobs.enqueue("improve")
    taken = store.jobs.take()
    assert taken is not None
    assert (taken.job_id, taken.kind, taken.payload, taken.attempts) == (first, "index", {"documents": ["a", "b"]}, 1)
    also = other.jobs.take()
    assert also is not None
    assert also.job_id == second
    assert store.jobs.take() is None


def test_progress_and_end_are_seen_by_others(store: Store, other: Store) -> None:
    done, failed = store.jobs.enqueue("index"), store.jobs.enqueue("index")
    store.jobs.take()
    store.jobs.progress(done, 3, 10)
    (seen,) = other.jobs.status(done)
    assert (seen.state, seen.done, seen.total, seen.finished_utc) == (JobState.RUNNING, 3, 10, None)
    store.jobs.finish(done)
    store.jobs.take()
    store.jobs.fail(failed, "the article cannot be read")
    newest, oldest = other.jobs.status()
    assert (newest.state, newest.reason) == (JobState.FAILED, "the article cannot be read")
    assert (oldest.state, oldest.reason) == (JobState.DONE, None)
    assert oldest.finished_utc is not None
    assert other.jobs.take() is None


def test_job_of_a_silent_worker_is_taken_again_and_lost_to_it(store: Store, other: Store, clock: Any) -> None:
    job_id = store.jobs.enqueue("index")
    store.jobs.take()
    clock.advance(seconds=61)
    taken = other.jobs.take()
    assert taken is not None
    assert (taken.job_id, taken.attempts) == (job_id, 2)
    for call in (
        lambda: store.jobs.progress(job_id, 1, 2),
        lambda: store.jobs.finish(job_id),
        lambda: store.jobs.fail(job_id, "late"),
    ):
        with pytest.raises(JobLostError):
            call()
    other.jobs.finish(job_id)
    assert store.jobs.status(job_id)[0].state is JobState.DONE


def test_progress_renews_the_lease(store: Store, other: Store, clock: Any) -> None:
    job_id = store.jobs.enqueue("index")
    store.jobs.take()
    for step in range(4):
        clock.advance(seconds=50)
        store.jobs.progress(job_id, step, 4)
        assert other.jobs.take() is None


def test_job_that_kills_its_workers_fails_in_the_end(store: Store, clock: Any) -> None:
    job_id = store.jobs.enqueue("index")
    for _ in range(3):
        assert store.jobs.take() is not None
        clock.advance(seconds=61)
    assert store.jobs.take() is None
    (job,) = store.jobs.status(job_id)
    assert job.state is JobState.FAILED
    assert "died 3 times" in (job.reason or "")


def test_status_of_an_unknown_job_is_empty(store: Store) -> None:
    assert store.jobs.status(99) == []
    with pytest.raises(JobLostError):
        store.jobs.finish(99)
