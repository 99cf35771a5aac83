"""The dashboard's own HTML: tiles, tables and lists. Escapes what customers and articles say. Knows no gradio."""

from collections.abc import Callable, Mapping
from html import escape

from bot.figures import mean_rating, merged, mood_topics, percentile, share
from bot.gaps import Gap, GapKind, QuestionGroup
from bot.settings import Settings
from ui.staff.board import Board
from ui.staff.board_tables import Cell, Table

_GAP_KINDS: Mapping[GapKind, str] = {
    GapKind.INTENT: "Intent",
    GapKind.ARTICLE: "Nearest article",
    GapKind.NOTHING: "",
}
_QUESTION_CHARACTERS = 180
_TOP_MOODS = 6


def render_tiles(board: Board, settings: Settings) -> str:
    """The main figures."""
    total, waits = board.total, board.first_answers
    given, latency = merged(board.ratings.values()), merged(board.latencies.values())
    mean = mean_rating(given)
    tiles = [
        _tile("Conversations", f"{total.conversations:,}", f"in {len(board.period.days)} days"),
        _tile(
            "Bot alone, confirmed",
            _percent(share(total.confirmed, total.conversations)),
            f"{total.confirmed:,} customers said that it was good",
        ),
        _tile(
            "Bot alone, silent",
            _percent(share(total.silent, total.conversations)),
            f"{total.silent:,} answered, and no word after it",
        ),
        _tile(
            "Durable",
            _percent(share(total.durable, total.judged)),
            f"{total.durable:,} of {total.judged:,} not back within 72 hours",
        ),
        _tile("With a person", _percent(share(total.person, total.conversations)), f"{total.person:,} conversations"),
        _tile("Unclear", _percent(share(total.other, total.conversations)), "still running, left, or disliked"),
        _tile("Rating", "–" if mean is None else f"{mean:.1f} / 5", f"{sum(given.values()):,} customers rated"),
        _tile(
            "Bot answers within",
            _milliseconds(percentile(latency, 0.5)),
            f"95 of 100 within {_milliseconds(percentile(latency, 0.95))}",
        ),
        _tile(
            "People answer within",
            _duration(waits.percentile(0.5)),
            f"95 of 100 within {_duration(waits.percentile(0.95))}; {waits.unanswered:,} unanswered",
        ),
        _saved_tile(board, settings),
    ]
    return f'<div class="st-tiles">{"".join(tiles)}</div>{_explained(settings)}'


