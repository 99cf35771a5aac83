"""A transcript filter as the fields of a form and as the query of an address. Knows no database and no page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.storage.transcript_records import Thumb, TranscriptFilter
from bot.values import Action, Owner
from ui.errors import UiError

FIELDS = (
    "text", "from", "until", "intent", "action", "confidence_from", "confidence_to", "feedback", "label", "version",
    "channel", "owner", "mood",
)  # fmt: skip
"""Names in the address, in the order of the form."""
_NUMBERS, _TIMES = ("confidence_from", "confidence_to"), ("from", "until")
_MAX_CHARACTERS = 1_000


class FilterError(UiError):
    """A field of the filter cannot be read; the text says which."""


def filter_from(fields: Mapping[str, Any]) -> TranscriptFilter:
    """Read a filter from form values or from an address's query; blank fields ask for nothing.

    Raises:
        FilterError: a time, a number or a choice cannot be read.
    """
    given = {name: value for name in FIELDS if (value := fields.get(name)) not in {None, ""}}
    return TranscriptFilter(
        from_utc=_time(given.get("from"), "from"),
        until_utc=_time(given.get("until"), "until"),
        intent=_text(given.get("intent")),
        action=_choice(Action, given.get("action"), "action"),
        confidence_from=_share(given.get("confidence_from")),
        confidence_to=_share(given.get("confidence_to")),
        feedback=_choice(Thumb, given.get("feedback"), "feedback"),
        label=_text(given.get("label")),
        bundle_version=_text(given.get("version")),
        channel=_text(given.get("channel")),
        owner=_choice(Owner, given.get("owner"), "owner"),
        text=_text(given.get("text")) or "",
        moods=_moods(given.get("mood")),
    )


def query_of(wanted: TranscriptFilter) -> str:
    """Write a filter as the query of an address, which `filter_from` reads back."""
    return urlencode({name: value for name, value in _values(wanted).items() if value not in {None, ""}})


def form_values(wanted: TranscriptFilter) -> tuple[Any, ...]:
    """Write a filter as the values of the form, in the order of `FIELDS`; times in UTC."""
    values = _values(wanted)
    for name, moment in (("from", wanted.from_utc), ("until", wanted.until_utc)):
        values[name] = None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    unset = {name: None if name in _NUMBERS else "" for name in FIELDS}
    return tuple(unset[name] if values[name] is None and name not in _TIMES else values[name] for name in FIELDS)


def asked_of(wanted: TranscriptFilter) -> dict[str, str]:
    """Say for the audit log what was asked for; of the searched words only that there were some."""
    asked = {name: str(value) for name, value in _values(wanted).items() if value not in {None, ""}}
    return {**asked, "text": "(words)"} if "text" in asked else asked


def _values(wanted: TranscriptFilter) -> dict[str, Any]:
    values = (
        wanted.text, _written(wanted.from_utc), _written(wanted.until_utc), wanted.intent, wanted.action,
        wanted.confidence_from, wanted.confidence_to, wanted.feedback, wanted.label, wanted.bundle_version,
        wanted.channel, wanted.owner, ",".join(wanted.moods),
    )  # fmt: skip
    return dict(zip(FIELDS, values, strict=True))


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _text(value: object) -> str | None:
    written = "" if value is None else str(value)[:_MAX_CHARACTERS].strip()
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in written):
        raise FilterError("the filter holds characters that no transcript can hold")
    return written or None


def _moods(value: object) -> tuple[str, ...]:
    """Several moods stand with commas between them."""
    return tuple(mood for part in (_text(value) or "").split(",") if (mood := part.strip()))


def _time(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(f"the time in '{name}' cannot be read: write it like 2026-11-23 09:00") from None


def _share(value: object) -> float | None:
    if value is None:
        return None
    try:
        share = float(str(value))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise FilterError("the confidence must be a number from 0 to 1")
    return share


def _choice(kind: Any, value: object, name: str) -> Any:
    if value is None:
        return None
    try:
        return kind(str(value))
    except ValueError:
        raise FilterError(f"'{name}' must be one of {', '.join(kind)}") from None
