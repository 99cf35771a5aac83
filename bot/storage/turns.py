"""Turns that the bot owes: which messages wait, and which process answers them. Knows no models and no policy.

A conversation is answered by the process that holds its lease. The lease is taken in the transaction that makes a
customer's message durable, so that it costs no commit of its own; when its holder dies, it ends, and another takes it.
"""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.leases import is_free, is_owed, lease, revive
from bot.storage.log_queries import conversation_row, touch
from bot.storage.records import Clock
from bot.storage.tables import ConversationRow, MessageRow
from bot.values import Owner

MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that waits for the bot."""

    conversation_id: str
    sequence: int


class Turns:
    """What the bot owes, seen by one process."""

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder

    def owed(self, conversation_id: str) -> list[int]:
        """Sequences of a conversation's messages that wait, oldest first."""
        waiting = MessageRow.conversation_id == conversation_id, MessageRow.awaits_reply
        statement = select(MessageRow.sequence).where(*waiting).order_by(MessageRow.sequence)
        return self._database.read(lambda session: list(session.scalars(statement)))

    def all_owed(self) -> list[Owed]:
        """Every message that waits, oldest first."""
        statement = select(MessageRow).where(MessageRow.awaits_reply).order_by(MessageRow.id)
        rows = self._database.read(lambda session: list(session.scalars(statement)))
        return [Owed(row.conversation_id, row.sequence) for row in rows]

    def is_mine(self, conversation_id: str) -> bool:
        """Whether this process holds the conversation's lease."""
        row = self._database.read(lambda session: session.get(ConversationRow, conversation_id))
        return row is not None and row.lease_holder == self._holder

    def abandoned(self, *, limit: int = 100) -> list[str]:
        """Conversations that wait for the bot while no living process holds them, oldest first."""
        now = self._clock()
        free = or_(ConversationRow.lease_until_utc.is_(None), ConversationRow.lease_until_utc < now)
        statement = (
            select(MessageRow.conversation_id)
            .join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
            .where(MessageRow.awaits_reply, free)
            .order_by(MessageRow.id)
            .limit(limit)
        )
        return list(dict.fromkeys(self._database.read(lambda session: list(session.scalars(statement)))))

    def take(self, conversation_id: str) -> bool:
        """Take over an abandoned conversation; False where somebody else was faster, or has answered it already.

        Where it was taken `MAX_ATTEMPTS` times in vain, its messages are marked as failed instead: its customer is
        told, and may send them once more.
        """

        def work(session: Session) -> bool:
            row, now = conversation_row(session, conversation_id, lock=True), self._clock()
            if not is_free(row, now) or not is_owed(session, row):
                return False
            row.reply_attempts += 1
            if row.reply_attempts <= MAX_ATTEMPTS:
                lease(row, self._holder, now)
                return True
            waiting = MessageRow.conversation_id == conversation_id, MessageRow.awaits_reply
            for message in session.scalars(select(MessageRow).where(*waiting)):
                message.awaits_reply, message.reply_failed = False, True
            row.lease_holder = row.lease_until_utc = None
            row.reply_attempts = 0
            touch(row, now)
            return False

        return self._database.write(work)

    def retry(self, conversation_id: str) -> None:
        """Let this process try once more to answer messages that were marked as failed.

        Raises:
            ConversationNotFoundError: no conversation has this id.
        """

        def work(session: Session) -> None:
            row = conversation_row(session, conversation_id, lock=True)
            given_up = MessageRow.conversation_id == conversation_id, MessageRow.reply_failed
            messages = session.scalars(select(MessageRow).where(*given_up)).all()
            if row.owner == Owner.BOT and messages:
                revive(row, messages, self._holder, self._clock())

        self._database.write(work)
