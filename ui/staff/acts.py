"""What the browser sends with a click of ``acts.js``, checked. Knows no part of the console."""

import json
from pathlib import Path
from typing import Any

import gradio
from gradio.context import Context

from ui.staff.caller import StaffError

_STALE = "The page is out of date: reload it."


def acts_script(*events: str) -> str:
    """The script of an HTML component whose ``data-act`` buttons trigger these events.

    Gradio knows an event of an HTML component by finding its name in quotes in the script.
    """
    script = Path(__file__).with_name("acts.js").read_text(encoding="utf-8")
    return f"const ACTS = {json.dumps(events)};\n{script}"


def page_load() -> Any:
    """The load event of the page that is being laid out.

    Raises:
        RuntimeError: none is.
    """
    if Context.root_block is None:
        raise RuntimeError("a part of the console is laid out inside its Blocks")
    return Context.root_block.load


def tab_select() -> Any:
    """The select event of the tab that is being laid out: what it shows is read when somebody looks at it.

    Raises:
        RuntimeError: none is.
    """
    tab = Context.block
    while tab is not None and not isinstance(tab, gradio.Tab):
        tab = tab.parent
    if tab is None:
        raise RuntimeError("a part of the console is laid out inside its tab")
    return tab.select


def open_tab_script(name: str) -> str:
    """JavaScript that opens a tab where the page's address asks for it: ``?tab=NAME``."""
    return (
        f"() => {{ if (new URLSearchParams(location.search).get('tab') === {json.dumps(name)}) "
        "[...document.querySelectorAll('#st-tabs [role=tab]')]"
        f".find((tab) => tab.textContent.trim().toLowerCase() === {json.dumps(name)})?.click(); }}"
    )


def text_of(event: gradio.EventData, name: str) -> str:
    """One value of an event.

    Raises:
        StaffError: the event has no such text.
    """
    data = event._data  # its attribute access fails unclearly on anything but a mapping
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise StaffError(_STALE)
    return value


def number_of(event: gradio.EventData, name: str) -> int:
    """One whole number of an event, from 0 on.

    Raises:
        StaffError: the event has none.
    """
    value = text_of(event, name)
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise StaffError(_STALE)
    return int(value)
