import json
from collections.abc import Iterable

import anyio
import pytest
from starlette.types import Message

from ui.request_body import BodyRefusedError, checked_json, read_body


def receiver(*parts: bytes, cut: bool = False):
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if cut else {"type": "http.request", "body": b""})
    pending: Iterable[Message] = iter(messages)

    async def receive() -> Message:
        return next(pending)

    return receive


def test_read_body_joins_parts_up_to_the_limit() -> None:
    assert anyio.run(read_body, receiver(b"abc", b"de"), None, 5) == b"abcde"


@pytest.mark.parametrize("declared", [None, "1", "nonsense"])
def test_read_body_refuses_what_is_longer_whatever_was_declared(declared: str | None) -> None:
    with pytest.raises(BodyRefusedError) as caught:
        anyio.run(read_body, receiver(b"abc", b"def"), declared, 5)
    assert caught.value.status == 413


def test_read_body_refuses_a_declared_length_without_reading() -> None:
    with pytest.raises(BodyRefusedError) as caught:
        anyio.run(read_body, receiver(), "6", 5)
    assert caught.value.status == 413


def test_read_body_refuses_a_broken_connection() -> None:
    with pytest.raises(BodyRefusedError) as caught:
        anyio.run(read_body, receiver(b"abc", cut=True), None, 5)
    assert caught.value.status == 400


def test_checked_json_gives_the_document() -> None:
    assert checked_json(b'{"data": ["\xe4\xbd\xa0", null, 1.5]}') == {"data": ["你", None, 1.5]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[" * 50 + b"]" * 50, 400),
        (b'"\xff"', 422),
        (b'"\\ud83d"', 422),
        (b'{"\\ud83d": 1}', 422),
        (json.dumps({"data": [{"x": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}}]}).encode(), 422),
        (b'{"data": [{"meta": {"_type": "gradio.\\u0046ileData"}}]}', 422),
    ],
)
def test_checked_json_refuses_what_breaks_or_reads_files(body: bytes, status: int) -> None:
    with pytest.raises(BodyRefusedError) as caught:
        checked_json(body)
    assert caught.value.status == status
