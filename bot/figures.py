"""The desk's figures as values, and what is reckoned from them. Knows no storage and no pages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.values import Action

Number = TypeVar("Number", int, float)
QUIET = timedelta(hours=1)
"""A customer who has not written for so long after the bot's answer has left."""
DURABLE = timedelta(hours=72)
"""A solution that brought its customer back within this time was none."""
GOOD_RATING = 4
STEPPED_IN = "agent_stepped_in"
"""Reason of a hand-off that no reply announced: an agent took the conversation from the bot."""


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day of the desk's time zone; 23 or 25 hours long where clocks change. Ends before ``end_utc``."""

    date: date
    start_utc: datetime
    end_utc: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """Days in a row, oldest first; the last one is still running."""

    days: tuple[Day, ...]

    @classmethod
    def last(cls, count: int, *, now: datetime, timezone: str) -> "Period":
        """The last ``count`` days with today, as the wall clock of a time zone (IANA) counts them."""
        zone = ZoneInfo(timezone)
        today = now.astimezone(zone).date()
        dates = [today - timedelta(days=back) for back in reversed(range(-1, count))]
        starts = [datetime.combine(day, time.min, zone).astimezone(UTC) for day in dates]
        return cls(tuple(map(Day, dates, starts, starts[1:])))

    @property
    def start_utc(self) -> datetime:
        """When its first day begins."""
        return self.days[0].start_utc

    @property
    def end_utc(self) -> datetime:
        """When its last day ends; not part of it."""
        return self.days[-1].end_utc


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How conversations ended so far, counted on the day when they began. Those without a message are left out.

    Attributes:
        conversations: all of them.
        person: handed off by the bot, or taken over by an agent, at any time.
        confirmed: no person, and the customer said that it was good: a rating of 4 or 5, or without a rating a thumb
            up and none down.
        silent: no person and no word on how it was; the bot's last message answers, and the customer has written
            nothing for an hour. Nobody knows whether they were content.
        judged: of ``confirmed`` and ``silent`` those whose last message is 72 hours old.
        durable: of ``judged`` those whose customer began no other conversation within 72 hours of the last message.
            Only customers whom the company's site has named can be known again; anonymous ones always count.
    """

    conversations: int = 0
    person: int = 0
    confirmed: int = 0
    silent: int = 0
    judged: int = 0
    durable: int = 0

    @property
    def other(self) -> int:
        """Neither solved nor handed off: still running, left after a question of the bot, or disliked."""
        return self.conversations - self.person - self.confirmed - self.silent

    @classmethod
    def sum(cls, parts: Iterable["Outcomes"]) -> "Outcomes":
        """All of them together."""
        rows = list(parts)
        return cls(*(sum(getattr(row, part.name) for row in rows) for part in fields(cls)))


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """How long customers waited for a person: seconds from each hand-off to the agent's first message after it.

    Attributes:
        seconds: of the hand-offs that an agent has answered, shortest first.
        unanswered: hand-offs that no agent has answered (so far).
    """

    seconds: tuple[float, ...]
    unanswered: int

    def percentile(self, share: float) -> float | None:
        """Within how many seconds this share (0..1) was answered; None where nobody was."""
        return percentile(Counter(self.seconds), share)


@dataclass(frozen=True, slots=True)
class IntentTrend:
    """How often an intent was the likeliest one of a turn, and in the two halves of the period."""

    intent: str
    turns: int
    earlier: int
    later: int


@dataclass(frozen=True, slots=True)
class MoodCount:
    """Turns whose mood is known, and how many of them were negative."""

    turns: int = 0
    negative: int = 0


@dataclass(frozen=True, slots=True)
class MoodTopic:
    """An intent's turns of known mood over a period, the negative ones, and the shares of its two halves.

    Attributes:
        earlier: share of negative turns in the first half, 0..1; None where there were none, as ``later``.
    """

    intent: str
    turns: int
    negative: int
    earlier: float | None
    later: float | None


@dataclass(frozen=True, slots=True)
class HourCount:
    """Turns of one intent in one hour: all, those whose mood is known, and the negative ones.

    Attributes:
        hour: 0 for the first hour that was asked for.
        intent: the likeliest one; None where there was no ranking.
    """

    hour: int
    intent: str | None
    turns: int
    with_mood: int
    negative: int


@dataclass(frozen=True, slots=True)
class Savings:
    """Work that people did not have to do: at least what customers confirmed, at most what ended in silence too."""

    hours_at_least: float
    hours_at_most: float
    cost_at_least: float
    cost_at_most: float


def percentile(histogram: Mapping[Number, int], share: float) -> Number | None:
    """The smallest value that at least this share (0..1) of all counted ones does not exceed; None of none."""
    wanted, seen = share * sum(histogram.values()), 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= wanted:
            return value
    return None


def trends(days: Mapping[date, Mapping[str, int]], period: Period, *, limit: int) -> list[IntentTrend]:
    """The most frequent intents, first the one with the most turns; an odd day in the middle is of the later half."""
    halves = Counter[str](), Counter[str]()
    middle = period.days[len(period.days) // 2].date
    for day, counts in days.items():
        halves[day >= middle].update(counts)
    both = halves[0] + halves[1]
    top = sorted(both, key=lambda intent: (-both[intent], intent))[:limit]
    return [IntentTrend(intent, both[intent], halves[0][intent], halves[1][intent]) for intent in top]


def sum_moods(parts: Iterable[MoodCount]) -> MoodCount:
    """All of them together."""
    rows = list(parts)
    return MoodCount(sum(one.turns for one in rows), sum(one.negative for one in rows))


def mood_topics(days: Mapping[date, Mapping[str, MoodCount]]) -> list[MoodTopic]:
    """Intents by how many of their turns were negative, most first; an odd day in the middle is of the later half."""
    dates = sorted(days)
    halves = dates[: len(dates) // 2], dates[len(dates) // 2 :]
    topics = []
    for intent in {intent for counts in days.values() for intent in counts}:
        parts = [sum_moods(days[day].get(intent, MoodCount()) for day in half) for half in halves]
        both = sum_moods(parts)
        topics.append(MoodTopic(intent, both.turns, both.negative, *(share(one.negative, one.turns) for one in parts)))
    return sorted(topics, key=lambda one: (-one.negative, -one.turns, one.intent))


def savings(outcomes: Outcomes, *, minutes_per_conversation: float, agent_minute_cost: float) -> Savings:
    """Conversations that the bot answered alone, times what one takes a person, times what their minute costs."""
    low = outcomes.confirmed * minutes_per_conversation
    high = (outcomes.confirmed + outcomes.silent) * minutes_per_conversation
    return Savings(low / 60, high / 60, low * agent_minute_cost, high * agent_minute_cost)


def mean_rating(ratings: Mapping[int, int]) -> float | None:
    """Mean of ratings (1..5) by how often each was given; None of none."""
    given = sum(ratings.values())
    return sum(rating * count for rating, count in ratings.items()) / given if given else None


def merged(days: Iterable[Mapping[int, int]]) -> Counter[int]:
    """One histogram of several."""
    return sum((Counter(day) for day in days), Counter[int]())


def share(part: int, whole: int) -> float | None:
    """Part of a whole, 0..1; None where there is no whole."""
    return part / whole if whole else None


UNANSWERED_ACTIONS: Sequence[Action] = (Action.CLARIFY, Action.HANDOFF)
