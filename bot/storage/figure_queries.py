"""The statements behind the figures. Every one is bounded by a period and uses an index for it; knows no policy."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from bot.figures import DURABLE, GOOD_RATING, QUIET, UNANSWERED_ACTIONS, Period
from bot.handoff import Move
from bot.policy import Reason
from bot.storage.columns import UtcDateTime
from bot.storage.elapsed import seconds_between
from bot.storage.people_tables import TransitionRow
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, MessageRow
from bot.values import Action, Owner, Role

Rows = Select[*tuple[Any, ...]]
Condition = ColumnElement[bool]
_NO_QUESTION = (Reason.ASKED_FOR_PERSON, Reason.MODEL_FAILURE)
"""Reasons of hand-offs that say nothing about what the bot does not know."""


def days_of(period: Period) -> CTE:
    """The days as a table: number, first moment, first moment after it."""
    moment = UtcDateTime()
    rows = [
        select(
            literal(number).label("number"),
            literal(day.start_utc, moment).label("starts"),
            literal(day.end_utc, moment).label("ends"),
        )
        for number, day in enumerate(period.days)
    ]
    return union_all(*rows).cte("days")


def outcomes_by_day(period: Period, now: datetime) -> Rows:
    """Day number, then the counts of `bot.figures.Outcomes` in its order."""
    facts = _facts(period, now).subquery()
    alone = or_(facts.c.confirmed, facts.c.silent)
    judged = and_(alone, facts.c.last_utc <= now - DURABLE)
    returned_s = seconds_between(facts.c.last_utc, facts.c.next_utc)
    durable = and_(judged, or_(facts.c.next_utc.is_(None), returned_s > DURABLE.total_seconds()))
    return select(
        facts.c.number,
        func.count(),
        _count(facts.c.person),
        _count(facts.c.confirmed),
        _count(facts.c.silent),
        _count(judged),
        _count(durable),
    ).group_by(facts.c.number)


def _facts(period: Period, now: datetime) -> Rows:
    """A row for each conversation that began in the period and has a message."""
    days, last, thumbs = days_of(period), aliased(MessageRow), _thumbs(period).subquery()
    here = TransitionRow.conversation_id == ConversationRow.conversation_id
    person = exists().where(here, TransitionRow.move.in_([Move.HAND_OFF.value, Move.TAKE_OVER.value]))
    rating, unrated = ConversationRow.rating, ConversationRow.rating.is_(None)
    good = or_(rating >= GOOD_RATING, and_(unrated, thumbs.c.up > 0, thumbs.c.down == 0))
    unheard = and_(unrated, thumbs.c.conversation_id.is_(None))
    left = and_(DecisionRow.action == Action.ANSWER.value, last.sent_utc <= now - QUIET)
    later = aliased(ConversationRow)
    next_utc = (
        select(func.min(later.started_utc))
        .where(later.customer_id == ConversationRow.customer_id, later.started_utc > ConversationRow.started_utc)
        .scalar_subquery()
    )
    return (
        select(
            days.c.number.label("number"),
            person.label("person"),
            and_(~person, func.coalesce(good, False)).label("confirmed"),
            and_(~person, unheard, func.coalesce(left, False)).label("silent"),
            last.sent_utc.label("last_utc"),
            next_utc.label("next_utc"),
        )
        .select_from(days)
        .join(ConversationRow, _within(ConversationRow.started_utc, days))
        .join(
            last,
            and_(
                last.conversation_id == ConversationRow.conversation_id, last.sequence == ConversationRow.last_sequence
            ),
        )
        .outerjoin(DecisionRow, DecisionRow.message_id == last.id)
        .outerjoin(thumbs, thumbs.c.conversation_id == ConversationRow.conversation_id)
    )


def _thumbs(period: Period) -> Rows:
    """How many of a conversation's messages have a thumb up, and down."""
    return (
        select(
            MessageRow.conversation_id,
            _count(FeedbackRow.helpful).label("up"),
            _count(~FeedbackRow.helpful).label("down"),
        )
        .join(MessageRow, MessageRow.id == FeedbackRow.message_id)
        .where(MessageRow.sent_utc >= period.start_utc)
        .group_by(MessageRow.conversation_id)
    )


def handoffs(period: Period) -> Rows:
    """Reasons with counts; None for an agent who took a conversation from the bot unasked."""
    left_the_bot = TransitionRow.from_owner == Owner.BOT.value, TransitionRow.to_owner != Owner.CLOSED.value
    reason = case((TransitionRow.move == Move.HAND_OFF.value, TransitionRow.reason))
    return (
        select(reason, func.count())
        .where(*left_the_bot, TransitionRow.at_utc >= period.start_utc, TransitionRow.at_utc < period.end_utc)
        .group_by(reason)
    )


