"""Which reviewed bot messages staff keep for the golden set, or keep out of it. Knows no split."""

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.errors import MessageNotFoundError
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.loop_tables import GoldenMarkRow
from bot.storage.records import Clock
from bot.storage.tables import MessageRow
from bot.values import Role


class Golden:
    """Marks on bot messages; a message without one is golden where its customer's hash says so."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def mark(self, conversation_id: str, sequence: int, kept: bool | None, *, by: str) -> None:
        """Keep a message in the golden set (True), out of it (False), or leave it to the split again (None).

        Raises:
            MessageNotFoundError: there is no such message of the bot.
        """
        name = storable_key(by, "name")
        here = and_(MessageRow.conversation_id == conversation_id, MessageRow.sequence == sequence)
        find = select(MessageRow.id).where(here, MessageRow.role == Role.BOT.value)

        def work(session: Session) -> None:
            message_id = session.scalar(find)
            if message_id is None:
                raise MessageNotFoundError(f"conversation {conversation_id} has no bot message {sequence}")
            row = session.get(GoldenMarkRow, message_id)
            if row is not None and kept is None:
                session.delete(row)
            elif kept is not None:
                session.merge(GoldenMarkRow(message_id=message_id, kept=kept, by=name, at_utc=self._clock()))

        self._database.write(work)

    def marks(self) -> dict[tuple[str, int], bool]:
        """Give all marks by conversation and sequence."""
        columns = select(MessageRow.conversation_id, MessageRow.sequence, GoldenMarkRow.kept)
        joined = columns.join(GoldenMarkRow, GoldenMarkRow.message_id == MessageRow.id)
        rows = self._database.read(lambda session: list(session.execute(joined)))
        return {(row.conversation_id, row.sequence): row.kept for row in rows}
