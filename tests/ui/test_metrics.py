"""What Prometheus reads, and who may read it."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import httpx
import pytest

from bot.errors import DatabaseUnavailableError
from bot.storage.gauges import DeskGauges
from bot.storage.records import LoggedMessage
from bot.values import Action, Decision, Role
from ui.app import create_app
from ui.metrics import DeskView, Metrics


@dataclass
class FakeGauges:
    failure: Exception | None = None
    counted: DeskGauges = field(
        default_factory=lambda: DeskGauges({"queue": 3, "agent": 1}, {"waiting": 2, "failed": 0}, 42.0)
    )

    def read(self) -> DeskGauges:
        if self.failure:
            raise self.failure
        return self.counted


@pytest.fixture
def gauges() -> FakeGauges:
    return FakeGauges()


@pytest.fixture
def metrics(desk: Any, gauges: FakeGauges) -> Metrics:
    return Metrics(DeskView(gauges, lambda: desk.state, lambda: 7))


def get(app: Any, path: str = "/metrics", *, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(client, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as browser:
            return await browser.get(path, headers=sent)

    return anyio.run(ask)


def value_of(text: str, sample: str) -> float:
    return float(next(line for line in text.splitlines() if line.startswith(sample + " ")).rsplit(" ", 1)[1])


def test_metrics_tell_the_state_of_the_desk(desk: Any, metrics: Metrics) -> None:
    desk.state["degraded"] = "vectors of another bundle"
    text = get(create_app(desk.services(), metrics)).text
    assert value_of(text, "frontdesk_backlog") == 7
    assert value_of(text, 'frontdesk_conversations{owner="queue"}') == 3
    assert value_of(text, 'frontdesk_jobs{state="waiting"}') == 2
    assert value_of(text, "frontdesk_longest_wait_seconds") == 42
    assert value_of(text, "frontdesk_degraded") == value_of(text, "frontdesk_ready") == 1
    assert value_of(text, 'frontdesk_info{bundle="bundle-1",provider="CPUExecutionProvider"}') == 1


def test_metrics_count_turns_by_action_and_reason(metrics: Metrics, desk: Any) -> None:
    message = LoggedMessage(2, _said("Two days."), Decision(Action.ANSWER, "reply_confident", 0.9))
    metrics.turn_answered(message, 0.03)
    metrics.turn_answered(message, 0.3)
    metrics.turn_answered(replace(message, decision=None), 1.0)
    text = get(create_app(desk.services(), metrics)).text
    assert value_of(text, 'frontdesk_turns_total{action="answer",reason="reply_confident"}') == 2
    assert value_of(text, 'frontdesk_turn_seconds_bucket{le="0.05"}') == 1
    assert "Two days" not in text


def test_metrics_count_requests_by_route_and_not_by_path(desk: Any, metrics: Metrics) -> None:
    app = create_app(desk.services(), metrics)
    for number in range(20):
        get(app, f"/nowhere/{number}?x={number}")
    text = get(app).text
    assert value_of(text, 'frontdesk_http_requests_total{method="GET",route="(none)",status="404"}') == 20
    assert "nowhere" not in text
    assert 'frontdesk_http_seconds_count{route="(none)"} 20.0' in text


def test_metrics_count_streams_while_they_are_open(desk: Any, metrics: Metrics, serving_at: Any) -> None:
    def open_streams(address: str) -> float:
        return value_of(httpx.get(f"{address}/metrics").text, "frontdesk_open_streams")

    with serving_at(create_app(desk.services(), metrics)) as address, httpx.Client(base_url=address) as client:
        started = client.post("/api/v1/conversations", json={}).raise_for_status().json()
        headers = {"Authorization": f"Bearer {started['token']}"}
        with client.stream("GET", f"/api/v1/conversations/{started['conversation_id']}/stream", headers=headers):
            assert open_streams(address) == 1
        deadline = time.monotonic() + 10
        while open_streams(address) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert open_streams(address) == 0
        assert "conversations/{conversation_id}/stream" in httpx.get(f"{address}/metrics").text


def test_metrics_say_that_the_database_is_down(desk: Any, metrics: Metrics, gauges: FakeGauges) -> None:
    gauges.failure = DatabaseUnavailableError("gone")
    answer = get(create_app(desk.services(), metrics))
    assert answer.status_code == 200
    assert value_of(answer.text, "frontdesk_database_up") == 0
    assert "frontdesk_jobs" not in answer.text


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 401),
        ("192.0.2.7", {"X_Forwarded_For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 401),
        ("testclient", {}, 401),
    ],
)
def test_metrics_without_a_token_are_for_this_machine_alone(
    desk: Any, metrics: Metrics, client: str, headers: dict[str, str], status: int
) -> None:
    assert get(create_app(desk.services(), metrics), client=client, **headers).status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer s3cret", 200),
        ("Bearer S3cret", 401),
        ("s3cret", 401),
        ("Basic s3cret", 401),
        ("Bearer ", 401),
        ("", 401),
    ],
)
def test_metrics_with_a_token_are_for_whoever_has_it(desk: Any, metrics: Metrics, given: str, status: int) -> None:
    desk.settings = replace(desk.settings, metrics_token="s3cret")
    app = create_app(desk.services(), metrics)
    answer = get(app, client="192.0.2.7", Authorization=given)
    assert answer.status_code == status
    assert get(app).status_code == 401
    assert "s3cret" not in repr(desk.settings)


def _said(text: str) -> Any:
    from datetime import UTC, datetime

    from bot.values import Message

    return Message(Role.BOT, text, datetime.now(UTC))
