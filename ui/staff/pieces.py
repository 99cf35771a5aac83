"""Small pieces of the console's HTML that several parts use; what somebody wrote is escaped here. Knows no gradio."""

from collections.abc import Sequence
from datetime import datetime
from html import escape


def badge(words: str, kind: str = "plain") -> str:
    """A short label; ``kind`` is one of ``plain``, ``good``, ``warn``, ``bad``."""
    return f'<span class="st-badge st-{kind}">{escape(words)}</span>'


def moment(time_utc: datetime) -> str:
    """A time for people, to the minute, UTC."""
    return f'<time datetime="{time_utc.isoformat()}">{time_utc:%Y-%m-%d %H:%M}</time>'


def notice(words: str, *, bad: bool = False) -> str:
    """A line that is read out; an empty one says nothing."""
    if not words:
        return ""
    kind = "st-notice-bad" if bad else "st-notice-good"
    return f'<p class="st-notice {kind}" role="{"alert" if bad else "status"}">{escape(words)}</p>'


def act(words: str, name: str, *, kind: str = "", **data: str | int) -> str:
    """A button whose click triggers the event ``name`` with ``data`` (see ``acts.js``)."""
    about = "".join(f' data-{key}="{escape(str(value))}"' for key, value in data.items())
    return f'<button type="button" class="st-act {kind}" data-act="{escape(name)}"{about}>{escape(words)}</button>'


def nothing(words: str) -> str:
    """What stands where a list is empty."""
    return f'<p class="st-nothing">{escape(words)}</p>'


def found(text: str | None, fields: Sequence[str]) -> bool:
    """Whether every word of a search is in one of the fields."""
    hay = "\n".join(fields).casefold()
    return all(word in hay for word in (text or "").casefold().split())
