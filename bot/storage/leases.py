"""The lease on a conversation and what a reply does to it. Works on locked rows; commits nothing."""

from collections.abc import Iterable, Set
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.errors import TurnTakenError
from bot.storage.log_queries import touch
from bot.storage.tables import ConversationRow, MessageRow

LEASE = timedelta(seconds=10)
"""A turn takes milliseconds; whoever has not answered for so long is dead or stuck, and another process answers."""


def is_free(conversation: ConversationRow, now: datetime) -> bool:
    """Whether nobody answers this conversation at the moment."""
    until = conversation.lease_until_utc
    return conversation.lease_holder is None or until is None or until < now


def lease(conversation: ConversationRow, holder: str, now: datetime) -> None:
    """Give a free conversation to a process, or renew what it has."""
    if conversation.lease_holder == holder or is_free(conversation, now):
        conversation.lease_holder, conversation.lease_until_utc = holder, now + LEASE


def revive(conversation: ConversationRow, messages: Iterable[MessageRow], holder: str, now: datetime) -> None:
    """Let a process try once more to answer messages that were marked as failed."""
    for message in messages:
        message.reply_failed, message.awaits_reply = False, True
    conversation.reply_attempts = 0
    lease(conversation, holder, now)
    touch(conversation, now)


def is_owed(session: Session, conversation: ConversationRow) -> bool:
    """Whether a message of this conversation waits for the bot."""
    waiting = MessageRow.conversation_id == conversation.conversation_id, MessageRow.awaits_reply
    return bool(session.scalar(select(exists().where(*waiting))))


def settle_turn(
    session: Session, conversation: ConversationRow, *, answered_by: int, answers: int, burst: Set[int]
) -> None:
    """Mark what a reply answers as answered; the lease ends unless more came meanwhile.

    Raises:
        TurnTakenError: a message of the burst waits no longer: it has been answered, or was a person's to answer.
    """
    here = MessageRow.conversation_id == conversation.conversation_id
    rows = session.scalars(select(MessageRow).where(here, MessageRow.sequence.in_({*burst, answers}))).all()
    if not all(row.awaits_reply for row in rows if row.sequence in burst):
        raise TurnTakenError("part of the turn has been answered meanwhile: read it again")
    for row in rows:
        row.awaits_reply, row.reply_failed, row.answered_by = False, False, answered_by
    session.flush()
    conversation.reply_attempts = 0
    if not is_owed(session, conversation):
        conversation.lease_holder = conversation.lease_until_utc = None
