"""A transcript filter as SQL, and the cheaper of two roads to the conversations that meet it.

SQLite has no statistics of its own and PostgreSQL misjudges rare values, so each part of a filter can be read in two
ways: as a condition on a conversation that is at hand (for lists by time), or as the ids that meet it (for parts that
few rows meet). A capped count of index entries says which one to take. Knows nothing of text search.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.storage.people_tables import LabelRow
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, MessageRow
from bot.storage.transcript_records import Thumb, TranscriptFilter

FEW = 2_500
"""Up to so many index entries of a part are read before anything else is looked at, to fill a page."""


class Key(NamedTuple):
    """A conversation's place in lists: newest first, ids break ties."""

    started_utc: datetime
    conversation_id: str


@dataclass(frozen=True)
class Part:
    """One thing that a filter asks for.

    Attributes:
        condition: on a row of ``conversations``; no index but that of the start can serve it.
        roads: what to count, and the ids to read where the count is low.
        newest: ids by way of the newest messages, where those lead to them.
    """

    condition: ColumnElement[bool]
    roads: tuple[tuple[Select[Any], Select[str]], ...] = ()
    newest: Select[str] | None = None


class Narrow(NamedTuple):
    """The road through few ids: they meet ``part``; ``entries`` is how many index entries lead to them."""

    part: Part
    ids: Select[str]
    entries: int


