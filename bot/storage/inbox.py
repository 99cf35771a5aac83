"""The conversations that staff look after: waiting, an agent's own, the newest of all. Gives no whole transcript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.inputs import is_storable
from bot.storage.log_queries import conversation_row
from bot.storage.tables import ConversationRow, DecisionRow, MessageRow
from bot.values import Owner, Role


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A conversation as a line of a list.

    Attributes:
        agent: login name of whoever has it.
        waiting_since_utc: since when it waits for a person.
        last_role: who wrote the newest message; None in an empty conversation.
        mood: the customer's at the newest turn that the bot read; None where it never told one.
    """

    conversation_id: str
    owner: Owner
    agent: str | None
    channel: str
    locale: str
    started_utc: datetime
    updated_utc: datetime
    waiting_since_utc: datetime | None
    handoff_reason: str | None
    customer_id: str | None
    customer_name: str | None
    contact: str | None
    last_text: str
    last_role: Role | None
    mood: str | None


Signature = tuple[tuple[str, str, str | None, int], ...]
"""Differs when a list of people's conversations, or the open conversation, looks different."""


class Inbox:
    """Lists for the console."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(
        self, *, limit: int = 200, angry: Sequence[str] = (), counts: timedelta = timedelta()
    ) -> list[InboxItem]:
        """Conversations that wait for a person, in the order of `by_priority`.

        Args:
            angry: moods that move a conversation forward.
            counts: how much longer such a conversation counts as waiting.
        """
        here = _items().where(ConversationRow.owner == Owner.QUEUE.value)
        here = here.order_by(ConversationRow.waiting_since_utc).limit(limit)
        found = self._read(here)
        if angry and counts:
            # Whoever is among the first of all is among those that wait longest, or among the angry ones that do.
            found += self._read(here.where(_mood().in_(angry)))
        return by_priority(found, angry, counts)[:limit]

    def of_agent(self, agent: str, *, limit: int = 200) -> list[InboxItem]:
        """Conversations that an agent has, the one that changed last first."""
        here = _items().where(ConversationRow.owner == Owner.AGENT.value, ConversationRow.agent == agent)
        return self._read(here.order_by(ConversationRow.updated_utc.desc()).limit(limit))

    def newest(self, *, limit: int = 100) -> list[InboxItem]:
        """Conversations of all owners, the one that changed last first."""
        return self._read(_items().order_by(ConversationRow.updated_utc.desc()).limit(limit))

    def get(self, conversation_id: str) -> InboxItem:
        """Give one conversation.

        Raises:
            ConversationNotFoundError: no conversation has this id.
        """

        def work(session: Session) -> InboxItem:
            conversation_row(session, conversation_id)
            here = _items().where(ConversationRow.conversation_id == conversation_id)
            return _item(*session.execute(here).one())

        return self._database.read(work)

    def count_waiting(self) -> int:
        """How many conversations wait for a person."""
        statement = select(func.count()).where(ConversationRow.owner == Owner.QUEUE.value)
        return self._database.read(lambda session: session.scalar(statement)) or 0

    def signature(self, opened: str) -> Signature:
        """What a page shows that has a conversation open (empty: none), in a form to compare."""
        columns = select(
            ConversationRow.conversation_id, ConversationRow.owner, ConversationRow.agent, ConversationRow.revision
        )
        people = ConversationRow.owner.in_([Owner.QUEUE.value, Owner.AGENT.value])
        known = opened if is_storable(opened) else ""
        statement = columns.where(or_(people, ConversationRow.conversation_id == known))
        rows = self._database.read(
            lambda session: session.execute(statement.order_by(ConversationRow.conversation_id)).all()
        )
        return tuple((row.conversation_id, row.owner, row.agent, row.revision) for row in rows)

    def newest_change(self) -> int:
        """The time of the newest change of any conversation, in microseconds; one look at an index."""
        newest = self._database.read(lambda session: session.scalar(select(func.max(ConversationRow.updated_utc))))
        return 0 if newest is None else int((newest - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)

    def _read(self, statement: Select[ConversationRow, MessageRow, str | None]) -> list[InboxItem]:
        return self._database.read(lambda session: [_item(*row) for row in session.execute(statement)])


def by_priority(items: Iterable[InboxItem], angry: Sequence[str], counts: timedelta) -> list[InboxItem]:
    """Conversations by the time that they count as waiting, longest first, each once.

    An angry customer counts as waiting ``counts`` longer than they do. Since that is all, nobody starves: only those
    who came less than ``counts`` later can be served before somebody.
    """

    def since(item: InboxItem) -> datetime:
        began = item.waiting_since_utc or item.updated_utc
        return began - counts if item.mood in angry else began

    return sorted({item.conversation_id: item for item in items}.values(), key=since)


def _mood() -> ScalarSelect[str | None]:
    """The mood in the newest decision of a conversation that has one."""
    return (
        select(DecisionRow.sentiment)
        .join(MessageRow, MessageRow.id == DecisionRow.message_id)
        .where(MessageRow.conversation_id == ConversationRow.conversation_id, DecisionRow.sentiment.is_not(None))
        .order_by(MessageRow.sequence.desc())
        .limit(1)
        .correlate(ConversationRow)
        .scalar_subquery()
    )


def _items() -> Select[ConversationRow, MessageRow, str | None]:
    last = (MessageRow.conversation_id == ConversationRow.conversation_id) & (
        MessageRow.sequence == ConversationRow.last_sequence
    )
    return select(ConversationRow, MessageRow, _mood()).outerjoin(MessageRow, last)


def _item(row: ConversationRow, last: MessageRow | None, mood: str | None) -> InboxItem:
    return InboxItem(
        conversation_id=row.conversation_id,
        owner=Owner(row.owner),
        agent=row.agent,
        channel=row.channel,
        locale=row.locale,
        started_utc=row.started_utc,
        updated_utc=row.updated_utc,
        waiting_since_utc=row.waiting_since_utc,
        handoff_reason=row.handoff_reason,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        contact=row.contact,
        last_text="" if last is None else last.text,
        last_role=None if last is None else Role(last.role),
        mood=mood,
    )
