"""A surge is found by the watch, shown in the console, leads to its transcripts, and is acknowledged, in a browser."""

import random
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap import open_services
from bot.desk import Desk
from bot.storage.records import StaffRole, utc_now
from bot.storage.store import Store
from bot.surge_watch import SurgeWatch
from bot.values import Action, Decision, Evidence, IntentScore, Reply, Understanding, Versions
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
INTENTS, DAYS, SURGE = ("order_status", "return_item", "refund_status"), 21, 30


def tell_three_weeks(desk: Desk, url: str, now: datetime) -> None:
    """A dozen turns a day of three topics, and many about refunds, most of them upset, in the last two hours."""
    chance, at = random.Random(5), [now]
    days = [(timedelta(days=chance.uniform(0.1, DAYS)), chance.choice(INTENTS), "neutral") for _ in range(12 * DAYS)]
    surge = [(timedelta(minutes=chance.uniform(1, 110)), "refund_status", "negative") for _ in range(SURGE)]
    with Store.open(url, clock=lambda: at[0]) as store:
        for ago, intent, mood in [*days, *surge]:
            at[0] = now - ago
            conversation = store.conversations.start(channel="web", locale="en").conversation_id
            store.conversations.append_customer(conversation, f"About {intent}", "m1")
            reply = Reply("Soon.", Decision(Action.ANSWER, "passage", 0.8), (), Versions("b", None, None), 9.0)
            upset = mood if mood == "negative" or chance.random() > 0.1 else "negative"
            evidence = Evidence(Understanding((IntentScore(intent, 0.9),), 0.1, upset, None), (), ())
            store.conversations.append_reply(conversation, reply, evidence, answers=1, burst=[1])


def test_surge_is_shown_leads_to_its_transcripts_and_is_acknowledged(
    chromium: Any, published_desk: Desk, tmp_path: Path, serving_at: Any, shot: Callable[[Any, str], None]
) -> None:
    with open_services(Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))) as services:
        services.store.staff.add("ben", PASSWORD, StaffRole.AGENT)
        tell_three_weeks(services.desk, services.desk.database_url(services.settings), utc_now())
        found = SurgeWatch(services.store, services.settings).look()
        assert {(one.kind.value, one.series) for one in found} == {("intent", "refund_status"), ("mood", "negative")}
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:
            page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
            page.set_default_timeout(30_000)
            failures: list[str] = []
            page.on("pageerror", lambda error: failures.append(str(error)))
            page.goto(f"{address}/staff/login")
            page.fill("input[name=name]", "ben")
            page.fill("input[name=password]", PASSWORD)
            page.click("button[type=submit]")
            page.click(".st-alarm:has-text('2 alerts')")
            page.wait_for_selector(".st-alerts .st-picture .st-over")
            page.wait_for_selector(".st-tiles")
            page.wait_for_function("document.querySelectorAll('.st-chart .vega-embed :is(svg, canvas)').length >= 3")
            page.wait_for_timeout(500)
            shot(page, "alerts")
            page.get_by_text("Negative turns a day, by topic as a table").scroll_into_view_if_needed()
            shot(page, "alerts-mood")
            refunds = page.locator(".st-alerts li", has_text="turns since").filter(has_not_text="Negative mood")
            refunds.get_by_role("link", name="Transcripts").click()
            page.wait_for_selector(".tr-row")
            page.wait_for_function("!document.querySelector('.tr-row .tr-first').innerText.includes('order')")
            shot(page, "alerts-transcripts")
            rows = page.locator(".tr-row .tr-first").all_inner_texts()
            assert len(rows) >= SURGE
            assert set(rows) == {"About refund_status"}
            page.get_by_role("tab", name="Dashboard").click()
            page.locator(".st-alerts li", has_text="Negative mood").get_by_role("button", name="Acknowledge").click()
            page.wait_for_selector("text=seen by ben")
            assert [one.action for one in services.store.audit.newest(action="alert_acknowledge")]
            assert failures == []
            page.context.close()
