"""All figures of the dashboard for one range, read once and kept for a minute. Knows no gradio and no HTML."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.figures import FirstAnswers, IntentTrend, MoodCount, Outcomes, Period, Savings, savings, trends
from bot.gaps import Gap, QuestionGroup, knowledge_gaps, question_groups
from bot.storage.records import utc_now
from ui.staff.services import StaffServices

_KEPT_S = 60
_TOP_INTENTS = 8
_TOP_GROUPS = 10


@dataclass(frozen=True)
class Board:
    """What the dashboard shows of a period; mappings by day hold every day, oldest first."""

    period: Period
    outcomes: Mapping[date, Outcomes]
    total: Outcomes
    saved: Savings
    handoffs: Mapping[str, int]
    first_answers: FirstAnswers
    ratings: Mapping[date, Counter[int]]
    intents: Mapping[date, Counter[str]]
    top_intents: list[IntentTrend]
    latencies: Mapping[date, Counter[int]]
    moods: Mapping[date, Mapping[str, MoodCount]]
    questions: list[QuestionGroup]
    gaps: list[Gap]


class Boards:
    """Gives boards; one that is younger than a minute is given again, as several people look at the same."""

    def __init__(self, services: StaffServices) -> None:
        self._services = services
        self._read_at = lru_cache(maxsize=8)(self._read)

    def of_last(self, days: int) -> Board:
        """The board of the last so many days with today."""
        return self._read_at(days, int(time.monotonic() // _KEPT_S))

    def _read(self, days: int, _minute: int) -> Board:
        settings, figures = self._services.settings, self._services.store.figures
        models = self._services.live.current()
        period = Period.last(days, now=utc_now(), timezone=settings.timezone)
        outcomes, intents, turns = figures.outcomes(period), figures.intents(period), figures.unanswered(period)
        total = Outcomes.sum(outcomes.values())
        saved = savings(
            total,
            minutes_per_conversation=settings.minutes_per_conversation,
            agent_minute_cost=settings.agent_minute_cost,
        )
        return Board(
            period=period,
            outcomes=outcomes,
            total=total,
            saved=saved,
            handoffs=figures.handoffs(period),
            first_answers=figures.first_answers(period),
            ratings=figures.ratings(period),
            intents=intents,
            top_intents=trends(intents, period, limit=_TOP_INTENTS),
            latencies=figures.latencies(period),
            moods=figures.moods(period, settings.alerts.negative_moods),
            questions=question_groups(turns, models)[:_TOP_GROUPS],
            gaps=knowledge_gaps(turns, models.rules)[:_TOP_GROUPS],
        )
