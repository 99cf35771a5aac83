"""The watch from the log to the messages, with a webhook that is away at first."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.alert_settings import AlertSettings
from bot.alerts import AlertKind, DeliveryState
from bot.settings import Settings
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from bot.surge_watch import SurgeWatch, find
from bot.values import Action, Decision, Evidence, IntentScore, Reply, Understanding, Versions

NOW = datetime(2026, 11, 23, 15, 40, tzinfo=UTC)
SECRET = "a long webhook secret"
SPOKEN = "my own words that must stay here"


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    upgrade(f"sqlite:///{tmp_path / 'desk.db'}")
    with Store.open(f"sqlite:///{tmp_path / 'desk.db'}", clock=clock) as opened:
        yield opened


def say(store: Store, clock: Clock, at: datetime, intent: str, mood: str | None = None) -> None:
    clock.now = at
    conversation = store.conversations.start(channel="web", locale="en").conversation_id
    store.conversations.append_customer(conversation, SPOKEN, "m1")
    reply = Reply("Soon.", Decision(Action.ANSWER, "passage", 0.8), (), Versions("b", None, None), 9.0)
    evidence = Evidence(Understanding((IntentScore(intent, 0.9),), 0.1, mood, None), (), ())
    store.conversations.append_reply(conversation, reply, evidence, answers=1, burst=[1])
    clock.now = NOW


@pytest.fixture
def quiet_weeks(store: Store, clock: Clock) -> None:
    """Six turns a day of each of two topics for 20 days; one in six negative."""
    for day in range(1, 21):
        for turn in range(12):
            at = NOW - timedelta(days=day, hours=turn % 6, minutes=7 * turn)
            say(store, clock, at, ("refund", "late")[turn % 2], "anger" if turn % 6 == 0 else "neutral")


@pytest.mark.usefixtures("quiet_weeks")
def test_surge_of_minutes_is_found_raised_once_and_ended(store: Store, clock: Clock) -> None:
    watch = SurgeWatch(store, Settings(), clock)
    assert watch.look() == []
    for minute in range(20):
        say(store, clock, NOW - timedelta(minutes=minute + 1), "refund", "neutral")
    (found,) = watch.look()
    assert (found.kind, found.series, found.observed >= 20) == (AlertKind.INTENT, "refund", True)
    assert found.usual_most < 10
    assert found.picture.observed[-1] == 20
    assert found.picture.start_utc + timedelta(hours=72) == NOW.replace(minute=0) + timedelta(hours=1)
    watch.look()
    assert len(store.alerts.newest()) == 1
    clock.now = NOW + timedelta(hours=30)
    assert watch.look() == []
    (alert,) = store.alerts.newest()
    assert alert.ended_utc == clock.now


@pytest.mark.usefixtures("quiet_weeks")
def test_negative_mood_is_found_and_a_new_topic_is_not(store: Store, clock: Clock) -> None:
    for minute in range(24):
        say(store, clock, NOW - timedelta(minutes=minute + 1), f"new_{minute % 3}", ("negative", "anger")[minute % 2])
    assert {(one.kind, one.series) for one in find(store, Settings(), NOW)} == {(AlertKind.MOOD, "negative")}
    calm = Settings(alerts=AlertSettings(negative_moods=("sadness",)))
    assert find(store, calm, NOW) == []


def test_desk_without_a_week_of_history_raises_nothing(store: Store, clock: Clock) -> None:
    assert find(store, Settings(), NOW) == []
    for hour in range(60):
        say(store, clock, NOW - timedelta(hours=hour), "refund", "anger")
    assert find(store, Settings(), NOW) == []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.mark.usefixtures("quiet_weeks")
def test_message_waits_for_its_receiver_and_tells_no_customers_words(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    server: Any = HTTPServer(("127.0.0.1", 0), Receiver)
    server.got = []
    port = server.server_port
    server.server_close()
    alerts = AlertSettings(webhook_url=f"http://127.0.0.1:{port}/", webhook_secret=SECRET)
    watch = SurgeWatch(store, Settings(alerts=alerts), clock)
    for minute in range(20):
        say(store, clock, NOW - timedelta(minutes=minute + 1), "refund")
    watch.attend()
    ((waiting,),) = [alert.deliveries for alert in store.alerts.newest()]
    assert (waiting.state, waiting.attempts) == (DeliveryState.WAITING, 1)
    assert "was not delivered" in caplog.text
    server = HTTPServer(("127.0.0.1", port), Receiver)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    clock.now = NOW + timedelta(seconds=31)
    watch.attend()
    watch.attend()
    server.shutdown()
    thread.join()
    server.server_close()
    ((sent,),) = [alert.deliveries for alert in store.alerts.newest()]
    assert sent.state is DeliveryState.SENT
    assert [one["series"] for one in server.got] == ["refund"]
    assert SPOKEN not in json.dumps(server.got) + caplog.text


def test_switched_off_it_does_not_look(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.surge_watch.find", lambda *_: pytest.fail("it looked"))
    SurgeWatch(store, Settings(alerts=AlertSettings(enabled=False)), clock).attend()
