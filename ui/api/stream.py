"""A conversation as a stream of events that resumes from any sequence number. Knows no routes.

Messages carry their sequence as the event's id; the state is sent whole when it changed, without an id, so that a
client that resumes can miss nothing.
"""

from collections.abc import AsyncIterator
from functools import partial

import anyio.to_thread
from fastapi.sse import ServerSentEvent

from ui.api.models import StateOut, message_out, state_out
from ui.changes import Changes
from ui.services import ChatStore

HEARTBEAT_S = 15.0
RETRY_MS = 2000


async def conversation_events(
    store: ChatStore, changes: Changes, conversation_id: str, after: int
) -> AsyncIterator[ServerSentEvent]:
    """Give all messages after a sequence number and each new state, until the customer or the server goes away."""
    shown: StateOut | None = None
    async with changes.watch(conversation_id) as watch:
        while not changes.closing:
            standing = await anyio.to_thread.run_sync(store.standings.get, conversation_id)
            if standing is None:
                yield ServerSentEvent(event="erased", data={})
                return
            watch.revision = standing.revision
            if standing.last_sequence > after:
                read = partial(store.conversations.messages_after, conversation_id, after)
                for logged in await anyio.to_thread.run_sync(read):
                    after = logged.sequence
                    out = message_out(logged).model_dump(mode="json")
                    yield ServerSentEvent(event="message", id=str(after), data=out, retry=RETRY_MS)
            if (state := state_out(standing)) != shown:
                shown = state
                yield ServerSentEvent(event="state", data=state.model_dump(mode="json"), retry=RETRY_MS)
            while not await watch.changed(HEARTBEAT_S):
                if changes.closing:
                    return
                yield ServerSentEvent(comment="still here")
