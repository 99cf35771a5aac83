"""The console's dashboard tab: tiles, plots with tables, lists. All staff may look. Knows no SQL and no reckoning."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio
from gradio.context import Context

from bot.compose import intent_title
from ui.staff import board_tables as tables
from ui.staff.alerts_bar import build_alerts
from ui.staff.board import Board, Boards
from ui.staff.board_view import (
    render_chart_table,
    render_empty,
    render_gaps,
    render_mood_topics,
    render_questions,
    render_tiles,
    render_trends,
)
from ui.staff.caller import member_of, told
from ui.staff.services import StaffServices

RANGES = (("7 days", 7), ("30 days", 30), ("90 days", 90))
USUAL_RANGE = 30
_HEIGHT = 260
_COLOURS = {
    tables.CONFIRMED: "#0f766e",
    tables.SILENT: "#5eaaa3",
    tables.PERSON: "#c2762b",
    tables.OTHER: "#94a3b8",
}
_PLAIN: dict[str, Any] = {"elem_classes": "st-flat", "apply_default_css": False, "padding": False}


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot with its title, its table and what stands in its place while there is nothing to draw."""

    title: str
    table: Callable[[Board], tables.Table]
    empty: str
    mark: type[gradio.LinePlot] | type[gradio.BarPlot]
    look: dict[str, Any]


def build_dashboard(services: StaffServices) -> None:
    """Put the dashboard into the current tab."""
    name = partial(intent_title, titles=services.settings.intent_titles)
    boards, charts = Boards(services), _charts(name)
    build_alerts(services, name)
    with gradio.Row(elem_classes="st-range"):
        days = gradio.Radio(list(RANGES), value=USUAL_RANGE, label="Range", elem_id="st-range")
        again = gradio.Button("Refresh", size="sm", scale=0, min_width=110, elem_id="st-refresh")
    shown = [gradio.HTML(**_PLAIN)]
    for first in range(0, len(charts), 2):
        with gradio.Row(equal_height=False):
            for chart in charts[first : first + 2]:
                with gradio.Column(min_width=380, elem_classes="st-chart"):
                    shown += _place(chart)
            if len(charts[first:]) == 1:
                with gradio.Column(min_width=380):
                    shown.append(gradio.HTML(**_PLAIN))  # of moods, as the chart beside it
    with gradio.Row(equal_height=False):
        shown += [gradio.HTML(min_width=320, **_PLAIN) for _ in range(3)]

    @told
    def show(days: int, request: gradio.Request) -> list[Any]:
        member_of(request, services)
        board = boards.of_last(days if days in dict(RANGES).values() else USUAL_RANGE)
        drawn = [update for chart in charts for update in _drawn(chart, board)]
        lists = [
            render_mood_topics(board, name),
            render_trends(board, name),
            render_questions(board.questions),
            render_gaps(board.gaps, name),
        ]
        return [render_tiles(board, services.settings), *drawn, *lists]

    tab = Context.block  # counting costs a second or two: only for whoever looks
    opened = [tab.select] if isinstance(tab, gradio.Tab) else []
    gradio.on([*opened, days.change, again.click], show, days, shown, show_progress="hidden", api_visibility="private")


def _charts(name: Callable[[str], str]) -> list[Chart]:
    by_day = {"x": "Day", "x_title": "Day"}
    whole = {"y_axis_format": ",d", "y_lim": [0, None]}  # a bar that does not begin at 0 lies
    return [
        Chart(
            "Conversations a day",
            tables.conversations,
            "As soon as customers write, each day's conversations will appear here by how they ended.",
            gradio.BarPlot,
            {**by_day, "y": "Conversations", "color": "Ended", "color_map": _COLOURS, "x_bin": "1d", **whole},
        ),
        Chart(
            "Why conversations went to people",
            tables.handoffs,
            "The reasons of hand-offs will appear here.",
            gradio.BarPlot,
            {"x": "Reason", "y": "Hand-offs", "sort": "-y", **whole},
        ),
        Chart(
            "Ratings",
            tables.ratings,
            "The ratings that customers give at the end of a conversation will appear here.",
            gradio.BarPlot,
            {"x": "Rating", "y": "Customers", "sort": "x", **whole},
        ),
        Chart(
            "Mean rating a day",
            tables.rating_means,
            "The mean rating of each day will appear here.",
            gradio.LinePlot,
            {**by_day, "y": "Mean rating", "y_lim": [1, 5]},
        ),
        Chart(
            "Turns a day of the top intents",
            lambda board: tables.intents(board, name),
            "How the most frequent topics come and go will appear here.",
            gradio.LinePlot,
            {**by_day, "y": "Turns", "color": "Intent", **whole},
        ),
        Chart(
            "How fast the bot answers",
            tables.latencies,
            "The bot's response times will appear here.",
            gradio.LinePlot,
            {**by_day, "y": "Milliseconds", "color": "Share", **whole},
        ),
        _mood_chart(name),
    ]


def _mood_chart(name: Callable[[str], str]) -> Chart:
    return Chart(
        "Negative turns a day, by topic",
        lambda board: tables.moods(board, name),
        "How many of a hundred turns are negative will appear here once a bundle that reads moods is live.",
        gradio.LinePlot,
        {"x": "Day", "x_title": "Day", "y": "Negative %", "color": "Topic", "y_lim": [0, None]},
    )


def _place(chart: Chart) -> list[Any]:
    plain: dict[str, Any] = {"height": _HEIGHT, "show_label": False, "buttons": [], "elem_classes": "st-plot"}
    plot = chart.mark(title=chart.title, label=chart.title, **plain, **chart.look)
    return [plot, gradio.HTML(**_PLAIN)]


def _drawn(chart: Chart, board: Board) -> list[Any]:
    table = chart.table(board)
    if not table.rows:
        return [gradio.update(visible=False), render_empty(chart.title, chart.empty)]
    return [gradio.update(value=table.frame(), visible=True), render_chart_table(chart.title, table)]
