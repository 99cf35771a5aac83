"""The figures of a month of made-up conversations, on each database, against the same counted in plain Python."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.figures import MoodCount, Outcomes, Period
from bot.handoff import Move
from bot.policy import Reason
from bot.storage.store import Store
from bot.values import Action, Decision, IntentScore

ZONE = "America/New_York"
INTENTS = ("delivery", "returns", "refund")
MOODS = {"delivery": "negative", "returns": "neutral", "refund": None}
ASKED_BACK, HANDED_OFF = Reason.CLARIFY_INTENTS.value, Reason.OUT_OF_SCOPE.value


@dataclass
class Told:
    """One conversation as it was told to the store; messages are (time, role, action, intent, latency)."""

    started: datetime
    customer: str | None
    messages: list[tuple[datetime, str, str | None, str | None, float | None]] = field(default_factory=list)
    moves: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    thumbs: dict[int, bool] = field(default_factory=dict)
    rating: tuple[datetime, int] | None = None


@pytest.fixture
def told(store: Store, clock: Any, make_reply: Callable[..., Any], make_evidence: Callable[..., Any]) -> list[Told]:
    """Some 120 conversations of the last 40 days, many of them near midnight and near the end of summer time."""
    return Teller(store, clock, make_reply, make_evidence).tell(120)


@pytest.fixture
def period(clock: Any) -> Period:
    return Period.last(30, now=clock(), timezone=ZONE)


def test_outcomes_equal_the_plain_count(store: Store, told: list[Told], period: Period, clock: Any) -> None:
    expected: dict[date, Outcomes] = {day.date: Outcomes() for day in period.days}
    for one in told:
        day = local(one.started)
        if day in expected and one.messages:
            expected[day] = Outcomes.sum([expected[day], outcome(one, told, clock())])
    assert store.figures.outcomes(period) == expected
    total = Outcomes.sum(expected.values())
    assert min(total.person, total.confirmed, total.silent, total.durable, total.other) > 0
    assert total.durable < total.judged < total.confirmed + total.silent


def test_handoff_reasons_and_waits_equal_the_plain_count(store: Store, told: list[Told], period: Period) -> None:
    moves = [(at, move, reason, one) for one in told for at, move, reason in one.moves if local(at) in dates(period)]
    expected = Counter(
        reason if move == "hand_off" else "agent_stepped_in"
        for _, move, reason, _ in moves
        if move in {"hand_off", "step_in"}
    )
    assert store.figures.handoffs(period) == expected
    waits = [
        next((at - asked for at, role, *_ in one.messages if role == "agent" and at >= asked), None)
        for asked, move, _, one in moves
        if move == "hand_off"
    ]
    found = store.figures.first_answers(period)
    assert found.seconds == tuple(sorted(wait.total_seconds() for wait in waits if wait is not None))
    assert found.unanswered == waits.count(None)
    assert found.seconds


def test_ratings_equal_the_plain_count(store: Store, told: list[Told], period: Period) -> None:
    given = [(local(one.rating[0]), one.rating[1]) for one in told if one.rating]
    assert store.figures.ratings(period) == counted(period, given)


def test_intents_and_latencies_equal_the_plain_count(store: Store, told: list[Told], period: Period) -> None:
    turns = [(local(at), intent, ms) for one in told for at, role, _, intent, ms in one.messages if role == "bot"]
    assert store.figures.intents(period) == counted(period, [(day, intent) for day, intent, _ in turns])
    assert store.figures.latencies(period) == counted(period, [(day, round(ms)) for day, _, ms in turns])


def test_moods_of_intents_and_hours_equal_the_plain_count(store: Store, told: list[Told], period: Period) -> None:
    bots = [(at, intent) for one in told for at, role, _, intent, _ in one.messages if role == "bot"]
    by_day = counted(period, [(local(at), intent) for at, intent in bots if MOODS[intent or ""]])
    upset = {"delivery": lambda turns: turns, "returns": lambda turns: 0}
    assert store.figures.moods(period, ["negative", "anger"]) == {
        day: {intent: MoodCount(turns, upset[intent](turns)) for intent, turns in counts.items()}
        for day, counts in by_day.items()
    }
    start = period.start_utc.replace(minute=0)
    hours = Counter(((at - start) // timedelta(hours=1), intent) for at, intent in bots if at >= start)
    found = store.figures.hours(start, period.end_utc, ["negative"])
    assert {(one.hour, one.intent): one.turns for one in found} == hours
    assert {(one.intent, one.with_mood == one.turns, one.negative == one.turns) for one in found} == {
        ("delivery", True, True), ("returns", True, False), ("refund", False, False),
    }  # fmt: skip


def test_unanswered_are_the_newest_questions_without_an_answer(store: Store, told: list[Told], period: Period) -> None:
    expected = []
    for one in told:
        for place, (at, role, action, _, _) in enumerate(one.messages):
            later = [found for _, _, found, _, _ in one.messages[place + 1 :]]
            open_end = action == "clarify" and "answer" not in later
            if role == "bot" and local(at) in dates(period) and (action == "handoff" or open_end):
                expected.append(at)
    found = store.figures.unanswered(period)
    assert [one.decision.sent_utc for one in found] == sorted(expected, reverse=True)
    assert {one.question for one in found} == {"first line\nsecond line"}
    assert {one.decision.passages[0].passage.title for one in found} == {"Shipping"}
    assert store.figures.unanswered(period, limit=3) == found[:3]


def test_figures_of_an_empty_desk_are_zeros(store: Store, period: Period) -> None:
    assert Outcomes.sum(store.figures.outcomes(period).values()) == Outcomes()
    assert len(store.figures.outcomes(period)) == 30
    assert store.figures.handoffs(period) == {}
    assert store.figures.first_answers(period).percentile(0.5) is None
    assert store.figures.unanswered(period) == []
    assert set(map(len, store.figures.moods(period, ["negative"]).values())) == {0}
    assert store.figures.hours(period.start_utc, period.end_utc, ["negative"]) == []


class Teller:
    """Plays conversations through the store's own doors and remembers them."""

    def __init__(self, store: Store, clock: Any, make_reply: Callable[..., Any], make_evidence: Any) -> None:
        self.store, self.clock = store, clock
        self.make_reply, self.make_evidence = make_reply, make_evidence
        self.random = random.Random(7)

    def tell(self, count: int) -> list[Told]:
        now = self.clock.now
        days = [3] * (count // 5) + [40] * (count - count // 5)  # many are too young to be judged
        starts = sorted(now - timedelta(minutes=self.random.randrange(10, most * 24 * 60)) for most in days)
        told = [self._one(start) for start in starts]
        self.clock.now = now
        return told

    def _one(self, start: datetime) -> Told:
        self.clock.now = start
        one = Told(start, self.random.choice([None, "kim", "lee", "ada", "bo"]))
        started = self.store.conversations.start(channel="web", locale="en", customer_id=one.customer)
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            if one.moves:
                break
            self._turn(one, started.conversation_id)
        self._aftermath(one, started.conversation_id)
        return one

    def _turn(self, one: Told, conversation_id: str) -> None:
        for text in ("first line", "second line"):
            self.store.conversations.append_customer(conversation_id, text, f"m{len(one.messages)}")
            one.messages.append((self.clock.now, "customer", None, None, None))
        self._later(seconds=1)
        action = self.random.choice([Action.ANSWER, Action.ANSWER, Action.CLARIFY, Action.HANDOFF])
        intent, latency_ms = self.random.choice(INTENTS), self.random.randrange(1, 900) + 0.25
        reason = {Action.ANSWER: "passage", Action.CLARIFY: ASKED_BACK, Action.HANDOFF: HANDED_OFF}[action]
        reply = replace(self.make_reply(action=action), decision=Decision(action, reason, 0.5), latency_ms=latency_ms)
        evidence = self.make_evidence()
        evidence = replace(
            evidence,
            understanding=replace(evidence.understanding, ranking=(IntentScore(intent, 0.8),), sentiment=MOODS[intent]),
        )
        at = len(one.messages)
        self.store.conversations.append_reply(conversation_id, reply, evidence, answers=at, burst=[at - 1, at])
        one.messages.append((self.clock.now, "bot", action.value, intent, latency_ms))
        if action is Action.HANDOFF:
            one.moves.append((self.clock.now, "hand_off", reason))
        self._later(minutes=self.random.randrange(1, 20))

    def _aftermath(self, one: Told, conversation_id: str) -> None:
        if self.random.random() < (0.7 if one.moves else 0.07):
            self.store.ownership.move(conversation_id, Move.TAKE_OVER, by="ann")
            one.moves.append((self.clock.now, "take_over" if one.moves else "step_in", None))
            self._later(seconds=self.random.randrange(1, 9000))
            self.store.conversations.append_agent(conversation_id, "Hello", agent="ann")
            one.messages.append((self.clock.now, "agent", None, None, None))
        bots = [place for place, row in enumerate(one.messages, start=1) if row[1] == "bot"]
        for place in bots:
            if self.random.random() < 0.3:
                one.thumbs[place] = self.random.random() < 0.7
                self.store.conversations.add_feedback(conversation_id, place, helpful=one.thumbs[place])
        if self.random.random() < 0.3:
            self._later(minutes=5)
            one.rating = self.clock.now, self.random.randrange(1, 6)
            self.store.aftercare.rate(conversation_id, one.rating[1])

    def _later(self, **units: float) -> None:
        self.clock.now += timedelta(**units)


def outcome(one: Told, told: list[Told], now: datetime) -> Outcomes:
    """What the docstring of `Outcomes` says, in plain Python."""
    if one.moves:
        return Outcomes(conversations=1, person=1)
    last, _, action, _, _ = one.messages[-1]
    thumbs = set(one.thumbs.values())
    if one.rating is not None:
        confirmed, silent = one.rating[1] >= 4, False
    else:
        confirmed = thumbs == {True}
        silent = not thumbs and action == "answer" and last <= now - timedelta(hours=1)
    judged = (confirmed or silent) and last <= now - timedelta(hours=72)
    back = [
        other.started - last
        for other in told
        if one.customer and other.customer == one.customer and other.started > one.started
    ]
    durable = judged and (not back or min(back) > timedelta(hours=72))
    return Outcomes(1, 0, int(confirmed), int(silent), int(judged), int(durable))


def counted(period: Period, rows: list[tuple[date, Any]]) -> dict[date, Counter[Any]]:
    found: dict[date, Counter[Any]] = {day.date: Counter() for day in period.days}
    for day, key in rows:
        if day in found:
            found[day][key] += 1
    return found


def local(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


def dates(period: Period) -> set[date]:
    return {day.date for day in period.days}


def test_period_days_follow_the_wall_clock() -> None:
    now = datetime(2026, 11, 3, 3, 30, tzinfo=UTC)  # still the evening of the second in New York
    days = Period.last(3, now=now, timezone=ZONE).days
    assert [day.date for day in days] == [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)]
    assert [day.end_utc - day.start_utc for day in days] == [timedelta(hours=hours) for hours in (24, 25, 24)]
    assert days[-1].start_utc <= now < days[-1].end_utc
