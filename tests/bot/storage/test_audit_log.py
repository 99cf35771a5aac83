"""The audit log, and the limit on failed log-ins that is counted from it."""

from datetime import timedelta
from typing import Any

from bot.storage.audit_log import LOGIN_FAILED
from bot.storage.store import Store


def fail(store: Store, times: int, address: str) -> None:
    for _ in range(times):
        store.audit.record("ana", LOGIN_FAILED, address=address)


def test_newest_comes_first_and_pages(store: Store) -> None:
    for number in range(5):
        store.audit.record("ana", "take_over", subject=f"c{number}", detail={"n": number})
    first = store.audit.newest(limit=3)
    assert [entry.subject for entry in first] == ["c4", "c3", "c2"]
    assert [entry.subject for entry in store.audit.newest(before=first[-1].entry_id)] == ["c1", "c0"]
    assert first[0].detail == {"n": 4}


def test_newest_filters_by_actor_and_action(store: Store) -> None:
    store.audit.record("ana", "close", subject="c1")
    store.audit.record("ben", "close", subject="c2")
    store.audit.record("ben", "note", subject="c3")
    assert [entry.subject for entry in store.audit.newest(actor="ben")] == ["c3", "c2"]
    assert [entry.subject for entry in store.audit.newest(actor="ben", action="close")] == ["c2"]


def test_the_fifth_failure_makes_its_address_wait(store: Store, clock: Any) -> None:
    fail(store, 4, "10.0.0.1")
    assert store.audit.login_wait("10.0.0.1") is None
    clock.advance(seconds=60)
    fail(store, 1, "10.0.0.1")
    assert store.audit.login_wait("10.0.0.1") == timedelta(minutes=4)
    assert store.audit.login_wait("10.0.0.2") is None
    clock.advance(minutes=4)
    assert store.audit.login_wait("10.0.0.1") is None


def test_the_limit_is_counted_across_processes(store: Store, url: str, clock: Any) -> None:
    with Store.open(url, clock=clock) as other:
        fail(store, 3, "10.0.0.1")
        fail(other, 2, "10.0.0.1")
        assert store.audit.login_wait("10.0.0.1") is not None
        assert other.audit.login_wait("10.0.0.1") is not None
