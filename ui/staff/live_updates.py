"""Tells open consoles that a list or their conversation changed, as a stream. Carries counts, no content.

While a stream is open its agent counts as present, so that an agent who disappears loses their conversations.
"""

import time
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.errors import BotError
from ui.changes import EVERYTHING, Changes
from ui.staff.services import StaffServices

SEEN_EVERY_S = 30.0
PAUSE_S = 0.5
"""A busy desk is shown at most twice a second."""
RETRY_MS = 2000


def update_routes(services: StaffServices, changes: Changes) -> APIRouter:
    """``/staff/events``; the gate before it has checked the login."""
    router = APIRouter(include_in_schema=False)

    @router.get("/staff/events", response_class=EventSourceResponse)
    async def events(request: Request, opened: str = "") -> AsyncIterator[ServerSentEvent]:
        async for event in _updates(services, changes, request, opened[:64]):
            yield event

    return router


async def _updates(
    services: StaffServices, changes: Changes, request: Request, opened: str
) -> AsyncIterator[ServerSentEvent]:
    shown, seen = None, 0.0
    async with changes.watch(EVERYTHING) as watch:
        while not changes.closing:
            member = await anyio.to_thread.run_sync(services.sessions.member, request.cookies)
            if member is None:
                yield ServerSentEvent(event="ended", data={})
                return
            try:
                if time.monotonic() - seen >= SEEN_EVERY_S:
                    seen = time.monotonic()
                    await anyio.to_thread.run_sync(services.store.ownership.see, member.name)
                signature = await anyio.to_thread.run_sync(services.store.inbox.signature, opened)
            except BotError:  # the database is away: the page stays as it is until it is back
                signature = shown or ()
            if signature != shown:
                shown = signature
                waiting = sum(owner == "queue" for _, owner, _, _ in signature)
                yield ServerSentEvent(event="tick", data={"waiting": waiting}, retry=RETRY_MS)
            await anyio.sleep(0 if changes.closing else PAUSE_S)
            if not await watch.changed(SEEN_EVERY_S / 2) and not changes.closing:
                yield ServerSentEvent(comment="still here")
