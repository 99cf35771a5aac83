"""Reviews of bot messages, and the messages that are worth one. Knows no pages, no training and no order of usefulness.

Which messages are in the random sample, and which are offered to two reviewers, follows from their row number alone
(Knuth's multiplicative hashing, "The Art of Computer Programming" 3, 6.4), so that all reviewers meet the same ones.
"""

import functools
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from bot.errors import InvalidTextError, MessageNotFoundError
from bot.policy import Reason
from bot.reviews import UNCERTAIN_BELOW, Agreement, Opinion, Review, ReviewItem, Verdict, Why, agreement
from bot.storage.database import Database
from bot.storage.evidence import logged_decision, passage_row, passage_value
from bot.storage.inputs import storable_key, storable_text
from bot.storage.log_queries import conversation_row, explained_rows, logged_row
from bot.storage.people_tables import ReviewRow
from bot.storage.records import Clock, LoggedDecision
from bot.storage.tables import DecisionRow, FeedbackRow, LoggedPassageRow, MessageRow
from bot.storage.upsert import insert_missing
from bot.values import Action, Role

SAMPLE_EVERY = 20
SHARED_EVERY = 5
CANDIDATES = 500
"""Most messages of each kind that a queue holds; the rest follows when these are done."""
QUEUE_DAYS = 30
REVIEWS_A_PAGE = 500
_SAMPLE_FACTOR = 2_654_435_761
_SHARED_FACTOR = 2_246_822_519
_WORD = 2**32

_FLAGS = {
    Why.DISLIKED: FeedbackRow.helpful == false(),
    Why.UNCERTAIN: or_(
        DecisionRow.action == Action.CLARIFY.value,
        DecisionRow.confidence.is_(None),
        DecisionRow.confidence < UNCERTAIN_BELOW,
    ),
    Why.HANDED_OFF: DecisionRow.action == Action.HANDOFF.value,
}
_BY_BUTTON = and_(DecisionRow.reason == Reason.ASKED_FOR_PERSON.value, DecisionRow.intent.is_(None))
"""The customer pressed the button: the bot decided nothing."""