def parts_of(wanted: TranscriptFilter) -> list[Part]:
    """List what a filter asks for, its text left out."""
    parts = [*_time_parts(wanted), *_reply_parts(wanted)]
    for column, value in ((ConversationRow.channel, wanted.channel), (ConversationRow.owner, wanted.owner)):
        if value is not None:
            given = str(value)
            ids = select(ConversationRow.conversation_id).where(column == given)
            parts.append(Part(_no_index(column) == given, ((ids, ids),)))
    if wanted.label is not None:
        labelled = LabelRow.label == wanted.label
        ids = select(LabelRow.conversation_id).where(labelled)
        here = ids.where(LabelRow.conversation_id == ConversationRow.conversation_id).correlate(ConversationRow)
        parts.append(Part(_looked_up(here), ((ids, ids),)))
    if wanted.feedback is Thumb.NONE:
        thumbs = select(MessageRow.id).join(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
        any_thumb = thumbs.where(MessageRow.conversation_id == ConversationRow.conversation_id)
        parts.append(Part(~_looked_up(any_thumb.correlate(ConversationRow))))
    return parts


def narrowest(session: Session, parts: list[Part], few: int = FEW) -> Narrow | None:
    """Find the part that the fewest index entries lead to, if they are few enough to be read first."""
    best: Narrow | None = None
    for part in parts:
        for entries, ids in part.roads:
            limit = best.entries if best else few + 1
            counted = entries.with_only_columns(literal_column("1")).limit(limit).subquery()
            found = session.scalar(select(func.count()).select_from(counted)) or 0
            if found < limit:
                best = Narrow(part, ids, found)
    return best


def keys_of(session: Session, parts: list[Part], narrow: Narrow | None, after: Key | None, limit: int) -> list[Key]:
    """Give the next conversations that meet all parts, newest first."""
    statement = select(ConversationRow.started_utc, ConversationRow.conversation_id)
    if narrow is None:
        statement = statement.where(*(part.condition for part in parts))
    else:
        ids = narrow.ids.distinct().cte("few").prefix_with("MATERIALIZED")
        # The empty text keeps the planner from walking conversations and looking for each among the few.
        statement = statement.join(ids, ConversationRow.conversation_id == ids.c.conversation_id.concat(""))
        statement = statement.where(*(part.condition for part in parts if part is not narrow.part))
    if after is not None:
        started, identifier = ConversationRow.started_utc, ConversationRow.conversation_id
        behind = or_(started < after.started_utc, identifier < after.conversation_id)
        statement = statement.where(and_(started <= after.started_utc, behind))
    statement = statement.order_by(ConversationRow.started_utc.desc(), ConversationRow.conversation_id.desc())
    return [Key(*row) for row in session.execute(statement.limit(limit))]


def count_of(session: Session, parts: list[Part], narrow: Narrow | None, most: int) -> int:
    """Count the conversations that meet all parts, up to a number."""
    if narrow is not None and len(parts) == 1:
        return _count(session, narrow.ids.distinct(), most)
    for part in parts if narrow is None else []:
        for _, ids in part.roads[:1]:
            # Many entries lead here: the first of them are mostly enough to reach the number.
            first = select(ids.limit(3 * most).subquery().c.conversation_id).distinct()
            if len(parts) > 1:
                rest = [other.condition for other in parts if other is not part]
                first = select(ConversationRow.conversation_id).where(ConversationRow.conversation_id.in_(first), *rest)
            if _count(session, first, most) == most:
                return most
    return len(keys_of(session, parts, narrow, None, most))


def in_conversation(parts: list[Part], conversation_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Make the condition that the conversation of this id meets all parts."""
    conditions = (part.condition for part in parts)
    return _looked_up(
        select(ConversationRow.conversation_id).where(ConversationRow.conversation_id == conversation_id, *conditions)
    )


def _count(session: Session, ids: Select[str], most: int) -> int:
    return session.scalar(select(func.count()).select_from(ids.limit(most).subquery())) or 0


def _time_parts(wanted: TranscriptFilter) -> Iterator[Part]:
    conditions = []
    if wanted.from_utc is not None:
        conditions.append(ConversationRow.started_utc >= wanted.from_utc)
    if wanted.until_utc is not None:
        conditions.append(ConversationRow.started_utc < wanted.until_utc)
    if conditions:
        ids = select(ConversationRow.conversation_id).where(*conditions)
        yield Part(and_(*conditions), ((ids, ids),))


def _reply_parts(wanted: TranscriptFilter) -> Iterator[Part]:
    """Give the one part for all that must hold of one reply; each of its conditions can lead to the ids."""
    indexed: list[ColumnElement[bool]] = []
    plain: list[ColumnElement[bool]] = []

    def add(column: InstrumentedAttribute[Any], value: str | None) -> None:
        if value is not None:
            indexed.append(column == value)
            plain.append(_no_index(column) == value)

    add(DecisionRow.intent, wanted.intent)
    add(DecisionRow.action, wanted.action.value if wanted.action is not None else None)
    add(DecisionRow.bundle_version, wanted.bundle_version)
    if wanted.moods:
        indexed.append(DecisionRow.sentiment.in_(wanted.moods))
        plain.append(_no_index(DecisionRow.sentiment).in_(wanted.moods))
    if wanted.confidence_from is not None or wanted.confidence_to is not None:
        least = 0.0 if wanted.confidence_from is None else wanted.confidence_from
        most = 1.0 if wanted.confidence_to is None else wanted.confidence_to
        indexed.append(DecisionRow.confidence.between(least, most))
        plain.append((DecisionRow.confidence + 0.0).between(least, most))
    counted = [select(DecisionRow.message_id).where(condition) for condition in indexed]
    thumb = wanted.feedback in {Thumb.UP, Thumb.DOWN}
    if thumb:
        up = wanted.feedback is Thumb.UP
        indexed.append(FeedbackRow.helpful.is_(up))
        plain.append(func.coalesce(FeedbackRow.helpful, not up).is_(up))
        counted.append(select(FeedbackRow.message_id).where(indexed[-1]))
    roads = [(entries, [indexed[place], *plain[:place], *plain[place + 1 :]]) for place, entries in enumerate(counted)]
    if roads:
        here = MessageRow.conversation_id == ConversationRow.conversation_id
        whole = _replies(thumb).where(here, *plain).correlate(ConversationRow)
        ways = tuple((entries, _replies(thumb).where(*conditions)) for entries, conditions in roads)
        yield Part(_looked_up(whole), ways, _replies(thumb).where(*roads[0][1]).order_by(DecisionRow.message_id.desc()))


def _replies(thumb: bool) -> Select[str]:
    """The conversations' ids of replies, with their thumbs where those count."""
    statement = select(MessageRow.conversation_id).join(DecisionRow, DecisionRow.message_id == MessageRow.id)
    return statement.join(FeedbackRow, FeedbackRow.message_id == MessageRow.id) if thumb else statement


def _looked_up(here: Select[Any]) -> ColumnElement[bool]:
    # The offset keeps PostgreSQL from turning the look-ups into a join with all rows.
    return here.offset(0).exists()


def _no_index(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    return column.concat("")
