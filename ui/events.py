"""What a Gradio event brings, read with care: its sender is a browser. Knows no conversations."""

import re
from collections.abc import Callable
from html import escape
from typing import Any, TypeVar

import anyio.to_thread
import gradio

from ui.errors import InputRefusedError, Refusal, UiError
from ui.texts import Texts, choose_language, texts_for
from ui.visitors import LANGUAGE_COOKIE

_CLIENT_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_Value = TypeVar("_Value")


async def in_thread(call: Callable[[], _Value]) -> _Value:
    """Run a blocking call beside the event loop."""
    return await anyio.to_thread.run_sync(call)


def texts_of(request: gradio.Request) -> Texts:
    """The interface texts of whoever sends a request."""
    override = request.cookies.get(LANGUAGE_COOKIE)
    return texts_for(choose_language(override, request.headers.get("accept-language", "")))


def notice(words: str, letter: str | None = None, outcome: str = "") -> str:
    """The notice above the chat, and what became of a letter of the page."""
    about = f' data-letter="{escape(letter)}" data-outcome="{outcome}"' if letter else ""
    return f'<div class="fd-notice" role="alert"{about}>{escape(words)}</div>'


def letter_id(event: gradio.EventData) -> str:
    """The client message id of an event.

    Raises:
        InputRefusedError: it has another form.
    """
    letter = event_field(event, "id", str)
    if not _CLIENT_MESSAGE_ID.fullmatch(letter):
        raise InputRefusedError(Refusal.BAD_CHARACTERS)
    return letter


def event_field(event: gradio.EventData, name: str, kind: type[_Value]) -> _Value:
    """One value of an event.

    Raises:
        UiError: it is missing or of another type.
    """
    value = optional_field(event, name, kind)
    if not isinstance(value, kind):
        raise UiError(f"the event lacks a valid '{name}'; reload the page")
    return value


def optional_field(event: gradio.EventData, name: str, kind: type[Any] = str) -> Any:
    """One value of an event, None where it is missing or of another type."""
    data = event._data  # its attribute access fails unclearly on anything but a mapping
    value = data.get(name) if isinstance(data, dict) else None
    return value if type(value) is kind else None