def first_answers(period: Period) -> Rows:
    """When the bot handed off, and when an agent first wrote after that."""
    by_agent = MessageRow.role == Role.AGENT.value, MessageRow.sent_utc >= TransitionRow.at_utc
    answered = (
        select(func.min(MessageRow.sent_utc))
        .where(MessageRow.conversation_id == TransitionRow.conversation_id, *by_agent)
        .scalar_subquery()
    )
    return select(TransitionRow.at_utc, answered).where(
        TransitionRow.move == Move.HAND_OFF.value,
        TransitionRow.at_utc >= period.start_utc,
        TransitionRow.at_utc < period.end_utc,
    )


def ratings_by_day(period: Period) -> Rows:
    """Day number on which it was given, rating, count."""
    days = days_of(period)
    return (
        select(days.c.number, ConversationRow.rating, func.count())
        .select_from(days)
        .join(ConversationRow, _within(ConversationRow.rated_utc, days))
        .where(ConversationRow.rating.is_not(None))
        .group_by(days.c.number, ConversationRow.rating)
    )


def intents_by_day(period: Period) -> Rows:
    """Day number, likeliest intent of a turn, count of turns."""
    days = days_of(period)
    return _decided(
        select(days.c.number, DecisionRow.intent, func.count()).where(DecisionRow.intent.is_not(None)), days
    ).group_by(days.c.number, DecisionRow.intent)


def moods_by_day(period: Period, negative: Collection[str]) -> Rows:
    """Day number, likeliest intent of a turn, turns whose mood is known, negative ones."""
    days = days_of(period)
    upset = _count(DecisionRow.sentiment.in_(negative))
    known = DecisionRow.intent.is_not(None), DecisionRow.sentiment.is_not(None)
    return _decided(select(days.c.number, DecisionRow.intent, func.count(), upset).where(*known), days).group_by(
        days.c.number, DecisionRow.intent
    )


def turns_by_hour(start_utc: datetime, end_utc: datetime, negative: Collection[str]) -> Rows:
    """Hour since the start, likeliest intent of a turn, turns, turns whose mood is known, negative ones."""
    since = literal(start_utc, UtcDateTime())
    # SQLite's times are floating days: a quarter of a millisecond keeps the first moment of an hour in its hour.
    hour = cast(func.floor((seconds_between(since, MessageRow.sent_utc) + 0.00025) / 3600), Integer)
    return (
        select(
            hour,
            DecisionRow.intent,
            func.count(),
            func.count(DecisionRow.sentiment),
            _count(DecisionRow.sentiment.in_(negative)),
        )
        .join(MessageRow, DecisionRow.message_id == MessageRow.id)
        .where(MessageRow.sent_utc >= start_utc, MessageRow.sent_utc < end_utc)
        .group_by(hour, DecisionRow.intent)
    )


def latencies_by_day(period: Period) -> Rows:
    """Day number, latency of a reply in whole milliseconds, count of replies."""
    days = days_of(period)
    latency_ms = cast(func.round(DecisionRow.latency_ms), Integer)
    return _decided(
        select(days.c.number, latency_ms, func.count()).where(DecisionRow.latency_ms.is_not(None)), days
    ).group_by(days.c.number, latency_ms)


def unanswered(period: Period) -> Condition:
    """Condition on a bot message and its decision: it asked back or handed off, and the question found no answer."""
    later, decided = aliased(MessageRow), aliased(DecisionRow)
    answered_later = (
        exists()
        .where(later.conversation_id == MessageRow.conversation_id, later.sequence > MessageRow.sequence)
        .where(decided.message_id == later.id, decided.action == Action.ANSWER.value)
    )
    return and_(
        MessageRow.sent_utc >= period.start_utc,
        MessageRow.sent_utc < period.end_utc,
        DecisionRow.action.in_([action.value for action in UNANSWERED_ACTIONS]),
        DecisionRow.reason.not_in([reason.value for reason in _NO_QUESTION]),
        or_(DecisionRow.action == Action.HANDOFF.value, ~answered_later),
    )


def _decided(statement: Rows, days: CTE) -> Rows:
    return (
        statement.select_from(days)
        .join(MessageRow, _within(MessageRow.sent_utc, days))
        .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
    )


def _within(moment: SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None], days: CTE) -> Condition:
    return and_(moment >= days.c.starts, moment < days.c.ends)


def _count(condition: SQLColumnExpression[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
