"""The statements over conversations and messages that several methods share. Knows no policy."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from bot.errors import ConversationNotFoundError
from bot.handoff import Move, owner_after
from bot.storage.evidence import LoggedRow, fingerprints
from bot.storage.inputs import is_storable
from bot.storage.people_tables import TransitionRow
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, LoggedPassageRow, MessageRow
from bot.values import Owner

ExplainedRow = tuple[LoggedRow, DecisionRow]


def conversation_row(session: Session, conversation_id: str, *, lock: bool = False) -> ConversationRow:
    """Get a conversation; ``lock`` keeps its other writers out until the transaction ends.

    Raises:
        ConversationNotFoundError: no conversation has this id.
    """
    statement = select(ConversationRow).where(ConversationRow.conversation_id == conversation_id)
    if lock:
        statement = statement.with_for_update()
    row = session.scalars(statement).one_or_none() if is_storable(conversation_id) else None
    if row is None:
        raise ConversationNotFoundError("there is no such conversation: start a new one")
    return row


def logged_rows(session: Session, conversation_id: str, condition: ColumnElement[bool]) -> list[LoggedRow]:
    """Get messages of a conversation with their decisions and thumbs, in order."""
    if not is_storable(conversation_id):
        return []
    statement = _logged().where(MessageRow.conversation_id == conversation_id, condition)
    return _rows(session, statement.order_by(MessageRow.sequence))


def whole_logs(
    session: Session, conversation_ids: Collection[str]
) -> tuple[dict[str, list[LoggedRow]], Mapping[str, LoggedPassageRow]]:
    """Get all messages of some conversations by their ids, in order, with the passages by fingerprint."""
    here = MessageRow.conversation_id.in_(conversation_ids)
    rows = _rows(session, _logged().where(here).order_by(MessageRow.conversation_id, MessageRow.sequence))
    logs: dict[str, list[LoggedRow]] = {identifier: [] for identifier in conversation_ids}
    for row in rows:
        logs[row[0].conversation_id].append(row)
    return logs, _passages(session, [row[1] for row in rows if row[1] is not None])


def logged_row(session: Session, conversation_id: str, condition: ColumnElement[bool]) -> LoggedRow | None:
    """Get the one message of a conversation that meets a condition which at most one can."""
    rows = logged_rows(session, conversation_id, condition)
    return rows[0] if rows else None


def reply_row(session: Session, conversation_id: str, answers: int) -> LoggedRow | None:
    """Get the bot's reply to a customer's message, also where it answers later ones with it."""
    if not is_storable(conversation_id):
        return None
    here = MessageRow.conversation_id == conversation_id
    sequence = session.scalar(select(MessageRow.answered_by).where(here, MessageRow.sequence == answers))
    return None if sequence is None else logged_row(session, conversation_id, MessageRow.sequence == sequence)


def explained_rows(
    session: Session, condition: ColumnElement[bool], limit: int
) -> tuple[list[ExplainedRow], Mapping[str, LoggedPassageRow]]:
    """Get bot messages of all conversations by row id, with the passages that they refer to by fingerprint."""
    statement = _logged().where(condition, DecisionRow.message_id.is_not(None)).order_by(MessageRow.id).limit(limit)
    rows = [(row, row[1]) for row in _rows(session, statement) if row[1] is not None]
    return rows, _passages(session, [decision for _, decision in rows])


def move_owner(
    session: Session, conversation: ConversationRow, move: Move, *, by: str, reason: str | None, now: datetime
) -> Owner:
    """Change who answers a locked conversation and remember it; what the bot has not answered is the person's then.

    Raises:
        MoveRefusedError: the move is not possible from where the conversation is.
    """
    before = Owner(conversation.owner)
    after = owner_after(before, move)
    conversation.owner = after.value
    conversation.agent = by if after is Owner.AGENT else None
    conversation.agent_seen_utc = now if after is Owner.AGENT else None
    conversation.waiting_since_utc = now if after is Owner.QUEUE else None
    conversation.closed_utc = now if after is Owner.CLOSED else None
    if move is Move.HAND_OFF:
        conversation.handoff_reason = reason
    touch(conversation, now)
    if after is not Owner.BOT:
        waiting = MessageRow.conversation_id == conversation.conversation_id, MessageRow.awaits_reply
        session.execute(update(MessageRow).where(*waiting).values(awaits_reply=False))
        conversation.lease_holder = conversation.lease_until_utc = None
        conversation.reply_attempts = 0
    session.add(
        TransitionRow(
            conversation_id=conversation.conversation_id,
            move=move.value,
            from_owner=before.value,
            to_owner=after.value,
            by=by,
            reason=reason,
            at_utc=now,
        )
    )
    return after


def touch(conversation: ConversationRow, now: datetime) -> None:
    """Say that something changed which the customer may see."""
    conversation.revision += 1
    conversation.updated_utc = now


def _passages(session: Session, decisions: Collection[DecisionRow]) -> Mapping[str, LoggedPassageRow]:
    keys = fingerprints(decisions)
    found = session.scalars(select(LoggedPassageRow).where(LoggedPassageRow.fingerprint.in_(keys))) if keys else ()
    return {passage.fingerprint: passage for passage in found}


def _logged() -> Select[MessageRow, DecisionRow, FeedbackRow]:
    return (
        select(MessageRow, DecisionRow, FeedbackRow)
        .outerjoin(DecisionRow, DecisionRow.message_id == MessageRow.id)
        .outerjoin(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
    )


def _rows(session: Session, statement: Select[MessageRow, DecisionRow, FeedbackRow]) -> list[LoggedRow]:
    # The types of SQLAlchemy do not say that the right side of an outer join may be None.
    return [cast(LoggedRow, tuple(row)) for row in session.execute(statement)]
