"""The answer that carries the page: the visitor's cookies, and a head without Gradio's advertising.

Knows no conversations; Gradio builds the page itself.
"""

import re
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.services import ChatSettings
from ui.texts import CHINESE, ENGLISH, choose_language
from ui.visitors import LANGUAGE_COOKIE, VISITOR_COOKIE, new_visitor_secret, read_cookies, set_cookie, visitor_secret

ADVERTISING = re.compile(rb"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>|<link rel=\"manifest\"[^>]*>")
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' "
    "rx='9' fill='%230f5c55'/%3E%3Cpath d='M9 10h14a3 3 0 013 3v4a3 3 0 01-3 3H13l-5 4v-4a3 3 0 01-2-3v-4a3 3 0 "
    "013-3z' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E"
)


class FrontPage:
    """Gives each browser that loads the page its secret, keeps the language of ``?lang=``, and brands the head."""

    def __init__(self, app: ASGIApp, path: str, settings: ChatSettings) -> None:
        self.app = app
        self.path = path
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; change the answer where it is the page."""
        if scope["type"] != "http" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        answer = _Answer(self._new_cookies(scope), self._head())
        await self.app({**scope, "headers": plain}, receive, answer.collector(send))

    def _new_cookies(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        cookies = read_cookies(Headers(scope=scope).get("cookie", ""))
        new = [self._cookie(VISITOR_COOKIE, visitor_secret(cookies) or new_visitor_secret())]
        wanted = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0][:20]
        if wanted.lower().replace("_", "-").split("-")[0] in {ENGLISH, CHINESE}:
            new.append(self._cookie(LANGUAGE_COOKIE, choose_language(wanted, "")))
        return new

    def _cookie(self, name: str, value: str) -> tuple[bytes, bytes]:
        return set_cookie(name, value, secure=self.settings.secure_cookies, cross_site=self.settings.cross_site_cookies)

    def _head(self) -> bytes:
        return f'<title>{escape(self.settings.title)}</title><link rel="icon" href="{ICON}">'.encode()


class _Answer:
    """The page's answer, held until it is whole."""

    def __init__(self, cookies: list[tuple[bytes, bytes]], head: bytes) -> None:
        self.cookies = cookies
        self.head = head
        self.start: Message = {}
        self.body = b""

    def collector(self, send: Send) -> Send:
        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.start = message
                return
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await send(self._finished_start())
                await send({"type": "http.response.body", "body": self.body})

        return collect

    def _finished_start(self) -> Message:
        self.body = ADVERTISING.sub(b"", self.body).replace(b"</head>", self.head + b"</head>", 1)
        start = {**self.start, "headers": [*self.start["headers"], *self.cookies]}
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(self.body))
        headers["Cache-Control"] = "no-store"
        return start
