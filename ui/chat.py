"""The customer's chat as Gradio Blocks: events in, HTML out. All state is in the store; a page may vanish.

Knows no models and no SQL. Whoever calls is known by the cookies of the request alone.
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial, wraps
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import gradio

from bot.storage.records import LoggedMessage
from bot.values import Owner, PassageSource, Role
from ui.changes import Changes
from ui.errors import InputRefusedError, Refusal, UiError, report_failure
from ui.message_text import accepted_text
from ui.passage import render_passage
from ui.services import ChatServices
from ui.texts import Texts, choose_language, texts_for
from ui.thread import View, render_page, render_skeleton
from ui.visitors import LANGUAGE_COOKIE, conversation_key

MAX_COMMENT_CHARS = 1000
ANSWER_WAIT_S = 20.0
REMEMBERED_SESSIONS = 500
"""Gradio keeps a copy of the page's configuration for each; nothing of ours is in it."""
_CLIENT_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_Value = TypeVar("_Value")
Outputs = tuple[Any, Any]
"""New values of the page and of the notice; ``gradio.skip()`` leaves one as it is."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """One request's visitor; ``conversation_id`` is None until a conversation exists that the cookie opens."""

    texts: Texts
    conversation_id: str | None
    owner: Owner


def build_chat(services: ChatServices, changes: Changes) -> gradio.Blocks:
    """The chat's Blocks, with every event wired; to be mounted by ``ui.app``."""
    handlers = ChatHandlers(services, changes)
    script = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    blocks: gradio.Blocks = gradio.Blocks(title=services.settings.title, analytics_enabled=False, fill_height=True)
    blocks.state_session_capacity = REMEMBERED_SESSIONS
    with blocks:
        page = gradio.HTML(
            render_skeleton(services.settings), js_on_load=script, apply_default_css=False, elem_id="frontdesk-page"
        )
        notice = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="frontdesk-notice")
        panel = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="frontdesk-passage")
        listen: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}
        blocks.load(handlers.refresh, None, [page, notice], **listen)
        for event, handler in handlers.page_events().items():
            getattr(page, event)(handler, None, [page, notice], **listen)
        page.open(handlers.open_passage, None, [panel, notice], **listen)
    blocks.queue(
        max_size=services.settings.queue_size, default_concurrency_limit=None, api_open=False, status_update_rate=10
    )
    return blocks


