"""The customer's chat as Gradio Blocks: events in, HTML out. All state is in the store; a page may vanish.

Knows no models and no SQL. Whoever calls is known by the cookies of the request alone.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any

import anyio
import gradio

from bot.errors import InvalidTextError
from bot.storage.records import LoggedMessage
from bot.values import Owner, PassageSource, Role
from ui.aftercare import confirm_end
from ui.changes import Changes
from ui.errors import InputRefusedError, Refusal, UiError, report_failure
from ui.events import event_field, in_thread, letter_id, notice, optional_field, texts_of
from ui.message_text import accepted_text
from ui.passage import render_passage
from ui.services import ChatServices
from ui.texts import Texts
from ui.thread import View, render_page, render_skeleton
from ui.visitors import conversation_key

MAX_COMMENT_CHARS = 1000
ANSWER_WAIT_S = 20.0
REMEMBERED_SESSIONS = 500
"""Gradio keeps a copy of the page's configuration for each; nothing of ours is in it."""
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
    here = Path(__file__).parent
    script = "".join((here / name).read_text(encoding="utf-8") for name in ("page.js", "frame.js"))
    blocks: gradio.Blocks = gradio.Blocks(title=services.settings.title, analytics_enabled=False, fill_height=True)
    blocks.state_session_capacity = REMEMBERED_SESSIONS
    with blocks:
        page = gradio.HTML(
            render_skeleton(services.settings), js_on_load=script, apply_default_css=False, elem_id="frontdesk-page"
        )
        news = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="frontdesk-notice")
        panel = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="frontdesk-passage")
        listen: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}
        blocks.load(handlers.refresh, None, [page, news], **listen)
        for event, handler in handlers.page_events().items():
            getattr(page, event)(handler, None, [page, news], **listen)
        page.open(handlers.open_passage, None, [panel, news], **listen)
        page.finish(handlers.ask_to_end, None, [panel, news], **listen)
    blocks.queue(
        max_size=services.settings.queue_size, default_concurrency_limit=None, api_open=False, status_update_rate=10
    )
    return blocks


