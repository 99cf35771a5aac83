"""Alerts and the messages about them, on each database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.alerts import AlertEvent, AlertKind, Channel, DeliveryState, Finding, Picture
from bot.storage.alerts import MAX_TRIES
from bot.storage.store import Store
from tests.bot.storage.conftest import NOON

BOTH = (Channel.WEBHOOK, Channel.EMAIL)
PICTURE = Picture(NOON - timedelta(hours=2), (1, 9), (None, 1.5), (None, 6))


def finding(series: str = "refund", observed: int = 9) -> Finding:
    return Finding(AlertKind.INTENT, series, NOON - timedelta(hours=1), NOON, observed, 1.5, 6, PICTURE)


def test_a_surge_is_one_alert_until_it_ends_and_then_may_come_again(store: Store, clock: Any) -> None:
    raised, ended = store.alerts.update([finding(), finding("late")], ())
    assert (len(raised), ended) == (2, [])
    clock.advance(minutes=5)
    later = replace(finding(observed=20), from_utc=NOON, until_utc=clock())
    assert store.alerts.update([later], ()) == ([], [raised[1]])
    late, refund = store.alerts.newest()
    assert (late.finding.series, late.ended_utc) == ("late", clock())
    assert refund.finding == replace(later, from_utc=NOON - timedelta(hours=1))
    assert (refund.raised_utc, refund.ended_utc) == (NOON, None)
    assert store.alerts.update([], ()) == ([], [raised[0]])
    assert store.alerts.update([], ()) == ([], [])
    again, _ = store.alerts.update([finding()], ())
    assert again not in ([], raised)


def test_two_workers_raise_one_alert(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: store.alerts.update([finding()], BOTH), range(16)))
    assert sum(len(raised) for raised, _ in done) == 1
    (alert,) = store.alerts.newest()
    assert len(alert.deliveries) == 2


def test_alert_is_acknowledged_once_and_shown_until_then(store: Store, clock: Any) -> None:
    (first,), _ = store.alerts.update([finding()], ())
    store.alerts.update([], ())
    assert [alert.alert_id for alert in store.alerts.shown()] == [first]
    assert store.alerts.acknowledge(first, "ann")
    assert not store.alerts.acknowledge(first, "ben")
    assert not store.alerts.acknowledge(999, "ben")
    assert store.alerts.shown() == []
    assert store.alerts.newest()[0].acknowledged_by == "ann"
    store.alerts.update([finding(), finding("late")], ())
    store.alerts.update([finding()], ())
    clock.advance(days=8)
    assert [alert.finding.series for alert in store.alerts.shown()] == ["refund"]


def test_each_message_is_taken_by_one_worker_and_by_another_when_that_one_dies(store: Store, clock: Any) -> None:
    store.alerts.update([finding()], BOTH)
    with ThreadPoolExecutor(6) as pool:
        taken = [one for one in pool.map(lambda _: store.alerts.take_delivery(), range(6)) if one]
    assert {delivery.channel for delivery, _ in taken} == set(BOTH)
    assert len(taken) == 2
    store.alerts.delivered(taken[0][0].delivery_id)
    assert store.alerts.take_delivery() is None
    clock.advance(minutes=3)
    again = store.alerts.take_delivery()
    assert again is not None
    assert (again[0].delivery_id, again[0].attempts) == (taken[1][0].delivery_id, 2)


def test_failed_message_waits_longer_each_time_and_is_given_up(store: Store, clock: Any) -> None:
    store.alerts.update([finding()], [Channel.WEBHOOK])
    for attempt in range(1, MAX_TRIES + 1):
        taken = store.alerts.take_delivery()
        assert taken is not None
        assert store.alerts.not_delivered(taken[0], f"refused {attempt}") is (attempt < MAX_TRIES)
        clock.advance(seconds=30 * 4 ** (attempt - 1) - 1)
        assert store.alerts.take_delivery() is None
        clock.advance(seconds=1)
    (delivery,) = store.alerts.newest()[0].deliveries
    assert (delivery.state, delivery.attempts, delivery.reason) == (DeliveryState.FAILED, 6, "refused 6")
    store.alerts.update([], [Channel.WEBHOOK])
    ended = store.alerts.take_delivery()
    assert ended is not None
    assert ended[0].event is AlertEvent.ENDED
