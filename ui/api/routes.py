"""The routes under ``/api/v1``. Our own page uses them with its cookie; bearer tokens count where ``web_api`` is on."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.storage.standings import Standing
from bot.values import Owner
from ui.api.access import RETRY_AFTER_S, begin_conversation, customers_standing, in_thread, refusals
from ui.api.models import (
    EventsOut,
    MessageOut,
    NewContact,
    NewConversation,
    NewFeedback,
    NewMessage,
    NewRating,
    PersonRequest,
    PostedOut,
    StartedOut,
    StateOut,
    TranscriptOut,
    message_out,
    state_out,
    transcript_out,
)
from ui.api.stream import conversation_events
from ui.changes import Changes
from ui.message_text import accepted_text
from ui.services import ChatServices
from ui.texts import choose_language

_MAX_WAIT_S = 25.0


class ConversationApi:
    """What the routes do; one method a route."""

    def __init__(self, services: ChatServices, changes: Changes) -> None:
        self._services = services
        self._changes = changes

    def routes(self) -> APIRouter:
        """The router, to be included by ``ui.app``."""
        router = APIRouter(prefix="/api/v1", tags=["conversation"])
        one = "/conversations/{conversation_id}"
        if self._services.settings.web_api:
            router.post("/conversations", status_code=201)(self.create)
        router.post(one + "/messages", status_code=202)(self.post_message)
        router.get(one + "/events")(self.events)
        # A generator's own refusal would come after the answer has begun, so that a dependency looks first.
        router.get(one + "/stream", response_class=EventSourceResponse, dependencies=[Depends(self.look)])(self.stream)
        router.put(one + "/messages/{sequence}/feedback", status_code=204)(self.feedback)
        router.post(one + "/retry", status_code=202)(self.retry)
        router.post(one + "/person", status_code=202)(self.ask_person)
        router.put(one + "/contact", status_code=204)(self.contact)
        router.post(one + "/close")(self.close)
        router.put(one + "/rating", status_code=204)(self.rate)
        router.get(one + "/transcript")(self.transcript)
        router.delete(one, status_code=204)(self.erase)
        return router

    async def create(self, body: NewConversation, accept_language: Annotated[str, Header()] = "") -> StartedOut:
        """Begin a conversation. The answer holds its secret token: send it as `Authorization: Bearer`."""
        locale = body.locale or choose_language(None, accept_language)
        started = await begin_conversation(
            self._services, channel=body.channel, locale=locale, identity_token=body.identity
        )
        return StartedOut(conversation_id=started.conversation_id, token=started.token)

    async def post_message(
        self, conversation_id: str, body: NewMessage, request: Request, wait_s: Annotated[float, Query(ge=0)] = 0
    ) -> PostedOut:
        """Post a message. It is durable when this answers; a retry with the same client id gets the same answer.

        `wait_s` waits so long (at most 25) for the reply. It comes in any case, also when you hang up.
        """
        await self._standing(request, conversation_id)
        if self._services.delivery.backlog >= self._services.settings.max_backlog:
            raise HTTPException(503, "too many turns wait; try again", {"Retry-After": str(RETRY_AFTER_S)})
        with refusals():
            text = accepted_text(body.text, self._services.settings.max_message_chars)
        asked = await in_thread(partial(self._services.delivery.post, conversation_id, text, body.client_message_id))
        standing = await self._settled(conversation_id, min(wait_s, _MAX_WAIT_S))
        reply = None
        if wait_s or not asked.created:  # else it cannot be there yet
            read = partial(self._services.store.conversations.reply_to, conversation_id, asked.sequence)
            reply = await in_thread(read)
        return PostedOut(
            message=message_out(asked), reply=message_out(reply) if reply else None, state=state_out(standing)
        )

    async def events(self, conversation_id: str, request: Request, after: Annotated[int, Query(ge=0)] = 0) -> EventsOut:
        """All messages after a sequence number (0: all), and where the conversation stands."""
        standing = await self._standing(request, conversation_id)
        return EventsOut(messages=await self._messages(conversation_id, after), state=state_out(standing))

    async def look(self, conversation_id: str, request: Request) -> None:
        """Refuse whoever may not read the conversation."""
        await self._standing(request, conversation_id)

    async def stream(
        self,
        conversation_id: str,
        after: Annotated[int, Query(ge=0)] = 0,
        last_event_id: Annotated[int | None, Header(ge=0)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """The same as server-sent events `message` and `state`, as they happen; resumes by `Last-Event-ID`."""
        start = after if last_event_id is None else last_event_id
        async for event in conversation_events(self._services.store, self._changes, conversation_id, start):
            yield event

    async def feedback(self, conversation_id: str, sequence: int, body: NewFeedback, request: Request) -> None:
        """Say whether a message of the bot helped; a later thumb replaces an earlier one."""
        await self._standing(request, conversation_id)
        with refusals():
            comment = accepted_text(body.comment, 1000) if body.comment and body.comment.strip() else None
        add = self._services.store.conversations.add_feedback
        await in_thread(partial(add, conversation_id, sequence, helpful=body.helpful, comment=comment))

    async def retry(self, conversation_id: str, request: Request) -> StateOut:
        """Have the bot try again to answer what it gave up on (`reply` is `failed`)."""
        await self._standing(request, conversation_id)
        await in_thread(partial(self._services.delivery.retry, conversation_id))
        return state_out(await self._standing(request, conversation_id))

    async def ask_person(self, conversation_id: str, body: PersonRequest, request: Request) -> StateOut:
        """Ask for a person; announced once, and of no effect while one has the conversation."""
        await self._standing(request, conversation_id)
        await in_thread(partial(self._services.delivery.request_person, conversation_id, body.client_message_id))
        return state_out(await self._standing(request, conversation_id))

    async def close(self, conversation_id: str, request: Request) -> StateOut:
        """End the conversation; a new one has to be created for further messages."""
        if (await self._standing(request, conversation_id)).owner is not Owner.CLOSED:
            await in_thread(partial(self._services.delivery.close, conversation_id, by="customer"))
        return state_out(await self._standing(request, conversation_id))

    async def contact(self, conversation_id: str, body: NewContact, request: Request) -> None:
        """Leave an e-mail address to be answered at."""
        await self._standing(request, conversation_id)
        await in_thread(partial(self._services.store.aftercare.keep_contact, conversation_id, body.email))
        self._services.delivery.announce(conversation_id)

    async def rate(self, conversation_id: str, body: NewRating, request: Request) -> None:
        """Say how the conversation was, 1 to 5; a later rating replaces an earlier one."""
        await self._standing(request, conversation_id)
        await in_thread(partial(self._services.store.aftercare.rate, conversation_id, body.rating, body.comment))
        self._services.delivery.announce(conversation_id)

    async def transcript(self, conversation_id: str, request: Request, response: Response) -> TranscriptOut:
        """Download everything that is kept of the conversation and meant for its customer."""
        standing = await self._standing(request, conversation_id)
        response.headers["Content-Disposition"] = 'attachment; filename="conversation.json"'
        messages = await in_thread(partial(self._services.store.conversations.messages_after, conversation_id, 0))
        return transcript_out(standing, list(messages))

    async def erase(self, conversation_id: str, request: Request) -> None:
        """Delete the conversation: its rows and its search index, now and for good."""
        await self._standing(request, conversation_id)
        await in_thread(partial(self._services.delivery.erase, conversation_id))

    async def _standing(self, request: Request, conversation_id: str) -> Standing:
        return await customers_standing(self._services, request, conversation_id)

    async def _messages(self, conversation_id: str, after: int) -> list[MessageOut]:
        read = partial(self._services.store.conversations.messages_after, conversation_id, after)
        return [message_out(logged) for logged in await in_thread(read)]

    async def _settled(self, conversation_id: str, wait_s: float) -> Standing:
        """Where the conversation stands once the bot owes nothing, or when the time is over."""
        get = partial(self._services.store.standings.get, conversation_id)
        if wait_s:
            async with self._changes.watch(conversation_id) as watch:
                with anyio.move_on_after(wait_s):
                    while (standing := await in_thread(get)) is not None and standing.pending:
                        watch.revision = standing.revision
                        await watch.changed(wait_s)
                        if self._changes.closing:
                            break
        standing = await in_thread(get)
        if standing is None:
            raise HTTPException(404, "the conversation was erased")
        return standing