class Reviews:
    """What people think of the bot's messages; the latest opinion of each reviewer counts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, conversation_id: str, sequence: int, opinion: Opinion, *, reviewer: str) -> Review:
        """Keep a reviewer's opinion of a bot message; it replaces their earlier one.

        Raises:
            InvalidTextError: a text cannot be stored, a correction corrects nothing, or an approval corrects something.
            ConversationNotFoundError: no conversation has this id.
            MessageNotFoundError: ``sequence`` is no message of the bot.
        """
        name, values = storable_key(reviewer, "name"), _values(opinion)

        def work(session: Session) -> Review:
            conversation_row(session, conversation_id, lock=True)
            found = logged_row(session, conversation_id, MessageRow.sequence == sequence)
            if found is None or found[0].role != Role.BOT:
                raise MessageNotFoundError(f"conversation {conversation_id} has no bot message {sequence}")
            if opinion.passage is not None:
                insert_missing(session, LoggedPassageRow, [passage_row(opinion.passage)])
            mine = and_(ReviewRow.message_id == found[0].id, ReviewRow.reviewer == name)
            row = session.scalars(select(ReviewRow).where(mine)).one_or_none()
            if row is None:
                row = ReviewRow(message_id=found[0].id, reviewer=name)
                session.add(row)
            for column, value in {**values, "reviewed_utc": self._clock()}.items():
                setattr(row, column, value)
            intent = found[1].intent if found[1] is not None else None
            return Review(conversation_id, sequence, name, opinion, intent, row.reviewed_utc)

        return self._database.write(work)

    def of(self, conversation_id: str, sequence: int) -> list[Review]:
        """Give all reviews of one message, oldest first; empty where there is none."""
        condition = and_(MessageRow.conversation_id == conversation_id, MessageRow.sequence == sequence)
        found = self._database.read(functools.partial(_reviews, condition=condition, limit=None))
        return sorted((review for _, review in found), key=lambda review: review.reviewed_utc)

    def since(self, since_utc: datetime) -> Iterator[Review]:
        """Give all reviews from a time on, a page in memory at a time."""
        last_id = 0
        while True:
            page = and_(ReviewRow.reviewed_utc >= since_utc, ReviewRow.id > last_id)
            found = self._database.read(functools.partial(_reviews, condition=page, limit=REVIEWS_A_PAGE))
            yield from (review for _, review in found)
            if len(found) < REVIEWS_A_PAGE:
                return
            last_id = found[-1][0]

    def subject(self, conversation_id: str, sequence: int) -> LoggedDecision:
        """Give a bot message with all that the bot thought.

        Raises:
            MessageNotFoundError: there is no such message of the bot.
        """
        condition = and_(MessageRow.conversation_id == conversation_id, MessageRow.sequence == sequence)
        rows, texts = self._database.read(functools.partial(explained_rows, condition=condition, limit=1))
        if not rows:
            raise MessageNotFoundError(f"conversation {conversation_id} has no bot message {sequence}")
        return logged_decision(*rows[0], texts)

    def waiting(self, reviewer: str, *, days: int = QUEUE_DAYS) -> list[ReviewItem]:
        """Give what this reviewer may look at, without an order that means anything (see `bot.reviews.in_order`).

        Messages that the reviewer judged, that another judged, or two where two are asked, are left out.
        """
        since = self._clock() - timedelta(days=days)
        statement = _open_for(reviewer).where(MessageRow.sent_utc >= since)
        disliked = func.coalesce(_FLAGS[Why.DISLIKED], false())
        doubtful = func.coalesce(or_(_FLAGS[Why.UNCERTAIN], _FLAGS[Why.HANDED_OFF]), false())
        # Each kind is cut to its newest by itself: a thumb down is rare, and must not drown in what is merely unsure.
        kinds = (
            statement.where(_FLAGS[Why.DISLIKED]),
            statement.where(~disliked, doubtful),
            statement.where(~disliked, ~doubtful, _one_in(SAMPLE_EVERY, _SAMPLE_FACTOR)),
        )

        def work(session: Session) -> list[ReviewItem]:
            newest = [kind.order_by(MessageRow.id.desc()).limit(CANDIDATES) for kind in kinds]
            return [_item(row._mapping) for rows in newest for row in session.execute(rows)]

        return self._database.read(work)

    def count(self, reviewer: str, *, since_utc: datetime | None = None) -> int:
        """Tell how many messages a reviewer has judged, from a time on."""
        statement = select(func.count()).select_from(ReviewRow).where(ReviewRow.reviewer == reviewer)
        if since_utc is not None:
            statement = statement.where(ReviewRow.reviewed_utc >= since_utc)
        return self._database.read(lambda session: session.scalars(statement).one())

    def intents(self) -> list[str]:
        """Give all intents that reviewers named, also those that no bundle knows yet."""
        statement = select(ReviewRow.intent).where(ReviewRow.intent.is_not(None)).distinct()
        named = self._database.read(lambda session: list(session.scalars(statement)))
        return sorted(intent for intent in named if intent is not None)

    def agreement(self) -> Agreement:
        """Tell how far reviewers of the same messages agree."""
        several = select(ReviewRow.message_id).group_by(ReviewRow.message_id).having(func.count() > 1)
        condition = ReviewRow.message_id.in_(several)
        found = self._database.read(functools.partial(_reviews, condition=condition, limit=None))
        return agreement([review for _, review in found])


def _values(opinion: Opinion) -> dict[str, str | None]:
    corrections = (opinion.intent, opinion.reply_text, opinion.passage)
    if opinion.verdict is Verdict.CORRECTED and not any(corrections):
        raise InvalidTextError("a correction names the right intent, reply or passage: give one of them")
    if opinion.verdict is Verdict.APPROVED and any(corrections):
        raise InvalidTextError("what is approved has nothing to correct: save it as a correction")
    return {
        "verdict": opinion.verdict.value,
        "intent": storable_key(opinion.intent, "intent") if opinion.intent is not None else None,
        "reply_text": storable_text(opinion.reply_text, "reply") if opinion.reply_text is not None else None,
        "reply_id": storable_key(opinion.reply_id, "reply id") if opinion.reply_id is not None else None,
        "passage": passage_row(opinion.passage)["fingerprint"] if opinion.passage is not None else None,
        "note": storable_text(opinion.note, "note") if opinion.note is not None else None,
    }


def _open_for(reviewer: str) -> Select[*tuple[Any, ...]]:
    """Messages on which this reviewer's opinion is still wanted."""
    about = ReviewRow.message_id == MessageRow.id
    by_anybody = select(func.count()).select_from(ReviewRow).where(about).scalar_subquery()
    mine = select(ReviewRow.id).where(about, ReviewRow.reviewer == reviewer).exists()
    shared = _one_in(SHARED_EVERY, _SHARED_FACTOR)
    return (
        select(
            MessageRow.conversation_id,
            MessageRow.sequence,
            DecisionRow.confidence,
            shared.label("shared"),
            _one_in(SAMPLE_EVERY, _SAMPLE_FACTOR).label(Why.SAMPLE.value),
            *(func.coalesce(flag, false()).label(why.value) for why, flag in _FLAGS.items()),
        )
        .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
        .outerjoin(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
        .where(~_BY_BUTTON, ~mine, or_(by_anybody == 0, and_(shared == true(), by_anybody < 2)))
    )


def _one_in(every: int, factor: int) -> ColumnElement[bool]:
    # The row number is cut to 31 bits first: the product then fits the 63 bits that both databases count in.
    return ((MessageRow.id % 2**31) * factor) % _WORD < _WORD // every


def _item(row: Mapping[Any, Any]) -> ReviewItem:
    why = tuple(reason for reason in Why if row[reason.value])
    return ReviewItem(row["conversation_id"], row["sequence"], why, row["confidence"], bool(row["shared"]))


def _reviews(session: Session, *, condition: ColumnElement[bool], limit: int | None) -> list[tuple[int, Review]]:
    """Reviews with their row numbers, by these."""
    statement = (
        select(ReviewRow, MessageRow, DecisionRow, LoggedPassageRow)
        .join(MessageRow, MessageRow.id == ReviewRow.message_id)
        .outerjoin(DecisionRow, DecisionRow.message_id == ReviewRow.message_id)
        .outerjoin(LoggedPassageRow, LoggedPassageRow.fingerprint == ReviewRow.passage)
        .where(condition)
        .order_by(ReviewRow.id)
        .limit(limit)
    )
    found = []
    for row, message, decision, passage in session.execute(statement):
        # The types of SQLAlchemy do not say that the right side of an outer join may be None.
        thought, marked = cast(DecisionRow | None, decision), cast(LoggedPassageRow | None, passage)
        opinion = Opinion(
            Verdict(row.verdict),
            row.intent,
            row.reply_text,
            row.reply_id,
            passage_value(marked) if marked is not None else None,
            row.note,
        )
        intent = thought.intent if thought is not None else None
        review = Review(message.conversation_id, message.sequence, row.reviewer, opinion, intent, row.reviewed_utc)
        found.append((row.id, review))
    return found
