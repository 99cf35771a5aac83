"""The web application: parent routes, the mounted chat, and the layers before them. Knows no models and no SQL."""

import os
from collections import OrderedDict
from functools import partial
from pathlib import Path

import anyio.to_thread
import gradio
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.values import Conversation
from ui.chat import build_chat
from ui.errors import UiError
from ui.hardening import AddressLimit, BodyGuard, ErrorShield, GradioGate, OriginGuard
from ui.health import health_routes
from ui.services import ChatServices, ChatSettings, Conversations
from ui.texts import CHINESE, ENGLISH, choose_language
from ui.theme import chat_theme
from ui.visitors import (
    CONVERSATION_COOKIE,
    LANGUAGE_COOKIE,
    VISITOR_COOKIE,
    ConversationKey,
    conversation_key,
    new_visitor_secret,
    read_cookies,
    set_cookie,
    visitor_secret,
)

CHAT_PATH = "/chat"
MAX_MESSAGE_CHARS = 10_000
"""The longest message that surely fits a body of 64 KB."""


def create_app(services: ChatServices) -> FastAPI:
    """Compose the parent application with the chat mounted at ``/chat/``.

    Raises:
        UiError: a setting that the page cannot honour.
    """
    settings = services.settings
    if settings.max_message_chars > MAX_MESSAGE_CHARS:
        raise UiError(f"setting 'max_message_chars': at most {MAX_MESSAGE_CHARS}; lower it in desk.toml")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    app = FastAPI(title=settings.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health_routes(services.health))
    app.include_router(_conversation_routes(services))
    app.add_middleware(ChatCookies, settings=settings)
    app.add_middleware(GradioGate, mount_path=CHAT_PATH)
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
    _mount(app, services)
    return app


def _mount(app: FastAPI, services: ChatServices) -> None:
    blocks = build_chat(services)
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
    blocks.state_session_capacity = 500


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


class ChatCookies:
    """Gives each browser that loads the page its secret, and keeps the language that ``?lang=`` asks for."""

    def __init__(self, app: ASGIApp, settings: ChatSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request; add cookies to the answer where it is the page."""
        if scope["type"] != "http" or scope["path"] != CHAT_PATH + "/":
            await self.app(scope, receive, send)
            return
        new = self._new_cookies(scope)

        async def with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *new]
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, with_cookies)

    def _new_cookies(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        cookies = read_cookies(Headers(scope=scope).get("cookie", ""))
        secret = visitor_secret(cookies) or new_visitor_secret()
        new = [_cookie(VISITOR_COOKIE, secret, self.settings)]
        wanted = Request(scope).query_params.get("lang", "")[:20]
        if wanted.lower().split("-")[0] in {ENGLISH, CHINESE}:
            new.append(_cookie(LANGUAGE_COOKIE, choose_language(wanted, ""), self.settings))
        return new


def _cookie(name: str, value: str, settings: ChatSettings) -> tuple[bytes, bytes]:
    return set_cookie(name, value, secure=settings.secure_cookies, cross_site=settings.cross_site_cookies)
