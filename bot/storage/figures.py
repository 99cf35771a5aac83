"""What happened at the desk in numbers, for the dashboard. Reads only; knows no thresholds, no money and no pages."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.figures import STEPPED_IN, FirstAnswers, HourCount, MoodCount, Outcomes, Period
from bot.storage import figure_queries as queries
from bot.storage.database import Database
from bot.storage.evidence import fingerprints, logged_decision
from bot.storage.records import Clock, LoggedDecision
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, LoggedPassageRow, MessageRow


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that found no answer: what the bot decided instead, and what the customer had written.

    Attributes:
        question: all messages of the burst, a line each.
        locale: BCP 47, of the conversation.
    """

    decision: LoggedDecision
    question: str
    locale: str


class Figures:
    """Counts over a period. Days without anything are there, with zeros."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def outcomes(self, period: Period) -> dict[date, Outcomes]:
        """How the conversations ended that began on each day."""
        counted = {day.date: Outcomes() for day in period.days}
        for number, *counts in self._rows(queries.outcomes_by_day(period, self._clock())):
            counted[period.days[number].date] = Outcomes(*counts)
        return counted

    def handoffs(self, period: Period) -> dict[str, int]:
        """How often conversations left the bot, by reason; `bot.figures.STEPPED_IN` where an agent took them."""
        return {reason or STEPPED_IN: count for reason, count in self._rows(queries.handoffs(period))}

    def first_answers(self, period: Period) -> FirstAnswers:
        """How long customers waited for a person after the hand-offs of the period."""
        waits = [(asked, answered) for asked, answered in self._rows(queries.first_answers(period))]
        seconds = sorted((answered - asked).total_seconds() for asked, answered in waits if answered is not None)
        return FirstAnswers(tuple(seconds), len(waits) - len(seconds))

    def ratings(self, period: Period) -> dict[date, Counter[int]]:
        """How often each rating (1..5) was given on each day."""
        return self._by_day(period, queries.ratings_by_day(period))

    def intents(self, period: Period) -> dict[date, Counter[str]]:
        """How many of the bot's turns on each day were of each intent, the likeliest one of the turn."""
        return self._by_day(period, queries.intents_by_day(period))

    def moods(self, period: Period, negative: Collection[str]) -> dict[date, dict[str, MoodCount]]:
        """How many turns on each day were negative, by intent; only turns whose mood is known count.

        Args:
            negative: the moods that count as negative.
        """
        counted: dict[date, dict[str, MoodCount]] = {day.date: {} for day in period.days}
        for number, intent, turns, upset in self._rows(queries.moods_by_day(period, negative)):
            counted[period.days[number].date][intent] = MoodCount(turns, upset)
        return counted

    def hours(self, start_utc: datetime, end_utc: datetime, negative: Collection[str]) -> list[HourCount]:
        """Turns by hour and intent from a full hour on; hours without any are left out."""
        return [HourCount(*row) for row in self._rows(queries.turns_by_hour(start_utc, end_utc, negative))]

    def latencies(self, period: Period) -> dict[date, Counter[int]]:
        """How often a reply took so many whole milliseconds, from the durable message to the composed reply."""
        return self._by_day(period, queries.latencies_by_day(period))

    def unanswered(self, period: Period, *, limit: int = 500) -> list[Unanswered]:
        """The newest questions that the bot did not answer, newest first.

        It handed off for another reason than the customer's wish or a failure, or it asked back and gave no answer
        later in that conversation.
        """
        return self._database.read(lambda session: _unanswered(session, period, limit))

    def _rows(self, statement: queries.Rows) -> Sequence[Any]:
        return self._database.read(lambda session: session.execute(statement).all())

    def _by_day(self, period: Period, statement: queries.Rows) -> dict[date, Counter[Any]]:
        counted: dict[date, Counter[Any]] = {day.date: Counter() for day in period.days}
        for number, key, count in self._rows(statement):
            counted[period.days[number].date][key] += count
        return counted


def _unanswered(session: Session, period: Period, limit: int) -> list[Unanswered]:
    statement = (
        select(MessageRow, DecisionRow, FeedbackRow, ConversationRow.locale)
        .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
        .join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
        .outerjoin(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
        .where(queries.unanswered(period))
        .order_by(MessageRow.sent_utc.desc(), MessageRow.id.desc())
        .limit(limit)
    )
    rows = session.execute(statement).all()
    keys = fingerprints(row[1] for row in rows)
    passages = session.scalars(select(LoggedPassageRow).where(LoggedPassageRow.fingerprint.in_(keys)))
    texts = {passage.fingerprint: passage for passage in passages}
    questions = _questions(session, [row[0] for row in rows])
    return [
        Unanswered(logged_decision((message, decision, thumb), decision, texts), questions[message.id], locale)
        for message, decision, thumb, locale in rows
    ]


def _questions(session: Session, replies: Sequence[MessageRow]) -> dict[int, str]:
    """What each reply answers, by the reply's row id: a burst as its lines."""
    asked = MessageRow.__table__.alias("asked")
    burst = and_(asked.c.conversation_id == MessageRow.conversation_id, asked.c.answered_by == MessageRow.sequence)
    statement = (
        select(MessageRow.id, asked.c.text)
        .join(asked, burst)
        .where(MessageRow.id.in_([reply.id for reply in replies]))
        .order_by(MessageRow.id, asked.c.sequence)
    )
    lines: dict[int, list[str]] = {reply.id: [] for reply in replies}
    for reply_id, text in session.execute(statement):
        lines[reply_id].append(text)
    return {reply_id: "\n".join(texts) for reply_id, texts in lines.items()}
