"""Guesses what the columns of a log mean, from their names and values. Proposes; a person saves the mapping.

Knows no file: it is given the names of the columns and some rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.values import Role
from finetune.errors import DataError
from finetune.history.column_mapping import NEEDED, ColumnMapping
from finetune.history.times import AUTO, TimeReader

Rows = Sequence[Mapping[str, object]]

# fmt: off
_NAMES = {
    "conversation_id": (
        "conversation_id", "conversation", "ticket_id", "ticket", "ticket_number", "chat_id", "chat", "thread_id",
        "thread", "session_id", "session", "dialogue_id", "dialog_id", "case_id", "case", "case_number",
        "issue_id", "request_id",
    ),
    "role": (
        "role", "sender_type", "author_type", "author_role", "sender_role", "user_type", "speaker", "sender",
        "from", "author", "direction", "participant", "participant_type", "type", "message_type", "inbound",
        "is_customer", "source",
    ),
    "text": (
        "text", "message", "body", "content", "comment", "message_text", "message_body", "utterance", "msg",
        "reply", "description", "transcript",
    ),
    "time": (
        "time", "timestamp", "sent_at", "created_at", "datetime", "date_time", "date", "sent", "created",
        "sent_utc", "message_time", "created_time", "when",
    ),
    "intent": (
        "intent", "label", "topic", "category", "tag", "reason",
    ),
}
_ROLE_VALUES: dict[Role | None, tuple[str, ...]] = {
    Role.CUSTOMER: (
        "customer", "client", "user", "visitor", "end-user", "end user", "enduser", "end_user", "contact",
        "consumer", "guest", "buyer", "incoming", "inbound", "in", "caller", "requester", "shopper", "member",
        "passenger", "patient", "kunde", "cliente", "客户", "顾客", "用户",
    ),
    Role.AGENT: (
        "agent", "operator", "staff", "support", "representative", "rep", "admin", "outgoing", "outbound", "out",
        "human", "employee", "advisor", "adviser", "team", "company", "human agent", "support agent",
        "mitarbeiter", "客服", "坐席",
    ),
    Role.BOT: (
        "bot", "chatbot", "assistant", "ai", "auto", "automated", "autoreply", "virtual agent",
        "virtual assistant", "机器人",
    ),
    None: (
        "system", "activity", "note", "internal", "internal note", "event", "private", "notification",
    ),
}
_TIME_FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y",
    "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%b %d, %Y %I:%M %p", "%b %d, %Y %H:%M", "%B %d, %Y %I:%M %p",
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y",
)
# fmt: on
_MOST_ROLE_VALUES = 12
_LONGEST_ROLE_VALUE = 40
_SHORTEST_TEXT = 12
"""Characters, on average."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping to look at.

    Attributes:
        notes: what to check about it.
        doubts: what a person must settle before it is used.
    """

    mapping: ColumnMapping
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def propose(names: Sequence[str], rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> Proposal:
    """What the columns most likely mean.

    Raises:
        DataError: no column can be the conversation, the role or the text; the message names the columns.
    """
    notes: list[str] = []
    doubts: list[str] = []
    columns = {"role": _role_column(names, rows)}
    for name in ("conversation_id", "text", "time", "intent"):
        columns[name] = _by_name(name, [column for column in names if column not in columns.values()], rows)
    columns["text"] = columns["text"] or _longest([name for name in names if name not in columns.values()], rows)
    missing = [name for name in NEEDED if not columns[name]]
    if missing:
        raise DataError(
            f"no column is clearly {' or '.join(missing)}; write a mapping file that says it "
            f"(columns: {', '.join(map(repr, names))})"
        )
    times = TimeReader()
    columns["time"] = columns["time"] or _times(names, rows, tuple(columns.values()))
    if columns["time"]:
        found = _time_reader(_texts(columns["time"], rows), notes, doubts)
        columns["time"], times = (columns["time"], found) if found else ("", times)
    roles = _roles(columns["role"], rows, doubts)
    given = {name: columns[name] for name in ("conversation_id", "role", "text", "time", "intent") if columns[name]}
    mapping = ColumnMapping(given, roles, times, delimiter, encoding, complete=True)
    return Proposal(mapping, tuple(notes), tuple(doubts))


def role_of_value(value: str) -> tuple[bool, Role | None]:
    """Whether a value of a role column is a known word, and whose."""
    key = value.strip().casefold()
    for role, words in _ROLE_VALUES.items():
        if key in words or key.replace("_", " ").replace("-", " ") in words:
            return True, role
    return False, None


def _texts(column: str, rows: Rows) -> list[str]:
    values = (row.get(column) for row in rows)
    return [str(value).strip() for value in values if value is not None and str(value).strip()]


def _plain(name: str) -> str:
    return "_".join(name.rsplit(".", 1)[-1].casefold().replace("-", " ").replace("_", " ").split())


def _by_name(field: str, names: Sequence[str], rows: Rows) -> str:
    candidates = [name for name in names if _plain(name) in _NAMES[field] and _texts(name, rows)]
    return min(candidates, key=lambda name: _NAMES[field].index(_plain(name)), default="")


def _longest(names: Sequence[str], rows: Rows) -> str:
    """The column of longest texts, if they are longer than a word."""
    lengths = {name: sum(map(len, _texts(name, rows))) / max(1, len(rows)) for name in names}
    best = max((name for name in names if not _is_time(_texts(name, rows))), key=lengths.__getitem__, default="")
    return best if best and lengths[best] > _SHORTEST_TEXT else ""


def _times(names: Sequence[str], rows: Rows, taken: tuple[str, ...]) -> str:
    """A column of nothing but written dates; numbers alone could be anything."""
    for name in names:
        values = _texts(name, rows)
        if name not in taken and values and not any(map(str.isdigit, values)) and _is_time(values):
            return name
    return ""


def _role_values(column: str, rows: Rows) -> list[str]:
    return sorted({value.casefold() for value in _texts(column, rows)})


def _role_column(names: Sequence[str], rows: Rows) -> str:
    best, best_score = "", 0.0
    for name in names:
        values = _role_values(name, rows)
        if not 0 < len(values) <= _MOST_ROLE_VALUES or max(map(len, values)) > _LONGEST_ROLE_VALUE:
            continue
        roles = [role for known, role in map(role_of_value, values) if known and role is not None]
        score = len(roles) / len(values) + len(set(roles)) + (0.5 if _plain(name) in _NAMES["role"] else 0)
        if roles and score > best_score:
            best, best_score = name, score
    return best


def _roles(column: str, rows: Rows, doubts: list[str]) -> dict[str, Role | None]:
    roles: dict[str, Role | None] = {}
    unknown = []
    for value in _role_values(column, rows):
        known, role = role_of_value(value)
        if known:
            roles[value] = role
        else:
            unknown.append(value)
    if unknown:
        doubts.append(f"values of {column!r} that are in no list yet: {', '.join(map(repr, unknown))}")
    if Role.CUSTOMER not in roles.values():
        doubts.append(f"no value of {column!r} is clearly the customer's; add it under customer")
    return roles


def _time_reader(values: Sequence[str], notes: list[str], doubts: list[str]) -> TimeReader | None:
    fitting = [form for form in (AUTO, *_TIME_FORMATS) if _fits(TimeReader(form), values)]
    if not fitting:
        doubts.append("the times fit no known format; add time under [columns] and its time_format")
        return None
    if len(fitting) > 1 and fitting[0] != AUTO:
        doubts.append(f"the times fit {' and '.join(fitting)}; make sure of the order of day and month")
    if not _name_zones(fitting[0], values):
        notes.append("the times name no zone; set timezone if they are not UTC")
    return TimeReader(fitting[0])


def _is_time(values: Sequence[str]) -> bool:
    return any(_fits(TimeReader(form), values) for form in (AUTO, *_TIME_FORMATS))


def _fits(reader: TimeReader, values: Sequence[str]) -> bool:
    try:
        return all(reader.utc(value) is not None for value in values)
    except ValueError:
        return False


def _name_zones(form: str, values: Sequence[str]) -> bool:
    """Whether the times mean the same, whatever zone is assumed for those that name none."""
    here, elsewhere = TimeReader(form), TimeReader(form, ZoneInfo("Asia/Tokyo"))
    return all(here.utc(value) == elsewhere.utc(value) for value in values)
