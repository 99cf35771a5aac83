"""Who may use a conversation through the API, and what a refusal looks like. Knows no SQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import anyio.to_thread
from fastapi import HTTPException, Request

from bot.errors import (
    ConversationClosedError,
    ConversationNotFoundError,
    DatabaseUnavailableError,
    InvalidTextError,
    MessageNotFoundError,
    MoveRefusedError,
)
from bot.storage.records import StartedConversation
from bot.storage.standings import Standing
from ui.errors import InputRefusedError
from ui.identity import identity_of
from ui.services import ChatServices
from ui.visitors import conversation_key

_T = TypeVar("_T")
RETRY_AFTER_S = 2
_STATUS: dict[type[Exception], int] = {
    InvalidTextError: 422,
    InputRefusedError: 422,
    ConversationNotFoundError: 404,
    MessageNotFoundError: 404,
    ConversationClosedError: 409,
    MoveRefusedError: 409,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the store refuses into an HTTP answer that says what to do."""
    try:
        yield
    except DatabaseUnavailableError as error:
        detail = "the database is not available at the moment; nothing was kept, send it again"
        raise HTTPException(503, detail, {"Retry-After": str(RETRY_AFTER_S)}) from error
    except tuple(_STATUS) as error:
        raise HTTPException(_STATUS[type(error)], str(error)) from error


async def in_thread(work: Callable[[], _T]) -> _T:
    """Run a blocking call beside the event loop; what the store refuses becomes an HTTP answer."""
    with refusals():
        return await anyio.to_thread.run_sync(work)


async def begin_conversation(
    services: ChatServices, *, channel: str, locale: str, identity_token: str | None
) -> StartedConversation:
    """Begin a conversation for whoever the company's own site has signed, or for somebody anonymous."""
    identity = identity_of(identity_token, services.settings.identity_secret)
    start = partial(
        services.store.conversations.start,
        channel=channel,
        locale=locale,
        customer_id=identity.customer_id if identity else None,
        customer_name=identity.name if identity else None,
    )
    return await in_thread(start)


async def customers_standing(services: ChatServices, request: Request, conversation_id: str) -> Standing:
    """The conversation that the caller's token opens: a bearer token, or the page's own cookie.

    Raises:
        HTTPException: 404 for an unknown id as for a wrong token.
    """
    token = _bearer(request) if services.settings.web_api else None
    if token is None:
        key = conversation_key(request.cookies)
        token = key.token if key and key.conversation_id == conversation_id else ""
    standing = await in_thread(partial(services.store.standings.find, conversation_id, token))
    if standing is None:
        raise HTTPException(404, "there is no such conversation, or the token does not open it")
    return standing


def _bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
