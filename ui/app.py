"""The web application: parent routes, the mounted chat, and the layers before them. Knows no models and no SQL."""

import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import gradio
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field
from starlette.middleware.cors import CORSMiddleware

from bot.values import Owner
from ui.api.access import begin_conversation, in_thread
from ui.api.routes import ConversationApi
from ui.changes import EVERYTHING, Changes
from ui.chat import build_chat
from ui.embedding import EMBED_PATH, HOST_PATH, embedding_routes
from ui.errors import UiError
from ui.framing import frame_ancestors, image_sources
from ui.front_page import FrontPage
from ui.hardening import MAX_ARTICLE_BYTES, BodyGuard, ErrorShield, GradioGate, OriginGuard
from ui.health import health_routes
from ui.limits import RateLimit
from ui.metrics import Metrics
from ui.request_log import RequestLog, RouteNote
from ui.security_headers import PLAIN_PAGE, PagePolicy, SecurityHeaders
from ui.services import ChatServices, ChatSettings, Delivery
from ui.staff.console import build_console
from ui.staff.export import export_routes
from ui.staff.gate import StaffGate
from ui.staff.head import ConsoleHead
from ui.staff.live_updates import update_routes
from ui.staff.login import login_routes
from ui.staff.services import StaffServices
from ui.staff.sessions import cookie_value
from ui.texts import choose_language
from ui.theme import chat_theme
from ui.visitors import (
    CONVERSATION_COOKIE,
    LANGUAGE_COOKIE,
    ConversationKey,
    conversation_key,
    set_cookie,
    visitor_secret,
)

CHAT_PATH = "/chat"
CONSOLE_PATH = "/staff/console"
_FORMS = frozenset({"/staff/login", "/staff/logout"})
MAX_MESSAGE_CHARS = 10_000
"""The longest message that surely fits a body of 64 KB."""

_GRADIO_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # else each event is summed up with pandas, for a page that we refuse
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}


def create_app(services: ChatServices, metrics: Metrics | None = None, staff: StaffServices | None = None) -> FastAPI:
    """Compose the parent application with the chat mounted at ``/chat/``.

    Args:
        metrics: what counts requests, and is shown at ``/metrics``; None leaves that out.
        staff: what the staff console at ``/staff/`` stands on; None leaves it out.

    Raises:
        UiError: a setting that the page cannot honour.
    """
    settings = services.settings
    if settings.max_message_chars > MAX_MESSAGE_CHARS:
        raise UiError(f"setting 'max_message_chars': at most {MAX_MESSAGE_CHARS}; lower it in desk.toml")
    os.environ.update(_GRADIO_ENVIRONMENT)
    changes = Changes(partial(_revisions, services, staff))
    app = FastAPI(
        title=f"{settings.title}: Frontdesk API",
        lifespan=partial(_lifespan, services.delivery, changes),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json" if settings.web_api else None,
    )
    app.state.changes = changes
    for router in (
        health_routes(services.health),
        ConversationApi(services, changes).routes(),
        _conversation_routes(services),
        embedding_routes(settings),
        *([metrics.routes(settings.metrics_token)] if metrics else []),
    ):
        app.include_router(router)
    blocks = build_chat(services, changes)
    app.add_middleware(RouteNote)  # the innermost
    app.add_middleware(FrontPage, path=CHAT_PATH + "/", settings=settings)
    app.add_middleware(GradioGate, mount_path=CHAT_PATH, event_ids=frozenset(blocks.fns))
    console = _add_console(app, staff, changes) if staff else None
    _add_layers(app, settings, staff)
    app.add_middleware(RequestLog, watchers=[metrics] if metrics else [])  # the outermost
    _mount(app, blocks, CHAT_PATH, "colours.css", "page.css")
    if staff and console:
        _mount_console(app, console, staff)
    return app


def _add_layers(app: FastAPI, settings: ChatSettings, staff: StaffServices | None) -> None:
    """What every request passes, the last one added first."""
    app.add_middleware(BodyGuard, forms=_FORMS, roomy=CONSOLE_PATH + "/")
    app.add_middleware(OriginGuard, allowed_origins=settings.allowed_origins)
    rates = {"visitor_rate": settings.visitor_rate, "address_rate": settings.address_rate}
    app.add_middleware(RateLimit, **rates, storage=settings.rate_storage, free=CONSOLE_PATH + "/")
    app.add_middleware(
        CORSMiddleware,  # this very class: Gradio looks for it and then leaves CORS to us
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["content-type", "authorization", "last-event-id"],
        allow_credentials=True,
    )
    if staff:
        app.add_middleware(StaffGate, sessions=staff.sessions)  # outside CORS, which would let listed sites read it
    app.add_middleware(ErrorShield)
    app.add_middleware(SecurityHeaders, pages=_page_policies(settings), tls=settings.secure_cookies)


