"""The console page's head: its own title and icon, and nothing of Gradio's advertising. Knows no events."""

from dataclasses import dataclass
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.front_page import ADVERTISING, ICON


@dataclass(frozen=True, slots=True)
class ConsoleHead:
    """Brands the page at ``path`` and keeps it out of every cache."""

    app: ASGIApp
    path: str
    title: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; change the answer where it is the page."""
        if scope["type"] != "http" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        started: list[Message] = []
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._send(started[0], b"".join(parts), send)

        await self.app({**scope, "headers": plain}, receive, collect)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        head = f'<title>Staff · {escape(self.title)}</title><link rel="icon" href="{ICON}">'.encode()
        page = ADVERTISING.sub(b"", body).replace(b"</head>", head + b"</head>", 1)
        answer = {**start, "headers": list(start["headers"])}
        headers = MutableHeaders(scope=answer)
        headers["Content-Length"] = str(len(page))
        headers["Cache-Control"] = "no-store"
        await send(answer)
        await send({"type": "http.response.body", "body": page})
