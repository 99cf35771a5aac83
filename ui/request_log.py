"""One record a request: its id, a line in the log, and figures for whoever watches. Knows no conversations.

Logged are method, route template, status and time; never query strings, tokens, cookies or the ids inside a path.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.logs import request_id

UNROUTED = "(none)"
"""The route of a request that no route took: an unknown path, or one refused before."""
_NOTE = "frontdesk.request"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOG = logging.getLogger("frontdesk.access")


@dataclass(slots=True)
class RequestNote:
    """What is known of a request so far.

    Attributes:
        route: template of its path, such as ``/conversations/{conversation_id}``.
        status: 0 until the answer begins.
        seconds: until the answer began; a stream goes on after that.
        streams: whether the answer is a stream of events.
    """

    method: str
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    route: str = UNROUTED
    status: int = 0
    seconds: float = 0.0
    streams: bool = False


class RequestWatcher(Protocol):
    """Whoever counts requests; both calls must be quick."""

    def answered(self, note: RequestNote) -> None:
        """An answer began."""

    def finished(self, note: RequestNote) -> None:
        """A request whose answer began is over."""


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The outermost layer: gives each request its id, and writes it down when it is over."""

    app: ASGIApp
    watchers: Iterable[RequestWatcher] = ()
    clock: Callable[[], float] = time.perf_counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; see the class."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        note, began = RequestNote(method), self.clock()
        scope[_NOTE] = note
        token = request_id.set(note.request_id)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                note.status, note.seconds = message["status"], self.clock() - began
                note.streams = headers.get("content-type", "").startswith("text/event-stream")
                headers["X-Request-ID"] = note.request_id
                for watcher in self.watchers:
                    watcher.answered(note)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self._finish(note, self.clock() - began)
            with suppress(ValueError):  # the server may end a request from another context
                request_id.reset(token)

    def _finish(self, note: RequestNote, seconds: float) -> None:
        if note.status:
            for watcher in self.watchers:
                watcher.finished(note)
        level = logging.DEBUG if note.route in _QUIET and note.status < 400 else logging.INFO
        ms = round(seconds * 1000, 1)
        fields = {"method": note.method, "route": note.route, "status": note.status, "ms": ms}
        _LOG.log(level, "%s %s %s %s ms", note.method, note.route, note.status or "unanswered", ms, extra=fields)


@dataclass(frozen=True, slots=True)
class RouteNote:
    """The innermost layer: notes which route took the request, once the router has said so."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; see the class."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_route(scope)
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            _note_route(scope)


def _note_route(scope: Scope) -> None:
    note = scope.get(_NOTE)
    path = getattr(scope.get("route"), "path", None)
    if isinstance(note, RequestNote) and isinstance(path, str):
        note.route = scope.get("root_path", "") + path
