"""The mapping file: which column of a CSV or JSONL log means what. Knows no log.

TOML, written by hand or proposed by ``frontdesk history inspect``::

    delimiter = ";"                  # of CSV; default ","
    encoding = "cp1252"              # default "utf-8"
    time_format = "%d.%m.%Y %H:%M"   # or "auto" (ISO 8601, Unix seconds or milliseconds), "unix", "unix_ms"
    timezone = "Europe/Berlin"       # of times that name no zone; default "UTC"

    [columns]                        # conversation_id, role and text are needed; a.b reaches into JSON
    conversation_id = "Ticket"
    role = "From"
    text = "Message"
    time = "Sent"
    intent = "Topic"

    [roles]                          # values of the role column, in any case; "skip" leaves rows out silently
    customer = ["visitor"]
    agent = ["operator"]
    bot = ["autoreply"]
    skip = ["system"]
"""

import codecs
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.values import Role
from finetune.errors import DataError
from finetune.history.times import AUTO, UNIX, UNIX_MS, TimeReader

SKIP = "skip"
FIELDS = ("conversation_id", "role", "text", "time", "intent")
NEEDED = FIELDS[:3]
_OWN_ROLES = {role.value: role for role in (Role.CUSTOMER, Role.AGENT, Role.BOT)}
_KEYS = frozenset(("delimiter", "encoding", "time_format", "timezone", "columns", "roles"))
_ASCII = "".join(map(chr, range(32, 127))) + "\r\n\t"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a log's columns mean.

    Attributes:
        columns: field -> name of its column; the optional ones may be absent from the log.
        roles: value of the role column, lower case -> role, or None for rows to leave out.
        times: how times are written.
        delimiter: of CSV, one character.
        encoding: a superset of ASCII.
        complete: whether a log must have each column named, not only the needed ones.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FIELDS})
    roles: Mapping[str, Role | None] = field(default_factory=lambda: dict(_OWN_ROLES))
    times: TimeReader = field(default_factory=TimeReader)
    delimiter: str = ","
    encoding: str = "utf-8"
    complete: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that a log must have, lower case."""
        fields = FIELDS if self.complete else NEEDED
        return tuple(self.columns[name].strip().casefold() for name in fields if name in self.columns)


def load_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file.

    Raises:
        DataError: it is missing, no TOML, or has an unknown key, a wrong type or a value that does not exist.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; `frontdesk history inspect LOG` proposes one") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: not a mapping file ({error}); it is TOML with [columns] and [roles]") from error
    try:
        return _mapping(content)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def toml_of(mapping: ColumnMapping, notes: tuple[str, ...] = ()) -> str:
    """The mapping file that says this mapping, with notes as comments at its head."""
    lines = ["# " + "".join(letter if letter.isprintable() else " " for letter in note) for note in notes]
    lines += [f"delimiter = {_quoted(mapping.delimiter)}", f"encoding = {_quoted(mapping.encoding)}"]
    lines += [f"time_format = {_quoted(mapping.times.form)}", f"timezone = {_quoted(mapping.times.zone.key)}"]
    lines += ["", "[columns]", *(f"{name} = {_quoted(column)}" for name, column in mapping.columns.items())]
    lines += ["", "[roles]"]
    for name, role in (*_OWN_ROLES.items(), (SKIP, None)):
        values = [value for value, meaning in mapping.roles.items() if meaning is role]
        if values:
            lines.append(f"{name} = [{', '.join(map(_quoted, values))}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are valid in it, and DEL must be one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _mapping(content: dict[str, Any]) -> ColumnMapping:
    unknown = sorted(content.keys() - _KEYS)
    if unknown:
        raise ValueError(f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    return ColumnMapping(
        columns=_columns(content.get("columns")),
        roles=_roles(content.get("roles")),
        times=TimeReader(_time_format(_text(content, "time_format", AUTO)), _zone(_text(content, "timezone", "UTC"))),
        delimiter=_delimiter(_text(content, "delimiter", ",")),
        encoding=_encoding(_text(content, "encoding", "utf-8")),
        complete=True,
    )


def _text(content: dict[str, Any], key: str, default: str) -> str:
    value = content.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text")
    return value


def _columns(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not set(NEEDED) <= value.keys():
        raise ValueError(f"[columns] must name {', '.join(NEEDED)}")
    unknown = sorted(value.keys() - set(FIELDS))
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)} in [columns]; known are {', '.join(FIELDS)}")
    if not all(isinstance(name, str) and name.strip() for name in value.values()):
        raise ValueError("[columns] must name each column as a text")
    return value


def _roles(value: object) -> dict[str, Role | None]:
    known: dict[str, Role | None] = {**_OWN_ROLES, SKIP: None}
    if not isinstance(value, dict) or not value:
        raise ValueError(f"[roles] must list the values of the role column under {', '.join(known)}")
    roles: dict[str, Role | None] = {}
    for name, values in value.items():
        if name not in known:
            raise ValueError(f"unknown role {name} in [roles]; known are {', '.join(known)}")
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise ValueError(f"[roles] {name} must be a list of texts")
        for item in values:
            if roles.setdefault(item.strip().casefold(), known[name]) is not known[name]:
                raise ValueError(f"[roles] gives {item!r} two meanings")
    return roles


def _time_format(form: str) -> str:
    if form not in (AUTO, UNIX, UNIX_MS) and "%" not in form:
        raise ValueError(f"time_format must be {AUTO}, {UNIX}, {UNIX_MS}, or a pattern such as %d/%m/%Y %H:%M")
    return form


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no timezone {name!r}; write it as in Europe/London") from error


def _delimiter(character: str) -> str:
    if len(character) != 1 or character in '"\r\n\0':
        raise ValueError("delimiter must be one character, and neither a quotation mark nor a line end")
    return character


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        fits = _ASCII.encode(found) == _ASCII.encode("ascii")
    except (LookupError, UnicodeError, ValueError) as error:
        raise ValueError(f"no text encoding {name!r}; usual are utf-8 and cp1252") from error
    if not fits:
        raise ValueError(f"encoding {name!r} is no superset of ASCII; save the log as UTF-8")
    return found