def _guarded(handler: Callable[..., AsyncIterator[Outputs]]) -> Callable[..., AsyncIterator[Outputs]]:
    """Turn whatever goes wrong in a handler into a friendly notice."""

    @wraps(handler)
    async def guarded(self: "ChatHandlers", request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        texts = texts_of(request)
        try:
            async for outputs in handler(self, request, event):
                yield outputs
        except InputRefusedError as error:
            words = getattr(texts, error.refusal).format(limit=self.services.settings.max_message_chars)
            yield gradio.skip(), notice(words, optional_field(event, "id"), "refused")
        except Exception as error:  # noqa: BLE001 - the last line before a customer; the reference leads to the log
            yield gradio.skip(), notice(texts.failure.format(reference=report_failure(error)))

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
            "contact": self.keep_contact,
            "end": self.end,
            "score": self.score,
        }

    @_guarded
    async def refresh(self, request: gradio.Request, _: gradio.EventData) -> AsyncIterator[Outputs]:
        """Show the conversation as the store has it."""
        yield await self._page(await self._caller(request)), gradio.skip()

    @_guarded
    async def deliver(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Take a message: show it with the typing sign once it is durable, then its reply."""
        text = accepted_text(event_field(event, "text", str), self.services.settings.max_message_chars)
        letter = letter_id(event)
        caller, conversation_id = await self._opened(request)
        asked = await in_thread(partial(self.services.delivery.post, conversation_id, text, letter))
        yield await self._page(caller), notice("", letter, "delivered")
        if await self._is_answered(conversation_id, asked.sequence):
            yield await self._page(await self._caller(request)), gradio.skip()

    @_guarded
    async def person(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Hand over to people."""
        letter = letter_id(event)
        _, conversation_id = await self._opened(request)
        await in_thread(partial(self.services.delivery.request_person, conversation_id, letter))
        yield await self._page(await self._caller(request)), notice("")

    @_guarded
    async def rate(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep a thumb and offer the comment box."""
        sequence = event_field(event, "sequence", int)
        await self._judge(request, sequence, event_field(event, "helpful", bool), None)
        yield await self._page(await self._caller(request), commenting=sequence), notice("")

    @_guarded
    async def comment(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep a thumb with its comment; an empty comment just closes the box."""
        comment = event_field(event, "comment", str)
        kept = accepted_text(comment, MAX_COMMENT_CHARS) if comment.strip() else None
        await self._judge(request, event_field(event, "sequence", int), event_field(event, "helpful", bool), kept)
        yield await self._page(await self._caller(request)), notice("")

    @_guarded
    async def open_passage(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Show the passage behind a citation of the visitor's own conversation."""
        number = event_field(event, "number", int)
        caller, conversation_id = await self._opened(request)
        logged = await self._bot_message(conversation_id, event_field(event, "sequence", int))
        source = logged.sources[number - 1] if 1 <= number <= len(logged.sources) else None
        if not isinstance(source, PassageSource):
            raise UiError("no such citation; reload the page")
        version = logged.versions.knowledge if logged.versions else None
        passage = await in_thread(partial(self.services.passage, version, source.passage_id))
        yield render_passage(source, passage, caller.texts, secrets.token_hex(4)), notice("")

    @_guarded
    async def ask_to_end(self, request: gradio.Request, _: gradio.EventData) -> AsyncIterator[Outputs]:
        """Ask in the panel whether the conversation shall end."""
        yield confirm_end(texts_of(request), secrets.token_hex(4)), notice("")

    @_guarded
    async def end(self, request: gradio.Request, _: gradio.EventData) -> AsyncIterator[Outputs]:
        """End the conversation, for its customer wants to; ending it twice is no error."""
        caller, conversation_id = await self._opened(request)
        if caller.owner is not Owner.CLOSED:
            await in_thread(partial(self.services.delivery.close, conversation_id, by="customer"))
        yield await self._page(await self._caller(request)), notice("")

    @_guarded
    async def keep_contact(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep the e-mail address that the customer wants the answer at."""
        _, conversation_id = await self._opened(request)
        try:
            keep = self.services.store.aftercare.keep_contact
            await in_thread(partial(keep, conversation_id, event_field(event, "email", str)))
        except InvalidTextError as error:
            raise InputRefusedError(Refusal.BAD_EMAIL) from error
        self.services.delivery.announce(conversation_id)
        yield await self._page(await self._caller(request)), notice("")

    @_guarded
    async def score(self, request: gradio.Request, event: gradio.EventData) -> AsyncIterator[Outputs]:
        """Keep how the customer found the conversation; the first time, offer a box for a comment."""
        comment = event_field(event, "comment", str)
        kept = accepted_text(comment, MAX_COMMENT_CHARS) if comment.strip() else None
        _, conversation_id = await self._opened(request)
        rate = self.services.store.aftercare.rate
        await in_thread(partial(rate, conversation_id, event_field(event, "rating", int), kept))
        self.services.delivery.announce(conversation_id)
        yield await self._page(await self._caller(request), explaining=optional_field(event, "first", bool)), notice("")

    async def _is_answered(self, conversation_id: str, sequence: int) -> bool:
        """Wait for the reply; False for a message that a later one of its burst will show, or where time is over.

        The reply comes in any case, and then by the page's stream: this only spares the page one more event.
        """
        async with self.changes.watch(conversation_id) as watch:
            with anyio.move_on_after(ANSWER_WAIT_S):
                while not self.changes.closing:
                    standing = await in_thread(partial(self.services.store.standings.get, conversation_id))
                    if standing is None or not standing.pending:
                        return True
                    watch.revision = standing.revision
                    if standing.last_sequence > sequence:
                        return False
                    await watch.changed(ANSWER_WAIT_S)
        return False

    async def _judge(self, request: gradio.Request, sequence: int, helpful: bool, comment: str | None) -> None:
        _, conversation_id = await self._opened(request)
        await self._bot_message(conversation_id, sequence)
        add = self.services.store.conversations.add_feedback
        await in_thread(partial(add, conversation_id, sequence, helpful=helpful, comment=comment))

    async def _bot_message(self, conversation_id: str, sequence: int) -> LoggedMessage:
        messages = await self._messages(conversation_id)
        for logged in messages:
            if logged.sequence == sequence and logged.message.role is Role.BOT:
                return logged
        raise UiError("no such message of the assistant in this conversation; reload the page")

    async def _messages(self, conversation_id: str | None) -> list[LoggedMessage]:
        if conversation_id is None:
            return []
        return list(await in_thread(partial(self.services.store.conversations.messages_after, conversation_id, 0)))

    async def _caller(self, request: gradio.Request) -> _Caller:
        key = conversation_key(request.cookies)
        find = self.services.store.standings.find
        found = await in_thread(partial(find, key.conversation_id, key.token)) if key else None
        if found is None:
            return _Caller(texts_of(request), None, Owner.BOT)
        return _Caller(texts_of(request), found.conversation_id, found.owner)

    async def _opened(self, request: gradio.Request) -> tuple[_Caller, str]:
        caller = await self._caller(request)
        if caller.conversation_id is None:
            raise UiError("no conversation that this visitor may open; reload the page")
        return caller, caller.conversation_id

    async def _page(
        self,
        caller: _Caller,
        *,
        commenting: int | None = None,
        explaining: bool | None = None,
    ) -> str:
        messages = await self._messages(caller.conversation_id)
        settings, conversation_id = self.services.settings, caller.conversation_id or ""
        left = await in_thread(partial(self.services.store.aftercare.of, conversation_id))
        view = View(
            texts=caller.texts,
            settings=settings,
            owner=caller.owner,
            messages=messages,
            commenting=commenting,
            left=left,
            explaining=bool(explaining),
            conversation_id=conversation_id,
        )
        return render_page(view)
