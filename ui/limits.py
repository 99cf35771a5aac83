"""How often one visitor and one address may change something; counted by the library ``limits``. Knows no routes.

Counts are in this process's memory, or in Redis where several processes serve.
"""

import hashlib
import ipaddress
import logging
import time
from collections.abc import Mapping

import anyio.to_thread
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.errors import UiError
from ui.visitors import conversation_key, read_cookies, visitor_secret

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_log = logging.getLogger(__name__)


def parse_rate(rate: str, setting: str) -> RateLimitItem:
    """Read a rate such as ``120/minute``.

    Raises:
        UiError: it is none.
    """
    try:
        return parse(rate)
    except ValueError as error:
        raise UiError(f"setting '{setting}': {rate!r} is no rate; write one such as 120/minute") from error


class RateLimit:
    """Answers 429 with Retry-After to whoever changes things too often.

    The address is the connection's own; ``X-Forwarded-For`` counts only where the server was told to trust a proxy.
    Paths that begin with ``free`` are not counted: they are behind a login, and a whole office has one address.
    """

    def __init__(self, app: ASGIApp, visitor_rate: str, address_rate: str, storage: str, free: str = "\0") -> None:
        self.app = app
        self._free = free
        self._rates = {
            "visitor": parse_rate(visitor_rate, "visitor_rate"),
            "address": parse_rate(address_rate, "address_rate"),
        }
        self._remote = not storage.startswith("memory")
        self._counter = MovingWindowRateLimiter(storage_from_string(storage))
        self._spare = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, or answer 429."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or scope.get("path", "").startswith(self._free):
            await self.app(scope, receive, send)
            return
        callers = _callers(scope)
        wait = await anyio.to_thread.run_sync(self._wait, callers) if self._remote else self._wait(callers)
        if wait is None:
            await self.app(scope, receive, send)
            return
        body = {"detail": "too many requests; wait a moment"}
        await JSONResponse(body, 429, headers={"Retry-After": str(wait)})(scope, receive, send)

    def _wait(self, callers: Mapping[str, str]) -> int | None:
        """Count the request; seconds to wait where it is one too many."""
        try:
            return self._count(self._counter, callers)
        except Exception as error:  # noqa: BLE001 - Redis and its network fail in many ways
            _log.warning("rate limits are counted in this process: their storage fails (%s)", type(error).__name__)
            return self._count(self._spare, callers)

    def _count(self, counter: MovingWindowRateLimiter, callers: Mapping[str, str]) -> int | None:
        for kind, caller in callers.items():
            if not counter.hit(self._rates[kind], kind, caller):
                return max(1, round(counter.get_window_stats(self._rates[kind], kind, caller).reset_time - time.time()))
        return None


def _callers(scope: Scope) -> dict[str, str]:
    """The address, and the visitor where one is known; their secrets are hashed before they become keys."""
    callers = {"address": network_of(scope)}
    headers = Headers(scope=scope)
    cookies = read_cookies(headers.get("cookie", ""))
    key = conversation_key(cookies)
    secret = headers.get("authorization") or (key.token if key else visitor_secret(cookies))
    if secret:
        callers = {"visitor": hashlib.sha256(secret.encode()).hexdigest()[:32], **callers}
    return callers


def network_of(scope: Scope) -> str:
    """The caller's address; of IPv6 the /64, which one customer has whole."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
