"""What stands before the mounted Gradio app: one small ASGI middleware a line of SECURITY.md's Gradio table.

Knows no conversations and no pages. Order, outermost first, is that of ``ui.app``.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import DatabaseUnavailableError
from ui.errors import report_failure
from ui.limits import SAFE_METHODS
from ui.request_body import BodyRefusedError, checked_json, read_body
from ui.visitors import bound_session, read_cookies, visitor_secret

MAX_BODY_BYTES = 64 * 1024
MAX_ARTICLE_BYTES = 1_000_000
_GRADIO_ROUTES = (
    ("GET", re.compile(r"/")),
    ("HEAD", re.compile(r"/")),
    ("GET", re.compile(r"/(assets|static)/[\w./@+-]+")),
    ("GET", re.compile(r"(/gradio_api)?/theme\.css")),
    ("GET", re.compile(r"/gradio_api/(startup-events|app_id)")),  # by app_id a page notices a restart
    ("GET", re.compile(r"/gradio_api/queue/data")),
    ("GET", re.compile(r"/gradio_api/heartbeat/[\w-]{1,100}")),
    ("POST", re.compile(r"/gradio_api/queue/join")),
    ("POST", re.compile(r"/gradio_api/cancel")),
)


@dataclass(frozen=True, slots=True)
class ErrorShield:
    """Answers an unexpected error with a reference instead of its text, and keeps the text out of the log too."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; see the class."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the outermost layer; nothing above can answer
            reference = report_failure(error)
            if scope["type"] != "http" or started:
                return
            if isinstance(error, DatabaseUnavailableError):  # it comes back, and the same request may then succeed
                refusal = _refuse(503, f"busy for a moment, reference {reference}", {"Retry-After": "5"})
            else:
                refusal = _refuse(500, f"internal error, reference {reference}")
            await refusal(scope, receive, send)


@dataclass(frozen=True, slots=True)
class OriginGuard:
    """Refuses changing requests that a foreign page makes in the visitor's browser (CSRF)."""

    app: ASGIApp
    allowed_origins: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, or answer 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._trusted(origin, headers.get("host", "")):
                await _refuse(403, "this page may not call the chat")(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _trusted(self, origin: str, host: str) -> bool:
        return origin in self.allowed_origins or (urlsplit(origin).netloc.lower() == host.lower() and host != "")


@dataclass(frozen=True, slots=True)
class BodyGuard:
    """Bodies of at most 64 KB; JSON that is sound, holds no file references, and has no text that breaks encoders.

    Attributes:
        forms: paths that take an HTML form instead.
        roomy: below this path articles are edited: there bodies may have 1 MB.
    """

    app: ASGIApp
    forms: frozenset[str] = frozenset()
    roomy: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request with its body read and checked, or answer 400, 413 or 422."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        try:
            roomy = self.roomy is not None and scope["path"].startswith(self.roomy)
            limit = MAX_ARTICLE_BYTES if roomy else MAX_BODY_BYTES
            body = await read_body(receive, Headers(scope=scope).get("content-length"), limit)
            if body and scope["path"] not in self.forms:
                checked_json(body)
        except BodyRefusedError as error:
            await _refuse(error.status, error.reason)(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


@dataclass(frozen=True, slots=True)
class GradioGate:
    """The only way into the mounted app: known routes, and streams that are bound to the visitor's cookie.

    Attributes:
        secret_of: what in the cookies binds the streams, or None.
        max_bytes: longest body of an event; `BodyGuard` says it too.
    """

    app: ASGIApp
    mount_path: str
    event_ids: frozenset[int]
    secret_of: Callable[[Mapping[str, str]], str | None] = visitor_secret
    max_bytes: int = MAX_BODY_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request under the bound stream name, or answer 403 or 404."""
        path: str = scope.get("path", "")
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http" or not path.startswith(self.mount_path + "/"):
            await self.app(scope, receive, send)
            return
        inner = path.removeprefix(self.mount_path)
        known = any(scope["method"] == method and route.fullmatch(inner) for method, route in _GRADIO_ROUTES)
        if not known or ".." in inner:
            await _refuse(404, "not found")(scope, receive, send)
            return
        if not inner.startswith(("/gradio_api/queue", "/gradio_api/heartbeat", "/gradio_api/cancel")):
            await self.app(scope, receive, send)
            return
        secret = self.secret_of(read_cookies(Headers(scope=scope).get("cookie", "")))
        if secret is None:
            await _refuse(403, "the page needs its cookie; load the page first")(scope, receive, send)
            return
        await self._bound(scope, receive, send, secret)

    async def _bound(self, scope: Scope, receive: Receive, send: Send, secret: str) -> None:
        scope = dict(scope)
        if scope["method"] == "POST":
            body = await read_body(receive, None, self.max_bytes)
            document = checked_json(body) if body else None
            if not isinstance(document, dict) or not self._names_an_event(document):
                await _refuse(422, "session_hash or fn_index is missing or wrong")(scope, receive, send)
                return
            body = json.dumps({**document, "session_hash": bound_session(secret, document["session_hash"])}).encode()
            kept = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
            scope["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
            receive = _replay(body, receive)
        elif "/heartbeat/" in scope["path"]:
            front, _, session = scope["path"].rpartition("/")
            scope["path"] = f"{front}/{bound_session(secret, session)}"
            scope["raw_path"] = scope["path"].encode()
        else:
            pairs = parse_qsl(scope["query_string"].decode("latin-1"))
            bound = [(key, bound_session(secret, value) if key == "session_hash" else value) for key, value in pairs]
            scope["query_string"] = urlencode(bound).encode()
        await self.app(scope, receive, send)

    def _names_an_event(self, document: dict[str, Any]) -> bool:
        number = document.get("fn_index")
        return isinstance(document.get("session_hash"), str) and type(number) is int and number in self.event_ids


def _refuse(status: int, reason: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": reason}, status_code=status, headers=headers)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the read body once, and then what the connection still says (its end)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
