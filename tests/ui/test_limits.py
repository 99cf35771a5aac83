"""Rate limits: a flood is refused, others are unharmed, nobody hides behind headers."""

from typing import Any

import anyio
import pytest

from ui.errors import UiError
from ui.limits import RateLimit


def ask(limit: RateLimit, address: str, forwarded: str = "", method: str = "POST", token: str = "") -> tuple[int, str]:
    status, wait = 200, ""

    async def send(message: Any) -> None:
        nonlocal status, wait
        status = message.get("status", status)
        wait = dict(message.get("headers", [])).get(b"retry-after", wait.encode()).decode()

    headers = [(b"x-forwarded-for", forwarded.encode())]
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {"type": "http", "method": method, "client": (address, 1), "headers": headers}
    anyio.run(limit, scope, None, send)
    return status, wait


@pytest.fixture
def limit() -> RateLimit:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return None

    return RateLimit(app, visitor_rate="5/minute", address_rate="10/minute", storage="memory://")


def test_flood_of_an_address_is_refused_with_the_seconds_to_wait(limit: RateLimit) -> None:
    statuses = [ask(limit, "192.0.2.1")[0] for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert 1 <= int(ask(limit, "192.0.2.1")[1]) <= 60
    assert ask(limit, "192.0.2.2")[0] == 200
    assert ask(limit, "192.0.2.1", method="GET")[0] == 200


def test_flood_of_a_visitor_is_refused_and_others_of_the_address_are_unharmed(limit: RateLimit) -> None:
    statuses = [ask(limit, "192.0.2.1", token="flooder")[0] for _ in range(20)]
    assert statuses == [200] * 5 + [429] * 15
    assert [ask(limit, "192.0.2.1", token="other")[0] for _ in range(5)] == [200] * 5


def test_flood_cannot_hide_behind_headers_or_its_own_network(limit: RateLimit) -> None:
    for number in range(10):
        assert ask(limit, f"2001:db8::{number}", forwarded=f"198.51.100.{number}")[0] == 200
    assert ask(limit, "2001:db8::ff", forwarded="203.0.113.9")[0] == 429
    assert ask(limit, "2001:db8:0:1::1")[0] == 200


def test_limits_are_counted_here_while_redis_is_gone() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return None

    limit = RateLimit(app, visitor_rate="5/minute", address_rate="2/minute", storage="redis://127.0.0.1:1")
    assert [ask(limit, "192.0.2.1")[0] for _ in range(3)] == [200, 200, 429]


def test_rate_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(UiError, match="visitor_rate"):
        RateLimit(None, visitor_rate="often", address_rate="2/minute", storage="memory://")  # type: ignore[arg-type]
