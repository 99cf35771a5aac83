"""Alerts as HTML: what surged, a small picture with the usual range, where to look. Knows no events and no SQL."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from html import escape

from bot.alerts import Alert, AlertKind, DeliveryState, Finding, Picture
from bot.notices import few
from bot.storage.transcript_records import TranscriptFilter
from ui.staff.pieces import act, badge, moment
from ui.staff.transcript_query import query_of

_WIDTH, _HEIGHT = 288, 64
_BEFORE = timedelta(hours=1)
"""A turn of the surge may be of a conversation that began a little earlier."""


def render_alerts(alerts: Sequence[Alert], title: Callable[[str], str], negative: tuple[str, ...]) -> str:
    """All alerts that staff should see; nothing where there are none.

    Args:
        title: how an intent is named.
        negative: the moods that count as negative, for the links.
    """
    if not alerts:
        return ""
    items = "".join(_alert_html(alert, title, negative) for alert in alerts)
    return f'<section class="st-alerts" aria-label="Alerts"><ul>{items}</ul></section>'


def transcripts_of(found: Finding, negative: tuple[str, ...], *, ended: bool) -> str:
    """The query of the console's address that lists the transcripts that an alert is about."""
    wanted = TranscriptFilter(
        from_utc=found.from_utc - _BEFORE,
        until_utc=found.until_utc if ended else None,
        intent=found.series if found.kind is AlertKind.INTENT else None,
        moods=negative if found.kind is AlertKind.MOOD else (),
    )
    return f"?tab=transcripts&{query_of(wanted)}"


def picture_svg(picture: Picture, words: str) -> str:
    """Hours as bars, those above the usual range marked, with the range as an area and its mean as a line.

    Args:
        words: what the picture shows, for whoever cannot see it.
    """
    count = len(picture.observed)
    if not count:
        return ""
    top = max(1, *picture.observed, *(most or 0 for most in picture.most))
    step = _WIDTH / count

    def height(value: float) -> float:
        return value * (_HEIGHT - 2) / top

    bars = "".join(
        f'<rect class="{"st-over" if most is not None and value > most else "st-bar"}" x="{at * step:.1f}" '
        f'y="{_HEIGHT - height(value):.1f}" width="{max(step - 1, 1):.1f}" height="{height(value):.1f}"/>'
        for at, (value, most) in enumerate(zip(picture.observed, picture.most, strict=True))
        if value
    )
    band = "".join(
        f'<rect class="st-band" x="{at * step:.1f}" y="{_HEIGHT - height(most):.1f}" width="{step + 0.1:.1f}" '
        f'height="{height(most):.1f}"/>'
        for at, most in enumerate(picture.most)
        if most
    )
    means = " ".join(
        f"{(at + 0.5) * step:.1f},{_HEIGHT - height(mean):.1f}"
        for at, mean in enumerate(picture.expected)
        if mean is not None
    )
    return (
        f'<svg class="st-picture" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(words)}">'
        f'{band}{bars}<polyline class="st-mean" points="{means}"/></svg>'
    )


def _alert_html(alert: Alert, title: Callable[[str], str], negative: tuple[str, ...]) -> str:
    found, over = alert.finding, alert.ended_utc is not None
    mood = found.kind is AlertKind.MOOD
    name = "Negative mood" if mood else title(found.series)
    what = "negative turns" if mood else "turns"
    numbers = (
        f"<b>{found.observed:,}</b> {what} since {moment(found.from_utc)} UTC; usual are {few(found.expected)}, "
        f"seldom more than {found.usual_most:,}"
    )
    state = badge("over", "plain") if over else badge("lasts", "bad")
    seen = f"<span>seen by {escape(alert.acknowledged_by)}</span>" if alert.acknowledged_by else act(
        "Acknowledge", "acknowledge", alert=alert.alert_id
    )  # fmt: skip
    words = f"{name}: the last {len(found.picture.observed)} hours, and what is usual"
    return (
        f'<li class="{"st-past" if over else "st-now"}"><div><h3>{escape(name)} {state}</h3><p>{numbers}</p>'
        f'<p class="st-links"><a href="{escape(transcripts_of(found, negative, ended=over))}">Transcripts</a>{seen}</p>'
        f"{_troubles(alert)}</div>{picture_svg(found.picture, words)}</li>"
    )


def _troubles(alert: Alert) -> str:
    """Messages that did not arrive."""
    words = {DeliveryState.WAITING: "will be tried again", DeliveryState.FAILED: "given up"}
    lines = "".join(
        f"<li>{badge('not delivered', 'warn')} {escape(one.channel)}, {escape(one.event)}: {escape(one.reason)} "
        f"({words[one.state]})</li>"
        for one in alert.deliveries
        if one.reason and one.state in words
    )
    return f'<ul class="st-undelivered">{lines}</ul>' if lines else ""
