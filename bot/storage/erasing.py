"""Whose conversations there are, what hangs on them, and how all of it goes. Knows no files and no tombstones.

A row hangs on a conversation where foreign keys lead from it there, whatever table it is in: tables that come later
are counted and go as well.
"""

import functools
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, String, Table, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.storage.columns import Base
from bot.storage.database import Database
from bot.storage.proposals import erase_proposals, proposals_of
from bot.storage.search import among
from bot.storage.tables import ConversationRow, JobRow, MessageRow
from bot.values import Owner

BATCH = 100
"""Conversations that one transaction deletes, so that no customer's message waits long for it."""
_NO_PERSON = (Owner.BOT.value, Owner.CLOSED.value)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted.

    Attributes:
        rows: by table.
        replies: texts of reviewers' corrections that nobody had approved.
        approved_replies: ids of corrections that were approved: they are the company's words, so they stay.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    replies: int = 0
    approved_replies: tuple[str, ...] = ()

    def __add__(self, other: "Erased") -> "Erased":
        """Both together."""
        approved = sorted({*self.approved_replies, *other.approved_replies})
        return Erased(dict(Counter(self.rows) + Counter(other.rows)), self.replies + other.replies, tuple(approved))


class Erasing:
    """Finds and deletes whole conversations; every call may come from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_customer(self, customer_id: str) -> list[str]:
        """Ids of the conversations that a signed-in customer began, oldest first."""
        return self._ids(ConversationRow.customer_id == customer_id)

    def of_contact(self, email: str) -> list[str]:
        """Ids of the conversations in which somebody left an e-mail address, in whatever case, oldest first."""
        return self._ids(func.lower(ConversationRow.contact) == email.strip().lower())

    def same_contact(self, conversation_ids: Collection[str]) -> list[str]:
        """Ids of further conversations without a customer's id that left the same address as one of these."""
        left = select(func.lower(ConversationRow.contact)).where(ConversationRow.conversation_id.in_(conversation_ids))
        return [
            found
            for found in self._ids(func.lower(ConversationRow.contact).in_(left), ConversationRow.customer_id.is_(None))
            if found not in conversation_ids
        ]

    def known(self, conversation_ids: Collection[str]) -> list[str]:
        """Those of the ids that are there."""
        return self._database.read(
            lambda session: list(
                session.scalars(
                    select(ConversationRow.conversation_id).where(
                        among(session, ConversationRow.conversation_id, conversation_ids)
                    )
                )
            )
        )

    def customers(self, until_utc: datetime) -> list[str]:
        """Ids of all customers who began a conversation until then."""
        known = ConversationRow.customer_id.is_not(None), ConversationRow.started_utc <= until_utc
        statement = select(ConversationRow.customer_id).where(*known).distinct()
        found = self._database.read(lambda session: list(session.scalars(statement)))
        return [customer_id for customer_id in found if customer_id is not None]

    def of_customer_until(self, customer_id: str, until_utc: datetime) -> list[str]:
        """As `of_customer`, those that were begun until then."""
        return self._ids(ConversationRow.customer_id == customer_id, ConversationRow.started_utc <= until_utc)

    def idle_since(self, before_utc: datetime) -> list[str]:
        """Ids of the conversations in which nothing has happened since then, the oldest first.

        Those that wait for a person, that a person has, or in which the bot owes a reply, are open and left out.
        """
        return self._ids(*_idle(before_utc))

    def counts(self, conversation_ids: Sequence[str]) -> Erased:
        """Tell what `erase` would delete."""
        return self._each(conversation_ids, self._database.read, _counted)

    def erase(
        self,
        conversation_ids: Sequence[str],
        progress: Progress | None = None,
        *,
        idle_since: datetime | None = None,
    ) -> Erased:
        """Delete conversations with all that hangs on them, and jobs that name one; what is gone already is no error.

        A kill leaves whole batches; the same call goes on with the rest.

        Args:
            conversation_ids: any number.
            progress: told (done, all) conversations.
            idle_since: leave out those in which something has happened since then.
        """
        work = _erase if idle_since is None else functools.partial(_erase_idle, before_utc=idle_since)
        return self._each(conversation_ids, self._database.write, work, progress)

    def _each(
        self,
        conversation_ids: Sequence[str],
        run: Callable[[Callable[[Session], Erased]], Erased],
        work: Callable[[Session, Sequence[str]], Erased],
        progress: Progress | None = None,
    ) -> Erased:
        total = Erased()
        for start in range(0, len(conversation_ids), BATCH):
            batch = conversation_ids[start : start + BATCH]
            total += run(functools.partial(_of_batch, work, batch))
            if progress:
                progress(start + len(batch), len(conversation_ids))
        return total

    def _ids(self, *conditions: ColumnElement[bool]) -> list[str]:
        statement = select(ConversationRow.conversation_id).where(*conditions).order_by(ConversationRow.updated_utc)
        return self._database.read(lambda session: list(session.scalars(statement)))


