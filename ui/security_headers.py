"""Headers that tell browsers what a page may do; of a page's inline scripts just those that it was served with run.

Knows no conversations; what a page contains it reads off the page itself.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_EMPTY_BASE = re.compile(rb"<base href=\"\./\"\s*/?>")
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
_TLS_ONLY = "max-age=31536000"


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """What one page may do.

    Attributes:
        frame_ancestors: sites that may frame it, as the header names them.
        images: where its pictures may lie.
        compiles: whether it may make functions out of text, which Gradio's HTML component does with its templates.
    """

    frame_ancestors: str = "'none'"
    images: str = "'self' data:"
    compiles: bool = False

    def header(self, body: bytes) -> str:
        """The Content-Security-Policy of the page as it is served."""
        scripts = ["'self'", *inline_hashes(body), *(["'unsafe-eval'"] if self.compiles else [])]
        return "; ".join(
            [
                "default-src 'none'",
                f"script-src {' '.join(scripts)}",
                "style-src 'self' 'unsafe-inline'",  # Gradio's components carry style attributes and make style sheets
                "connect-src 'self'",
                f"img-src {self.images}",
                "font-src 'self'",
                "frame-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                f"frame-ancestors {self.frame_ancestors}",
            ]
        )


PLAIN_PAGE = PagePolicy()


def inline_hashes(body: bytes) -> list[str]:
    """A page's inline scripts as sources of ``script-src``, in their order, each once."""
    scripts = [script for script in _INLINE_SCRIPT.findall(body.replace(b"\r\n", b"\n")) if script.strip()]
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in dict.fromkeys(scripts)]
    return [f"'sha256-{digest}'" for digest in digests]


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """Puts the headers on every answer; pages are held back until they are whole, streams are not.

    Attributes:
        pages: the policy of each path that serves a page; HTML of other paths gets the plain one.
        tls: whether browsers reach the desk by HTTPS alone, and shall remember it.
    """

    app: ASGIApp
    pages: Mapping[str, PagePolicy]
    tls: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; add headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = self.pages.get(scope["path"])
        if policy is not None:  # a compressed page could not be read here
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": plain}
        answer = _Answer(send, policy or PLAIN_PAGE, self.tls)
        await self.app(scope, receive, answer.take)


@dataclass(slots=True)
class _Answer:
    """One answer on its way out."""

    send: Send
    policy: PagePolicy
    tls: bool
    held: Message | None = None
    parts: list[bytes] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = self._add_common(message)
            if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
                self.held = message
                return
            headers.setdefault("Content-Security-Policy", _NO_PAGE)
            await self.send(message)
        elif self.held is None or message["type"] != "http.response.body":
            await self.send(message)
        else:
            self.parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._send_page(self.held)

    def _add_common(self, start: Message) -> MutableHeaders:
        start["headers"] = list(start["headers"])
        headers = MutableHeaders(raw=start["headers"])
        for name, value in _EVERYWHERE.items():
            headers[name] = value
        if self.tls:
            headers["Strict-Transport-Security"] = _TLS_ONLY
        return headers

    async def _send_page(self, start: Message) -> None:
        body = _EMPTY_BASE.sub(b"", b"".join(self.parts))  # it says where the page is anyway, and base-uri forbids it
        headers = MutableHeaders(raw=start["headers"])
        headers["Content-Security-Policy"] = self.policy.header(body)
        if self.policy.frame_ancestors == "'none'":
            headers["X-Frame-Options"] = "DENY"
        headers["Content-Length"] = str(len(body))
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})