def _revisions(services: ChatServices, staff: StaffServices | None, watched: Collection[str]) -> dict[str, int]:
    """Revisions of conversations, and of all of them together where a console watches."""
    together = {EVERYTHING: staff.store.inbox.newest_change()} if staff and EVERYTHING in watched else {}
    return {**services.store.standings.revisions(watched), **together}


def _add_console(app: FastAPI, staff: StaffServices, changes: Changes) -> gradio.Blocks:
    blocks = build_console(staff)
    app.include_router(login_routes(staff))
    app.include_router(update_routes(staff, changes))
    app.include_router(export_routes(staff))
    app.add_middleware(ConsoleHead, path=CONSOLE_PATH + "/", title=staff.settings.title)
    app.add_middleware(
        GradioGate,
        mount_path=CONSOLE_PATH,
        event_ids=frozenset(blocks.fns),
        secret_of=cookie_value,
        max_bytes=MAX_ARTICLE_BYTES,
    )
    return blocks


def _page_policies(settings: ChatSettings) -> dict[str, PagePolicy]:
    chat = PagePolicy(frame_ancestors(settings), image_sources(settings), compiles=True)
    return {
        CHAT_PATH + "/": chat,
        EMBED_PATH: PLAIN_PAGE,
        HOST_PATH: PagePolicy("'self'"),
        CONSOLE_PATH + "/": PagePolicy(compiles=True),
    }


@asynccontextmanager
async def _lifespan(delivery: Delivery, changes: Changes, _: FastAPI) -> AsyncIterator[None]:
    """Answer customers, and wake the streams, while the server runs."""
    async with changes.running():
        delivery.listeners.append(changes.publish)
        await anyio.to_thread.run_sync(delivery.start)
        yield
        await anyio.to_thread.run_sync(delivery.stop)


def _mount_console(app: FastAPI, blocks: gradio.Blocks, staff: StaffServices) -> None:
    async def logged_in(request: Request) -> str | None:
        member = await anyio.to_thread.run_sync(staff.sessions.member, request.cookies)
        return member.name if member else None

    styles = ("colours.css", "staff/console.css", "staff/parts.css", "staff/transcripts.css", "staff/improve.css")
    _mount(app, blocks, CONSOLE_PATH, *styles, auth_dependency=logged_in)


def _mount(app: FastAPI, blocks: gradio.Blocks, path: str, *styles: str, **options: Any) -> None:
    here = Path(__file__).parent
    gradio.mount_gradio_app(
        app,
        blocks,
        path,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        footer_links=[],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        max_file_size=1,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=chat_theme(),
        css="".join((here / style).read_text(encoding="utf-8") for style in styles),
        **options,
    )
    blocks.has_launched = True  # without it Gradio copies any file that a client names


class BeginBody(BaseModel):
    """What the page may say when it begins a conversation: who the company's own site says the customer is."""

    identity: str | None = Field(None, max_length=4096)


def _conversation_routes(services: ChatServices) -> APIRouter:
    router = APIRouter()
    standings, settings = services.store.standings, services.settings

    @router.get("/", include_in_schema=False)
    async def front(request: Request) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f".{CHAT_PATH}/{query}")

    @router.post("/conversation", include_in_schema=False)
    async def begin(request: Request, body: BeginBody | None = None) -> Response:
        if visitor_secret(request.cookies) is None:
            return JSONResponse({"detail": "the chat needs its cookie; load the page first"}, status_code=403)
        key = conversation_key(request.cookies)
        found = await in_thread(partial(standings.find, key.conversation_id, key.token)) if key else None
        if found and found.owner is not Owner.CLOSED:
            return Response(status_code=204)
        language = choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
        started = await begin_conversation(
            services, channel="web", locale=language, identity_token=body.identity if body else None
        )
        response = Response(status_code=204)
        value = ConversationKey(started.conversation_id, started.token).cookie_value()
        response.raw_headers.append(_cookie(CONVERSATION_COOKIE, value, settings))
        return response

    return router


def _cookie(name: str, value: str, settings: ChatSettings) -> tuple[bytes, bytes]:
    return set_cookie(name, value, secure=settings.secure_cookies, cross_site=settings.cross_site_cookies)
