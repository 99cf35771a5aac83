"""The bar of alerts: what it says, where its links lead, who has seen an alert."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.alerts import Alert, AlertEvent, AlertKind, Channel, Delivery, DeliveryState, Finding, Picture
from bot.storage.transcript_records import TranscriptFilter
from ui.staff.alert_view import picture_svg, render_alerts
from ui.staff.transcript_query import FIELDS, filter_from, form_values

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ATTACK = "<img src=x onerror=alert(1)>"
PICTURE = Picture(NOW, (0, 2, 12), (None, 1.5, 1.5), (None, 6, 6))


def alert(kind: AlertKind = AlertKind.INTENT, series: str = "refund", **changes: Any) -> Alert:
    found = Finding(kind, series, NOW - timedelta(hours=3), NOW, 41, 6.2, 15, PICTURE)
    return Alert(
        **{"alert_id": 7, "finding": found, "raised_utc": NOW, "ended_utc": None, "acknowledged_by": None,
           "acknowledged_utc": None, **changes}
    )  # fmt: skip


def asked(shown: str) -> TranscriptFilter:
    href = re.search(r'href="\?tab=transcripts&amp;([^"]*)"', shown)
    assert href is not None
    return filter_from(dict(parse_qsl(unescape(href[1]))))


def test_alert_says_how_much_against_what_is_usual_and_links_to_its_transcripts() -> None:
    shown = render_alerts([alert()], str.title, ("negative", "anger"))
    assert "Refund" in shown
    assert "<b>41</b> turns since" in shown
    assert "usual are 6.2, seldom more than 15" in shown
    assert asked(shown) == TranscriptFilter(from_utc=NOW - timedelta(hours=4), intent="refund")
    over = render_alerts([alert(AlertKind.MOOD, "negative", ended_utc=NOW)], str, ("negative", "anger"))
    assert asked(over) == TranscriptFilter(NOW - timedelta(hours=4), NOW, moods=("negative", "anger"))


def test_names_and_reasons_are_escaped() -> None:
    failed = Delivery(1, 7, Channel.WEBHOOK, AlertEvent.RAISED, DeliveryState.FAILED, 6, f"webhook: {ATTACK}")
    shown = render_alerts([alert(series=ATTACK, deliveries=(failed,), acknowledged_by=ATTACK)], str, ())
    assert "<img" not in shown
    assert "given up" in shown


def test_picture_marks_the_hours_above_the_range() -> None:
    svg = picture_svg(PICTURE, ATTACK)
    assert (svg.count("st-over"), svg.count("st-bar"), svg.count("st-band")) == (1, 1, 2)
    assert "<img" not in svg
    assert picture_svg(Picture(NOW, (), (), ()), "") == ""


def test_form_shows_what_an_address_asks_for() -> None:
    wanted = TranscriptFilter(from_utc=NOW, intent="refund", moods=("negative", "anger"), confidence_to=0.0)
    values = form_values(wanted)
    assert filter_from(dict(zip(FIELDS, values, strict=True))) == wanted
    assert form_values(TranscriptFilter()) == ("", None, None, "", "", None, None, "", "", "", "", "", "")


@pytest.fixture
def raised(staff_site: Any) -> Iterator[int]:
    (number,), _ = staff_site.store.alerts.update([alert(series=f"late {ATTACK}").finding], ())
    yield number
    staff_site.store.alerts.update([], ())
    staff_site.store.alerts.acknowledge(number, "test")


def test_alert_is_acknowledged_once_and_that_is_on_the_audit_log(staff_site: Any, raised: int) -> None:
    ben, rea = staff_site.colleague("ben"), staff_site.colleague("rea")
    assert "1 alert" in ben.fire("", "load")
    for colleague in (ben, rea):
        seen = colleague.fire("st-alerts", "acknowledge", about={"alert": str(raised)})
        assert "seen by ben" in seen
    acts = [one.actor for one in staff_site.store.audit.newest(action="alert_acknowledge")]
    assert acts == ["ben"]
    ben.client.post("/staff/logout")
    body = rea.body("st-alerts", "acknowledge", [], {"alert": str(raised)})
    assert ben.client.post("/staff/console/gradio_api/queue/join", json=body).status_code in {401, 403}


def test_transcripts_of_a_mood_are_found(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    assert "No conversation meets" in colleague.fire(
        "tr-find", "click", *form_values(TranscriptFilter(moods=("fury",)))
    )
