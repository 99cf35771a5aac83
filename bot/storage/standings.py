"""Where a conversation stands, in one light read: for streams, which ask often. Gives no message's text."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.inputs import is_storable
from bot.storage.tables import ConversationRow, MessageRow
from bot.values import Owner


@dataclass(frozen=True, slots=True)
class Standing:
    """A conversation without its messages.

    Attributes:
        revision: grows with everything that its customer may see.
        pending: the bot owes a reply.
        failed: the bot gave up on the newest message; sending it once more tries again.
    """

    conversation_id: str
    channel: str
    locale: str
    owner: Owner
    last_sequence: int
    revision: int
    pending: bool
    failed: bool
    started_utc: datetime
    customer_id: str | None = None
    customer_name: str | None = None
    contact: str | None = None
    rating: int | None = None


class Standings:
    """Looks at conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, conversation_id: str, token: str) -> Standing | None:
        """Give a conversation's standing to whoever holds its token; the time taken tells nothing about either.

        Returns:
            None for an unknown id as for a wrong token.
        """

        def work(session: Session) -> Standing | None:
            found = _look(session, conversation_id)
            expected = found[0].token_hash if found is not None else token_hash("")
            if not hmac.compare_digest(expected, token_hash(token)) or found is None:
                return None
            return _standing(*found)

        return self._database.read(work)

    def get(self, conversation_id: str) -> Standing | None:
        """Give a conversation's standing; None where there is no such conversation (any more)."""

        def work(session: Session) -> Standing | None:
            found = _look(session, conversation_id)
            return None if found is None else _standing(*found)

        return self._database.read(work)

    def revisions(self, conversation_ids: Collection[str]) -> dict[str, int]:
        """Revisions by id; erased conversations are missing."""
        columns = select(ConversationRow.conversation_id, ConversationRow.revision)
        statement = columns.where(ConversationRow.conversation_id.in_(conversation_ids))
        rows = self._database.read(lambda session: list(session.execute(statement)))
        return {row.conversation_id: row.revision for row in rows}


def token_hash(token: str) -> str:
    """What the database keeps of a token. A fast hash is enough: the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _look(session: Session, conversation_id: str) -> tuple[ConversationRow, bool, bool | None] | None:
    """A conversation with whether the bot owes a reply, and whether it gave up on the newest message."""
    if not is_storable(conversation_id):
        return None
    here = MessageRow.conversation_id == conversation_id
    newest = select(MessageRow.reply_failed).where(here).order_by(MessageRow.sequence.desc()).limit(1)
    columns = select(ConversationRow, exists().where(here, MessageRow.awaits_reply), newest.scalar_subquery())
    found = session.execute(columns.where(ConversationRow.conversation_id == conversation_id)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def _standing(row: ConversationRow, pending: bool, failed: bool | None) -> Standing:
    return Standing(
        conversation_id=row.conversation_id,
        channel=row.channel,
        locale=row.locale,
        owner=Owner(row.owner),
        last_sequence=row.last_sequence,
        revision=row.revision,
        pending=bool(pending),
        failed=bool(failed),
        started_utc=row.started_utc,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        contact=row.contact,
        rating=row.rating,
    )
