"""The dashboard tab through Gradio's protocol, and its HTML by itself."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.figures import FirstAnswers, Outcomes, Period, savings
from bot.gaps import Gap, GapKind, QuestionGroup
from bot.settings import Settings
from ui.staff import board_tables as tables
from ui.staff.board import Board
from ui.staff.board_view import render_chart_table, render_gaps, render_questions, render_tiles

PERIOD = Period.last(3, now=datetime(2026, 11, 23, 12, tzinfo=UTC), timezone="UTC")
DAYS = [day.date for day in PERIOD.days]
ATTACK = "<img src=x onerror=alert(1)>"


def board(**changes: Any) -> Board:
    total = changes.get("total", Outcomes())
    none: dict[str, Any] = {
        "period": PERIOD,
        "outcomes": {DAYS[0]: total, DAYS[1]: Outcomes(), DAYS[2]: Outcomes()},
        "total": total,
        "saved": savings(total, minutes_per_conversation=6, agent_minute_cost=0.5),
        "handoffs": {},
        "first_answers": FirstAnswers((), 0),
        "ratings": {day: Counter() for day in DAYS},
        "intents": {day: Counter() for day in DAYS},
        "top_intents": [],
        "latencies": {day: Counter() for day in DAYS},
        "moods": {day: {} for day in DAYS},
        "questions": [],
        "gaps": [],
    }
    return Board(**{**none, **changes})


@pytest.mark.parametrize("name", ["ben", "rea", "ana"])
def test_all_staff_may_look_at_every_range(staff_site: Any, name: str) -> None:
    seen = staff_site.colleague(name).fire("st-range", "change", 7)
    assert "in 7 days" in seen
    assert "How these are counted" in seen


def test_a_range_that_is_not_offered_becomes_the_usual_one(staff_site: Any) -> None:
    assert "in 30 days" in staff_site.colleague("ben").fire("st-range", "change", 30)
    assert "in 10000 days" not in staff_site.colleague("ben").fire("st-range", "change", 10_000)


def test_nobody_looks_after_logging_out(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    body = colleague.body("st-range", "change", [7])
    colleague.client.post("/staff/logout")
    assert colleague.client.post("/staff/console/gradio_api/queue/join", json=body).status_code in {401, 403}


def test_tiles_keep_confirmed_silent_and_durable_apart() -> None:
    total = Outcomes(conversations=20, person=5, confirmed=6, silent=4, judged=8, durable=6)
    settings = Settings(agent_minute_cost=0.5, currency="<EUR>")
    shown = render_tiles(board(total=total, first_answers=FirstAnswers((30.0, 7200.0), 3)), settings)
    for words in ("30%", "20%", "75%", "25%", "6 of 8", "18–30 &lt;EUR&gt;", "0.6–1.0 hours", "30 s", "2.0 h", "3 una"):
        assert words in shown, words


def test_tiles_of_nothing_show_no_percent_and_no_money() -> None:
    shown = render_tiles(board(), Settings())
    assert "%" not in shown
    assert "set agent_minute_cost" in shown


def test_questions_and_gaps_are_escaped() -> None:
    gap = Gap(GapKind.ARTICLE, ATTACK, 2, 0.1, (ATTACK,))
    for shown in (render_questions([QuestionGroup(ATTACK, ())]), render_gaps([gap], str)):
        assert "<img" not in shown
        assert "&lt;img" in shown


def test_each_plot_has_its_rows_in_a_table_and_none_without_figures() -> None:
    full = board(
        total=Outcomes(3, 1, 1, 1, 0, 0),
        handoffs={"out_of_scope": 1, "agent_stepped_in": 4},
        ratings={DAYS[0]: Counter({5: 2, 1: 1}), DAYS[1]: Counter(), DAYS[2]: Counter()},
        latencies={DAYS[0]: Counter({10: 19, 80: 1}), DAYS[1]: Counter(), DAYS[2]: Counter()},
    )
    assert tables.handoffs(full).rows == (("Agent stepped in", 4), ("Out of scope", 1))
    assert tables.ratings(full).rows == (("1 ★", 1), ("2 ★", 0), ("3 ★", 0), ("4 ★", 0), ("5 ★", 2))
    assert tables.rating_means(full).rows == ((DAYS[0].isoformat(), 3.67),)
    assert [row[2] for row in tables.latencies(full).rows] == [10, 10]
    assert sum(int(row[2]) for row in tables.conversations(full).rows) == 3
    assert render_chart_table("Ratings", tables.ratings(full)).count("<tr>") == 6
    for table in (tables.conversations, tables.handoffs, tables.ratings, tables.rating_means, tables.latencies):
        assert table(board()).rows == ()
        assert render_chart_table("Nothing", table(board())) == ""


def test_a_day_is_the_same_day_in_every_browsers_zone() -> None:
    frame = tables.Table(("Day", "Turns"), (("2026-11-23", 1),)).frame()
    assert str(frame["Day"][0]) == "2026-11-23 12:00:00"
