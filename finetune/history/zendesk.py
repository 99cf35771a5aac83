"""Zendesk's tickets with their comments as JSON. Knows no other format.

Shapes: tickets with ``comments`` (account export, a line each, or a list, or pages ``tickets`` with ``users``),
incremental ticket events (``ticket_events``) and audits (``audits``) that hold comments. Fields:

- ticket ``id``, ``requester_id``, ``collaborator_ids``, ``assignee_id``, ``description`` (the first comment),
  ``is_public``, ``status``:
  https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
- comment ``id``, ``author_id``, ``html_body``, ``plain_body``, ``body``, ``public`` (false: an internal note), ``type``
  (``Comment``, ``VoiceComment``), ``created_at``:
  https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
- ticket event ``ticket_id``, ``child_events`` (``event_type`` ``Comment``, ``Create``):
  https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
- ``via.channel``: ``rule`` (8) is an automation's message:
  https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types
- user ``id``, ``role`` (``end-user``, ``agent``, ``admin``):
  https://developer.zendesk.com/api-reference/ticketing/users/users/
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.fields import clean, html_text, identity, mapping, objects, text_flaw, time_or_none
from finetune.history.grouping import SeenOnce, counted, grouped
from finetune.history.json_objects import PAGE, JsonRecord, json_objects
from finetune.history.report import ImportReport, Progress

_LISTS = frozenset(("tickets", "users", "ticket_events", "audits"))
_ROLES = {"end-user": Role.CUSTOMER, "agent": Role.AGENT, "admin": Role.AGENT}
_RULES = frozenset(("rule", "8"))
_SYSTEM_USER = "-1"


class _Comment(NamedTuple):
    number: int
    ticket: str
    customers: frozenset[str]
    assignee: str | None
    row: dict[str, Any]


class _People(NamedTuple):
    """Who is who: role of a user, requester of a ticket that does not say so itself."""

    roles: dict[str, Role]
    requesters: dict[str, str]


def read_zendesk(path: Path, report: ImportReport, progress: Progress | None = None) -> Iterator[Dialogue]:
    """Read a dialogue a ticket, from its public comments. Reads the file twice: users often stand behind tickets.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    return counted(grouped(_messages(path, report, progress)), report)


def _messages(path: Path, report: ImportReport, progress: Progress | None) -> Iterator[tuple[str, DialogueMessage]]:
    people = _people(path)
    with closing(SeenOnce()) as seen:
        for record in json_objects(path, report, progress, lists=_LISTS):
            for comment in _comments(record, report):
                comment_id = identity(comment.row.get("id"))
                if comment_id is not None and not seen.first(comment.ticket, comment_id):
                    report.skip("comment that was read before", comment.number)
                    continue
                message = _message(comment, people, report)
                if message is not None:
                    yield comment.ticket, message


def _people(path: Path) -> _People:
    people = _People({}, {})
    ignored = ImportReport()  # the second reading reports
    for record in json_objects(path, ignored, lists=_LISTS):
        value = record.value
        for user in (
            value,
            *objects(value.get("users")),
            mapping(value.get("requester")),
            mapping(value.get("assignee")),
        ):
            role = user.get("role")
            user_id = identity(user.get("id"))
            if user_id is not None and isinstance(role, str) and role in _ROLES:
                people.roles[user_id] = _ROLES[role]
        ticket = identity(value.get("ticket_id"))
        for event in _child_events(value) if ticket is not None else ():
            # The requester appears as the author of the first comment, unless the event of creation says who it is.
            requester = identity(event.get("requester_id"))
            author = identity(event.get("author_id")) if event.get("public") else None
            if requester is not None:
                people.requesters[str(ticket)] = requester
            elif author is not None:
                people.requesters.setdefault(str(ticket), author)
    return people


def _child_events(value: dict[str, Any]) -> list[dict[str, Any]]:
    events = objects(value.get("child_events")) or objects(value.get("events"))
    shared: dict[str, Any] = {key: value[key] for key in ("author_id", "created_at") if key in value}
    return [{**shared, **event} for event in events]


def _comments(record: JsonRecord, report: ImportReport) -> Iterator[_Comment]:
    value = record.value
    if record.name == "users" or (record.name == PAGE and "ticket" not in value):
        return
    ticket_id = identity(value.get("ticket_id"))
    if ticket_id is not None and ("child_events" in value or "events" in value):
        for event in _child_events(value):
            if "Comment" in (event.get("event_type"), event.get("type")):
                yield _Comment(record.number, ticket_id, frozenset(), None, event)
        return
    yield from _ticket_comments(mapping(value.get("ticket")) or value, record.number, report)


def _ticket_comments(ticket: dict[str, Any], number: int, report: ImportReport) -> Iterator[_Comment]:
    ticket_id = identity(ticket.get("id"))
    if ticket_id is None or not ({"comments", "description", "requester_id"} & ticket.keys()):
        report.skip("no ticket: neither comments nor description", number)
        return
    if ticket.get("status") == "deleted":
        report.skip("deleted ticket", number)
        return
    asking = [ticket.get("requester_id"), mapping(ticket.get("requester")).get("id")]
    others = ticket.get("collaborator_ids")
    people = map(identity, asking + (others if isinstance(others, list) else []))
    customers = frozenset(person for person in people if person is not None)
    assignee = identity(ticket.get("assignee_id"))
    comments = ticket.get("comments")
    if isinstance(comments, list):
        for comment in objects(comments):
            yield _Comment(number, ticket_id, customers, assignee, comment)
    elif ticket.get("is_public") is False:
        report.skip("internal note", number)
    else:
        first = {"body": ticket.get("description"), "created_at": ticket.get("created_at"), "public": True}
        yield _Comment(number, ticket_id, customers, assignee, {**first, "author_id": asking[0]})


def _message(comment: _Comment, people: _People, report: ImportReport) -> DialogueMessage | None:
    row, number = comment.row, comment.number
    author = identity(row.get("author_id"))
    text = _body(row)
    reason = _left_out(row, author) or text_flaw(text)
    if reason is not None:
        report.skip(reason, number)
        return None
    role = people.roles.get(author) if author is not None else None
    if role is None and author is not None and author in comment.customers | {people.requesters.get(comment.ticket)}:
        role = Role.CUSTOMER
    if role is None and (author is None or author != comment.assignee):
        report.mend("author of unknown role taken for an agent", number)
    sent = time_or_none(row.get("created_at"), lambda: report.mend("unreadable time left out", number))
    return DialogueMessage(role or Role.AGENT, clean(text), sent)


def _left_out(row: dict[str, Any], author: str | None) -> str | None:
    if row.get("public") is not True:
        return "internal note"
    if row.get("type") == "VoiceComment":
        return "voice comment"
    if author == _SYSTEM_USER or str(mapping(row.get("via")).get("channel")) in _RULES:
        return "message of a rule or of the system"
    return None


def _body(row: dict[str, Any]) -> str:
    """The comment as it was shown; ``plain_body`` loses line breaks and keeps entities."""
    html = row.get("html_body")
    if isinstance(html, str) and html.strip() and text_flaw(html) is None:
        return html_text(html)
    return next((body for name in ("plain_body", "body") if isinstance(body := row.get(name), str)), "")