def _guarded(handler: Callable[..., AsyncIterator[Outputs]]) -> Callable[..., AsyncIterator[Outputs]]:
    """Turn whatever goes wrong in a handler into a friendly notice."""

    @wraps(handler)
    async def guarded(self: "ChatHandlers", request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        texts = _texts(request)
        try:
            async for outputs in handler(self, request, event):
                yield outputs
        except InputRefusedError as error:
            words = getattr(texts, error.refusal).format(limit=self.services.settings.max_message_chars)
            yield gradio.skip(), _notice(words, _optional(event, "id"), "refused")
        except Exception as error:  # noqa: BLE001 - the last line before a customer; the reference leads to the log
            yield gradio.skip(), _notice(texts.failure.format(reference=report_failure(error)))

    return guarded


class ChatHandlers:
    """One method an event. Each finds its visitor anew, so that tabs, restarts and replays need no care."""

    def __init__(self, services: ChatServices, changes: Changes) -> None:
        self.services = services
        self.changes = changes

    def page_events(self) -> dict[str, Callable[..., AsyncIterator[Outputs]]]:
        """Handlers of the events that ``page.js`` triggers and that redraw the page."""
        return {
            "deliver": self.deliver,
            "refresh": self.refresh,
            "rate": self.rate,
            "comment": self.comment,
            "person": self.person,
        }

    @_guarded
    async def refresh(self, request: gradio.Request, _: gradio.EventData) -> AsyncIterator[Outputs]:
        """Show the conversation as the store has it."""
        yield await self._page(await self._caller(request)), gradio.skip()

    @_guarded
    async def deliver(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Take a message: show it with the typing sign, then what became of it."""
        text = accepted_text(_field(event, "text", str), self.services.settings.max_message_chars)
        letter = _letter_id(event)
        caller, conversation_id = await self._opened(request)
        yield await self._page(caller, pending=text), _notice("")
        asked = await _in_thread(partial(self.services.delivery.post, conversation_id, text, letter))
        yield gradio.skip(), _notice("", letter, "delivered")
        if await self._is_answered(conversation_id, asked.sequence):
            yield await self._page(await self._caller(request)), gradio.skip()

    @_guarded
    async def person(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Hand over to people."""
        letter = _letter_id(event)
        _, conversation_id = await self._opened(request)
        await _in_thread(partial(self.services.delivery.request_person, conversation_id, letter))
        yield await self._page(await self._caller(request)), _notice("")

    @_guarded
    async def rate(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep a thumb and offer the comment box."""
        sequence = _field(event, "sequence", int)
        await self._judge(request, sequence, _field(event, "helpful", bool), None)
        yield await self._page(await self._caller(request), commenting=sequence), _notice("")

    @_guarded
    async def comment(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep a thumb with its comment; an empty comment just closes the box."""
        comment = _field(event, "comment", str)
        kept = accepted_text(comment, MAX_COMMENT_CHARS) if comment.strip() else None
        await self._judge(request, _field(event, "sequence", int), _field(event, "helpful", bool), kept)
        yield await self._page(await self._caller(request)), _notice("")

    @_guarded
    async def open_passage(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Show the passage behind a citation of the visitor's own conversation."""
        number = _field(event, "number", int)
        caller, conversation_id = await self._opened(request)
        logged = await self._bot_message(conversation_id, _field(event, "sequence", int))
        source = logged.sources[number - 1] if 1 <= number <= len(logged.sources) else None
        if not isinstance(source, PassageSource):
            raise UiError("no such citation; reload the page")
        version = logged.versions.knowledge if logged.versions else None
        passage = await _in_thread(partial(self.services.passage, version, source.passage_id))
        yield render_passage(source, passage, caller.texts, secrets.token_hex(4)), _notice("")

    async def _is_answered(self, conversation_id: str, sequence: int) -> bool:
        """Wait for the reply; False for a message that a later one of its burst will show, or where time is over.

        The reply comes in any case, and then by the page's stream: this only spares the page one more event.
        """
        async with self.changes.watch(conversation_id) as watch:
            with anyio.move_on_after(ANSWER_WAIT_S):
                while not self.changes.closing:
                    standing = await _in_thread(partial(self.services.store.standings.get, conversation_id))
                    if standing is None or not standing.pending:
                        return True
                    if standing.last_sequence > sequence:
                        return False
                    await watch.changed(ANSWER_WAIT_S)
        return False

    async def _judge(self, request: gradio.Request, sequence: int, helpful: bool, comment: str | None) -> None:
        _, conversation_id = await self._opened(request)
        await self._bot_message(conversation_id, sequence)
        add = self.services.store.conversations.add_feedback
        await _in_thread(partial(add, conversation_id, sequence, helpful=helpful, comment=comment))

    async def _bot_message(self, conversation_id: str, sequence: int) -> LoggedMessage:
        messages = await self._messages(conversation_id)
        for logged in messages:
            if logged.sequence == sequence and logged.message.role is Role.BOT:
                return logged
        raise UiError("no such message of the assistant in this conversation; reload the page")

    async def _messages(self, conversation_id: str | None) -> list[LoggedMessage]:
        if conversation_id is None:
            return []
        return list(await _in_thread(partial(self.services.store.conversations.messages_after, conversation_id, 0)))

    async def _caller(self, request: gradio.Request) -> _Caller:
        key = conversation_key(request.cookies)
        find = self.services.store.standings.find
        found = await _in_thread(partial(find, key.conversation_id, key.token)) if key else None
        if found is None:
            return _Caller(_texts(request), None, Owner.BOT)
        return _Caller(_texts(request), found.conversation_id, found.owner)

    async def _opened(self, request: gradio.Request) -> tuple[_Caller, str]:
        caller = await self._caller(request)
        if caller.conversation_id is None:
            raise UiError("no conversation that this visitor may open; reload the page")
        return caller, caller.conversation_id

    async def _page(self, caller: _Caller, *, pending: str | None = None, commenting: int | None = None) -> str:
        messages = await self._messages(caller.conversation_id)
        if pending is not None and messages and messages[-1].message.text == pending:
            pending = None  # a retry of what is stored already
        settings = self.services.settings
        shown = caller.conversation_id or ""
        view = View(caller.texts, settings, caller.owner, messages, pending, commenting, conversation_id=shown)
        return render_page(view)


async def _in_thread(call: Callable[[], _Value]) -> _Value:
    return await anyio.to_thread.run_sync(call)


def _texts(request: gradio.Request) -> Texts:
    override = request.cookies.get(LANGUAGE_COOKIE)
    return texts_for(choose_language(override, request.headers.get("accept-language", "")))


def _notice(words: str, letter: str | None = None, outcome: str = "") -> str:
    about = f' data-letter="{escape(letter)}" data-outcome="{outcome}"' if letter else ""
    return f'<div class="fd-notice" role="alert"{about}>{escape(words)}</div>'


def _letter_id(event: gradio.EventData) -> str:
    letter = _field(event, "id", str)
    if not _CLIENT_MESSAGE_ID.fullmatch(letter):
        raise InputRefusedError(Refusal.BAD_CHARACTERS)
    return letter


def _field(event: gradio.EventData, name: str, kind: type[_Value]) -> _Value:
    """One value of an event; the browser sends it, so its type is checked."""
    value = _optional(event, name, kind)
    if not isinstance(value, kind):
        raise UiError(f"the event lacks a valid '{name}'; reload the page")
    return value


def _optional(event: gradio.EventData, name: str, kind: type[Any] = str) -> Any:
    data = event._data  # its attribute access fails unclearly on anything but a mapping
    value = data.get(name) if isinstance(data, dict) else None
    return value if type(value) is kind else None
