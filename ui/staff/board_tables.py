"""The dashboard's figures as tables: each plot draws one, and shows it in words below. Knows no gradio and no HTML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from bot.figures import STEPPED_IN, mean_rating, merged, mood_topics, percentile, sum_moods
from bot.policy import Reason
from ui.staff.board import Board

Cell = str | int | float

REASONS: Mapping[str, str] = {
    Reason.ASKED_FOR_PERSON: "Asked for a person",
    Reason.OUT_OF_SCOPE: "Out of scope",
    Reason.NOT_UNDERSTOOD: "Not understood",
    Reason.FOREIGN_LANGUAGE: "Foreign language",
    Reason.MODEL_FAILURE: "Model failure",
    STEPPED_IN: "Agent stepped in",
}
ALL_TOPICS, FEWEST_MOODS = "All topics", 3
PERSON, OTHER, SILENT, CONFIRMED = "Person", "Unclear", "Bot, silent", "Bot, confirmed"


@dataclass(frozen=True)
class Table:
    """Rows under column names; the first column is the label of a row. Without rows there is nothing to draw."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def frame(self) -> pd.DataFrame:
        """As a data frame, for a plot; a column ``Day`` becomes times, at noon.

        Browsers show times in their own zone: midnight would be the day before for half of the world.
        """
        frame = pd.DataFrame(list(self.rows), columns=list(self.columns))
        if "Day" in frame:
            frame["Day"] = pd.to_datetime(frame["Day"]) + pd.Timedelta(hours=12)
        return frame


def conversations(board: Board) -> Table:
    """Conversations of each day by how they ended."""
    if not board.total.conversations:
        return Table(("Day", "Ended", "Conversations"), ())
    return _long(
        ("Day", "Ended", "Conversations"),
        {
            day: {CONFIRMED: one.confirmed, SILENT: one.silent, PERSON: one.person, OTHER: one.other}
            for day, one in board.outcomes.items()
        },
    )


def handoffs(board: Board) -> Table:
    """Hand-offs by reason, the most frequent first."""
    ordered = sorted(board.handoffs.items(), key=lambda item: (-item[1], item[0]))
    return Table(("Reason", "Hand-offs"), tuple((REASONS.get(reason, reason), count) for reason, count in ordered))


def ratings(board: Board) -> Table:
    """How often each rating was given."""
    given = merged(board.ratings.values())
    rows = tuple((f"{stars} ★", given[stars]) for stars in range(1, 6)) if given else ()
    return Table(("Rating", "Customers"), rows)


def rating_means(board: Board) -> Table:
    """Mean rating of each day that has one."""
    means = {day: mean_rating(given) for day, given in board.ratings.items()}
    rows = tuple((day.isoformat(), round(mean, 2)) for day, mean in means.items() if mean is not None)
    return Table(("Day", "Mean rating"), rows)


def intents(board: Board, title: Callable[[str], str]) -> Table:
    """Turns of each day for the five most frequent intents."""
    names = [one.intent for one in board.top_intents[:5]]
    if not names:
        return Table(("Day", "Intent", "Turns"), ())
    by_day = {day: {title(name): counts[name] for name in names} for day, counts in board.intents.items()}
    return _long(("Day", "Intent", "Turns"), by_day)


def moods(board: Board, title: Callable[[str], str]) -> Table:
    """Share of negative turns on each day for the five topics with most of them, and of all; only known moods count.

    A day on which fewer than `FEWEST_MOODS` turns of a topic had a known mood is left out: one turn is no share.
    """
    columns = ("Day", "Topic", "Negative %", "Turns")
    names = [one.intent for one in mood_topics(board.moods) if one.negative][:5]
    if not names:
        return Table(columns, ())
    rows: list[tuple[Cell, ...]] = []
    for day, counts in board.moods.items():
        known = [(title(name), counts[name]) for name in names if name in counts]
        for name, one in [(ALL_TOPICS, sum_moods(counts.values())), *known]:
            if one.turns >= FEWEST_MOODS:
                rows.append((day.isoformat(), name, round(100 * one.negative / one.turns, 1), one.turns))
    return Table(columns, tuple(rows))


def latencies(board: Board) -> Table:
    """Latency of the bot on each day with a reply, milliseconds."""
    shares = (("Half of the replies within", 0.5), ("95 of 100 within", 0.95))
    rows = tuple(
        (day.isoformat(), words, found)
        for day, counts in board.latencies.items()
        for words, share in shares
        if (found := percentile(counts, share)) is not None
    )
    return Table(("Day", "Share", "Milliseconds"), rows)


def _long(columns: tuple[str, ...], days: Mapping[date, Mapping[str, int]]) -> Table:
    rows = tuple((day.isoformat(), name, count) for day, counts in days.items() for name, count in counts.items())
    return Table(columns, rows)
