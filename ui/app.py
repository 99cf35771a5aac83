"""The web application: parent routes, the mounted chat, and the layers before them. Knows no models and no SQL."""

import os
from collections import OrderedDict
from functools import partial
from pathlib import Path

import anyio.to_thread
import gradio
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.middleware.cors import CORSMiddleware

from bot.values import Conversation
from ui.chat import build_chat
from ui.errors import UiError
from ui.framing import frame_ancestors, image_sources
from ui.front_page import FrontPage
from ui.hardening import AddressLimit, BodyGuard, ErrorShield, GradioGate, OriginGuard
from ui.health import health_routes
from ui.security_headers import PagePolicy, SecurityHeaders
from ui.services import ChatServices, ChatSettings, Conversations
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
MAX_MESSAGE_CHARS = 10_000
"""The longest message that surely fits a body of 64 KB."""

_GRADIO_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # else each event is summed up with pandas, for a page that we refuse
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}


def create_app(services: ChatServices) -> FastAPI:
    """Compose the parent application with the chat mounted at ``/chat/``.

    Raises:
        UiError: a setting that the page cannot honour.
    """
    settings = services.settings
    if settings.max_message_chars > MAX_MESSAGE_CHARS:
        raise UiError(f"setting 'max_message_chars': at most {MAX_MESSAGE_CHARS}; lower it in desk.toml")
    os.environ.update(_GRADIO_ENVIRONMENT)
    app = FastAPI(title=settings.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health_routes(services.health))
    app.include_router(_conversation_routes(services))
    blocks = build_chat(services)
    app.add_middleware(FrontPage, path=CHAT_PATH + "/", settings=settings)
    app.add_middleware(GradioGate, mount_path=CHAT_PATH, event_ids=frozenset(blocks.fns))
    app.add_middleware(BodyGuard)
    app.add_middleware(OriginGuard, allowed_origins=settings.allowed_origins)
    app.add_middleware(
        AddressLimit, burst=settings.requests_burst, per_second=settings.requests_per_second, buckets=OrderedDict()
    )
    app.add_middleware(
        CORSMiddleware,  # this very class: Gradio looks for it and then leaves CORS to us
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
        allow_credentials=True,
    )
    app.add_middleware(ErrorShield)
    pages = {CHAT_PATH + "/": PagePolicy(frame_ancestors(settings), image_sources(settings), compiles=True)}
    app.add_middleware(SecurityHeaders, pages=pages, tls=settings.secure_cookies)
    _mount(app, blocks)
    return app


def _mount(app: FastAPI, blocks: gradio.Blocks) -> None:
    gradio.mount_gradio_app(
        app,
        blocks,
        CHAT_PATH,
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
        css=Path(__file__).with_name("page.css").read_text(encoding="utf-8"),
    )
    blocks.has_launched = True  # without it Gradio copies any file that a client names


def _conversation_routes(services: ChatServices) -> APIRouter:
    router = APIRouter()
    conversations, settings = services.store.conversations, services.settings

    @router.get("/", include_in_schema=False)
    async def front(request: Request) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f".{CHAT_PATH}/{query}")

    @router.post("/conversation")
    async def begin(request: Request) -> Response:
        if visitor_secret(request.cookies) is None:
            return JSONResponse({"detail": "the chat needs its cookie; load the page first"}, status_code=403)
        if await _found(conversations, request):
            return Response(status_code=204)
        language = choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
        started = await anyio.to_thread.run_sync(partial(conversations.start, channel="web", locale=language))
        response = Response(status_code=204)
        value = ConversationKey(started.conversation_id, started.token).cookie_value()
        response.raw_headers.append(_cookie(CONVERSATION_COOKIE, value, settings))
        return response

    @router.get("/conversation/state")
    async def state(request: Request, after: int = 0) -> JSONResponse:
        found = await _found(conversations, request)
        if found is None:
            return JSONResponse({"detail": "no such conversation"}, status_code=404)
        newer = await anyio.to_thread.run_sync(conversations.messages_after, found.conversation_id, after)
        return JSONResponse({"new_messages": len(newer), "owner": found.owner}, headers={"Cache-Control": "no-store"})

    return router


async def _found(conversations: Conversations, request: Request) -> Conversation | None:
    key = conversation_key(request.cookies)
    if key is None:
        return None
    return await anyio.to_thread.run_sync(conversations.find, key.conversation_id, key.token)


def _cookie(name: str, value: str, settings: ChatSettings) -> tuple[bytes, bytes]:
    return set_cookie(name, value, secure=settings.secure_cookies, cross_site=settings.cross_site_cookies)