def render_chart_table(title: str, table: Table) -> str:
    """A plot's figures as a table, for whoever cannot see the plot."""
    if not table.rows:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    body = "".join(_row(row) for row in table.rows)
    return (
        f'<details class="st-figures"><summary>{escape(title)} as a table</summary><div class="st-long" tabindex="0">'
        f'<table class="st-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )


def render_empty(title: str, words: str) -> str:
    """What stands where a plot has nothing to draw yet."""
    return f'<section class="st-chart-empty"><h3>{escape(title)}</h3><p>{escape(words)}</p></section>'


def render_trends(board: Board, title: Callable[[str], str]) -> str:
    """The most frequent intents with their direction."""
    if not board.top_intents:
        return render_empty("Top intents", "The topics that customers write about most will be listed here.")
    rows = "".join(
        f'<tr><th scope="row">{escape(title(one.intent))}</th><td class="st-number">{one.turns:,}</td>'
        f"<td>{_direction(one.earlier, one.later)}</td></tr>"
        for one in board.top_intents
    )
    return (
        '<section class="st-panel"><h3>Top intents</h3>'
        '<p class="st-about">Second half of the range against the first.</p>'
        '<table class="st-table"><thead><tr><th scope="col">Intent</th><th scope="col" class="st-number">Turns</th>'
        f'<th scope="col">Trend</th></tr></thead><tbody>{rows}</tbody></table></section>'
    )


def render_mood_topics(board: Board, title: Callable[[str], str]) -> str:
    """The topics with most negative turns, with their share and its direction."""
    topics = [one for one in mood_topics(board.moods) if one.negative][:_TOP_MOODS]
    if not topics:
        return render_empty("Mood by topic", "The topics that upset customers most will be listed here.")
    rows = "".join(
        f'<tr><th scope="row">{escape(title(one.intent))}</th><td class="st-number">{one.negative:,} of {one.turns:,}'
        f'</td><td class="st-number">{_percent(share(one.negative, one.turns))}</td>'
        f'<td class="st-number">{_percent(one.earlier)} → {_percent(one.later)}</td></tr>'
        for one in topics
    )
    return (
        '<section class="st-panel"><h3>Mood by topic</h3>'
        '<p class="st-about">Negative turns; the share in the first half of the range and in the second.</p>'
        '<table class="st-table"><thead><tr><th scope="col">Topic</th><th scope="col" class="st-number">Negative</th>'
        '<th scope="col" class="st-number">Share</th><th scope="col" class="st-number">Trend</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def render_questions(groups: list[QuestionGroup]) -> str:
    """Unanswered questions, those that ask the same together."""
    if not groups:
        return render_empty("Unanswered questions", "Questions that the bot could not answer will be grouped here.")
    items = "".join(
        f'<li><b class="st-tally">{len(group.turns)}</b><span dir="auto">{escape(_short(group.question))}</span></li>'
        for group in groups
    )
    hint = "Grouped by meaning; in a language that the models do not know, by equal words. From the newest 500."
    return _panel("Unanswered questions", hint, items)


def render_gaps(gaps: list[Gap], title: Callable[[str], str]) -> str:
    """What no article answers."""
    if not gaps:
        return render_empty("Knowledge gaps", "Topics that no article comes near to will be listed here.")
    items = "".join(
        f'<li><b class="st-tally">{gap.count}</b><span>{_gap_name(gap, title)}'
        f'<small dir="auto">{escape(_short(gap.examples[0]))}</small></span></li>'
        for gap in gaps
    )
    hint = "Questions without an answer for which no article came near. Writing one closes the gap."
    return _panel("Knowledge gaps", hint, items)


def _panel(title: str, hint: str, items: str) -> str:
    return f'<section class="st-panel"><h3>{title}</h3><p class="st-about">{hint}</p><ol>{items}</ol></section>'


def _tile(name: str, figure: str, about: str) -> str:
    return (
        f'<div class="st-tile"><h3>{escape(name)}</h3><p class="st-figure">{escape(figure)}</p>'
        f"<p>{escape(about)}</p></div>"
    )


def _saved_tile(board: Board, settings: Settings) -> str:
    saved = board.saved
    hours = _span(saved.hours_at_least, saved.hours_at_most)
    if not settings.agent_minute_cost:
        return _tile("Hours saved", hours, "set agent_minute_cost to see money")
    money = f"{_span(saved.cost_at_least, saved.cost_at_most)} {settings.currency}".strip()
    return _tile("Saved", money, f"{hours} hours of agents' work")


def _explained(settings: Settings) -> str:
    minutes, cost = f"{settings.minutes_per_conversation:g}", f"{settings.agent_minute_cost:g} {settings.currency}"
    money = f", times {escape(cost.strip())} a minute" if settings.agent_minute_cost else ""
    return (
        '<details class="st-figures"><summary>How these are counted</summary><ul>'
        "<li>Conversations count on the day when they began, in the time zone "
        f"{escape(settings.timezone)}.</li>"
        "<li><b>Confirmed</b>: no person took part, and the customer rated it 4 or 5, or gave thumbs up and none down."
        "</li><li><b>Silent</b>: no person took part, the bot answered last, and the customer wrote nothing for an "
        "hour and gave no rating. Nobody knows whether they were content.</li>"
        "<li><b>Durable</b>: of both, those whose customer began no new conversation within 72 hours. Anonymous "
        "customers cannot be known again and count as durable.</li>"
        f"<li><b>Saved</b>: at least the confirmed conversations, at most the silent ones too, times {minutes} minutes"
        f"{money}. Both come from the settings.</li></ul></details>"
    )


def _row(row: tuple[Cell, ...]) -> str:
    cells = "".join(
        f"<td>{escape(cell)}</td>" if isinstance(cell, str) else f'<td class="st-number">{cell:,}</td>'
        for cell in row[1:]
    )
    return f'<tr><th scope="row">{escape(str(row[0]))}</th>{cells}</tr>'


def _direction(earlier: int, later: int) -> str:
    if later == earlier:
        return "<span>same</span>"
    arrow, words = ("↑", "more") if later > earlier else ("↓", "fewer")
    return f'<span class="st-trend"><span aria-hidden="true">{arrow}</span> {abs(later - earlier):,} {words}</span>'


def _gap_name(gap: Gap, title: Callable[[str], str]) -> str:
    if gap.kind is GapKind.NOTHING:
        return "<b>Nothing near</b>"
    name = title(gap.name) if gap.kind is GapKind.INTENT else gap.name
    return f"<b>{escape(name)}</b> <em>{_GAP_KINDS[gap.kind]}</em>"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUESTION_CHARACTERS else line[: _QUESTION_CHARACTERS - 1] + "…"


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.0%}"


def _span(low: float, high: float) -> str:
    if not high:
        return "–"
    digits = 1 if high < 10 else 0
    return f"{low:,.{digits}f}–{high:,.{digits}f}"


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.1f} s"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
