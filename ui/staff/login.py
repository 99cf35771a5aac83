"""Logging in and out: a small page without Gradio and without scripts. Knows no console."""

import math
from functools import partial
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.storage.audit_log import LOGIN_FAILED
from bot.storage.records import StaffMember
from ui.limits import network_of
from ui.staff.services import StaffServices

UNKNOWN = "unknown name"
"""Stands for the actor of a failed log-in: what was typed there may be a password."""

_PAGE = Template(Path(__file__).with_name("login.html").read_text(encoding="utf-8"))
_WRONG = "This name and password do not belong together. Try again."
_NO_STAFF = "Nobody can log in yet. On the desk's machine, run: frontdesk staff add NAME --role admin"


def login_routes(services: StaffServices) -> APIRouter:
    """``/staff/login`` and ``/staff/logout``."""
    router = APIRouter(include_in_schema=False)
    one_at_a_time = anyio.Lock()  # parallel guesses would all be counted before the first of them has failed

    @router.get("/staff")
    @router.get("/staff/")
    async def front(request: Request) -> RedirectResponse:
        return RedirectResponse(("console/" if request.url.path.endswith("/") else "staff/console/"), status_code=303)

    @router.get("/staff/login")
    async def ask() -> Response:
        nobody = not await anyio.to_thread.run_sync(services.store.staff.members)
        return _page(services, 200, _NO_STAFF if nobody else "")

    @router.post("/staff/login")
    async def log_in(request: Request) -> Response:
        address = network_of(request.scope)
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        name, password = (form.get(field, [""])[0] for field in ("name", "password"))
        if (refused := await _too_often(services, address)) is not None:
            return refused
        async with one_at_a_time:
            if (refused := await _too_often(services, address)) is not None:
                return refused
            member = await anyio.to_thread.run_sync(partial(_try, services, name, password, address))
        if member is None:
            return _page(services, 401, _WRONG, name)
        value = await anyio.to_thread.run_sync(services.sessions.start, member.name)
        return _redirect("console/", services.sessions.cookie(value))

    @router.post("/staff/logout")
    async def log_out(request: Request) -> Response:
        member = await anyio.to_thread.run_sync(services.sessions.end, request.cookies)
        if member is not None:
            record = partial(services.store.audit.record, member.name, "logout")
            await anyio.to_thread.run_sync(record)
        return _redirect("login", services.sessions.cookie(""))

    return router


def _try(services: StaffServices, name: str, password: str, address: str) -> StaffMember | None:
    member = services.store.staff.check(name, password)
    if member is None:
        known = services.store.staff.get(name)
        services.store.audit.record(known.name if known else UNKNOWN, LOGIN_FAILED, address=address)
    else:
        services.store.audit.record(member.name, "login", address=address)
    return member


async def _too_often(services: StaffServices, address: str) -> Response | None:
    wait = await anyio.to_thread.run_sync(services.store.audit.login_wait, address)
    if wait is None:
        return None
    seconds = max(1, math.ceil(wait.total_seconds()))
    page = _page(services, 429, f"Too many failed attempts. Try again in {math.ceil(seconds / 60)} min.")
    page.headers["Retry-After"] = str(seconds)
    return page


def _page(services: StaffServices, status: int, message: str, name: str = "") -> HTMLResponse:
    notice = f'<p class="notice" role="alert">{escape(message)}</p>' if message else ""
    page = _PAGE.substitute(title=escape(services.settings.title), notice=notice, name=escape(name[:64]))
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


def _redirect(where: str, cookie: str) -> Response:
    return Response(status_code=303, headers={"Location": where, "Set-Cookie": cookie, "Cache-Control": "no-store"})
