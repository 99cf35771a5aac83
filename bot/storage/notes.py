"""What staff write for each other: notes and labels on conversations, texts to insert. Customers never see notes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.inputs import storable_key, storable_text
from bot.storage.log_queries import conversation_row
from bot.storage.people_tables import CannedReplyRow, LabelRow, NoteRow
from bot.storage.records import Clock
from bot.storage.upsert import insert_missing

MAX_NOTE_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True)
class Note:
    """A staff member's note."""

    author: str
    text: str
    written_utc: datetime


@dataclass(frozen=True, slots=True)
class CannedReply:
    """A text that agents insert by its name."""

    name: str
    text: str
    changed_by: str


class Notes:
    """Notes and labels on conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, conversation_id: str, text: str, *, author: str) -> None:
        """Write a note.

        Raises:
            InvalidTextError: the text or the name cannot be stored.
            ConversationNotFoundError: no conversation has this id.
        """
        row = {
            "conversation_id": conversation_id,
            "author": storable_key(author, "name"),
            "text": storable_text(text, "note", limit=MAX_NOTE_CHARACTERS),
            "written_utc": self._clock(),
        }

        def work(session: Session) -> None:
            conversation_row(session, conversation_id)
            session.execute(insert(NoteRow), [row])

        self._database.write(work)

    def of(self, conversation_id: str) -> list[Note]:
        """Notes on a conversation, oldest first."""
        statement = select(NoteRow).where(NoteRow.conversation_id == conversation_id).order_by(NoteRow.id)
        rows = self._database.read(lambda session: session.scalars(statement).all())
        return [Note(row.author, row.text, row.written_utc) for row in rows]

    def label(self, conversation_id: str, label: str, *, author: str) -> None:
        """Put a label on a conversation; it is kept in lower case, and once.

        Raises:
            InvalidTextError: the label cannot be stored.
            ConversationNotFoundError: no conversation has this id.
        """
        kept = storable_key(label.strip().lower(), "label")
        row = {"conversation_id": conversation_id, "label": kept, "author": author, "at_utc": self._clock()}

        def work(session: Session) -> None:
            conversation_row(session, conversation_id)
            insert_missing(session, LabelRow, [row])

        self._database.write(work)

    def unlabel(self, conversation_id: str, label: str) -> None:
        """Take a label away; nothing happens where there is none."""
        there = LabelRow.conversation_id == conversation_id, LabelRow.label == label
        self._database.write(lambda session: session.execute(delete(LabelRow).where(*there)))

    def labels(self, conversation_id: str) -> list[str]:
        """Labels of a conversation by name."""
        statement = select(LabelRow.label).where(LabelRow.conversation_id == conversation_id).order_by(LabelRow.label)
        return list(self._database.read(lambda session: session.scalars(statement).all()))


class CannedReplies:
    """Texts that agents insert by name."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, name: str, text: str, *, by: str) -> None:
        """Add a text or replace the one of this name.

        Raises:
            InvalidTextError: the name or the text cannot be stored.
        """
        row = CannedReplyRow(
            name=storable_key(name.strip(), "name"),
            text=storable_text(text, "text", limit=MAX_NOTE_CHARACTERS),
            changed_by=by,
            changed_utc=self._clock(),
        )
        self._database.write(lambda session: session.merge(row) and None)

    def remove(self, name: str) -> None:
        """Take a text away; nothing happens where there is none."""
        statement = delete(CannedReplyRow).where(CannedReplyRow.name == name)
        self._database.write(lambda session: session.execute(statement))

    def everything(self) -> list[CannedReply]:
        """All texts by name."""
        statement = select(CannedReplyRow).order_by(CannedReplyRow.name)
        rows = self._database.read(lambda session: session.scalars(statement).all())
        return [CannedReply(row.name, row.text, row.changed_by) for row in rows]
