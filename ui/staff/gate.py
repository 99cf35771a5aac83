"""What stands before everything under ``/staff``: no foreign page, and no console without a login. Knows no events."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.staff.sessions import STAFF_PATH, StaffSessions
from ui.visitors import read_cookies

_OPEN = frozenset({STAFF_PATH, f"{STAFF_PATH}/", f"{STAFF_PATH}/login", f"{STAFF_PATH}/logout"})
_LIBRARY = re.compile(rf"{STAFF_PATH}/console/((assets|static)/[\w./@+-]+|(gradio_api/)?theme\.css)")
"""Gradio's own files, the same for everybody."""


@dataclass(frozen=True, slots=True)
class StaffGate:
    """Refuses requests of other origins, and answers 401 where nobody is logged in; the console's page leads to login.

    The sites that may use the chat across origins (``allowed_origins``) may not use the console.
    """

    app: ASGIApp
    sessions: StaffSessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, or answer 303, 401 or 403."""
        path: str = scope.get("path", "")
        if path != STAFF_PATH and not path.startswith(f"{STAFF_PATH}/"):
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif (refusal := await self._refusal(scope, path)) is not None:
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _refusal(self, scope: Scope, path: str) -> Response | None:
        headers = Headers(scope=scope)
        origin, host = headers.get("origin"), headers.get("host", "")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return JSONResponse({"detail": "this page may not call the staff console"}, status_code=403)
        if path in _OPEN or _LIBRARY.fullmatch(path):
            return None
        cookies = read_cookies(headers.get("cookie", ""))
        if await anyio.to_thread.run_sync(self.sessions.member, cookies) is not None:
            return None
        if path == f"{STAFF_PATH}/console/" and scope["method"] in {"GET", "HEAD"}:
            return RedirectResponse("../login", status_code=303)
        return JSONResponse({"detail": "log in first"}, status_code=401)
