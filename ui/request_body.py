"""Bodies of requests, read within a limit and checked before anything else sees them. Knows no routes."""

import json
from typing import Any

from starlette.types import Receive

from ui.errors import UiError

MAX_DEPTH = 32
_FILE_TYPE = "gradio.FileData"


class BodyRefusedError(UiError):
    """A body that no route shall see; ``status`` and ``reason`` are the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_body(receive: Receive, declared_length: str | None, limit: int) -> bytes:
    """The whole body of a request.

    Args:
        declared_length: its Content-Length, which is believed only when it is too large.
        limit: bytes.

    Raises:
        BodyRefusedError: 413 when it is longer; reading stops there. 400 when the client went away.
    """
    if declared_length is not None and declared_length.isdigit() and int(declared_length[:20]) > limit:
        raise BodyRefusedError(413, f"the body is longer than {limit} bytes")
    parts, length, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise BodyRefusedError(400, "the body is incomplete")
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            raise BodyRefusedError(413, f"the body is longer than {limit} bytes")
        more = message.get("more_body", False)
    return b"".join(parts)


def checked_json(body: bytes) -> Any:
    """Parse a JSON body.

    Raises:
        BodyRefusedError: 400 for what is no JSON, or nested deeper than 32; 422 for bad UTF-8, lone surrogates, and
            references to files, by which a client could make Gradio read any file of this process.
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BodyRefusedError(422, "the body is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BodyRefusedError(400, "the body is not JSON") from error
    _check(document, 0)
    return document


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BodyRefusedError(400, "the body is nested too deeply")
    match value:
        case str():
            _check_text(value)
        case list():
            for element in value:
                _check(element, depth + 1)
        case dict():
            if value.get("_type") == _FILE_TYPE or "path" in value:
                raise BodyRefusedError(422, "files are not accepted")
            for key, element in value.items():
                _check_text(key)
                _check(element, depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BodyRefusedError(422, "a text holds half a character (a lone surrogate)") from error