def _of_batch(work: Callable[[Session, Sequence[str]], Erased], batch: Sequence[str], session: Session) -> Erased:
    return work(session, batch)


def _counted(session: Session, conversation_ids: Sequence[str]) -> Erased:
    return _counts(session, conversation_ids, *proposals_of(session, conversation_ids))


def _idle(before_utc: datetime) -> tuple[ColumnElement[bool], ...]:
    owed = exists().where(MessageRow.conversation_id == ConversationRow.conversation_id, MessageRow.awaits_reply)
    return ConversationRow.updated_utc < before_utc, ConversationRow.owner.in_(_NO_PERSON), ~owed


def _erase_idle(session: Session, conversation_ids: Sequence[str], before_utc: datetime) -> Erased:
    """Delete those that are idle still; their rows are locked, so that a message that comes now finds none."""
    wanted = _one_of(session, conversation_ids), *_idle(before_utc)
    still = list(session.scalars(select(ConversationRow.conversation_id).where(*wanted).with_for_update()))
    return _erase(session, still)


def _erase(session: Session, conversation_ids: Sequence[str]) -> Erased:
    erased = _counts(session, conversation_ids, *erase_proposals(session, conversation_ids))
    session.execute(delete(JobRow).where(JobRow.id.in_(_jobs_naming(session, conversation_ids))))
    session.execute(delete(ConversationRow).where(_one_of(session, conversation_ids)))
    return erased


def _counts(session: Session, conversation_ids: Sequence[str], replies: int, approved: Collection[str]) -> Erased:
    conditions = dict(_hanging(_one_of(session, conversation_ids)))
    found = {
        table.name: session.scalar(select(func.count()).select_from(table).where(condition)) or 0
        for table, condition in conditions.items()
    }
    found[JobRow.__tablename__] = len(_jobs_naming(session, conversation_ids))
    return Erased({name: number for name, number in found.items() if number}, replies, tuple(sorted(approved)))


def _one_of(session: Session, conversation_ids: Collection[str]) -> ColumnElement[bool]:
    return among(session, ConversationRow.conversation_id, conversation_ids)


def _hanging(condition: ColumnElement[bool]) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The table of conversations and each that hangs on it, with the condition of the rows that go."""
    conversations = Base.metadata.tables[ConversationRow.__tablename__]
    known: dict[Table, ColumnElement[bool]] = {conversations: condition}
    for table in Base.metadata.sorted_tables:
        leading = [
            key.parent.in_(select(key.column).where(known[key.column.table]))
            for key in table.foreign_keys
            if key.column.table in known and key.ondelete == "CASCADE"
        ]
        if leading:
            known[table] = or_(*leading)
    yield from known.items()


def _jobs_naming(session: Session, conversation_ids: Collection[str]) -> list[int]:
    """Jobs whose payload names a conversation; few jobs have a payload at all."""
    some = session.execute(select(JobRow.id, JobRow.payload).where(JobRow.payload.cast(String) != "{}"))
    written = [(job_id, json.dumps(payload)) for job_id, payload in some]
    return [job_id for job_id, text in written if any(name in text for name in conversation_ids)]
