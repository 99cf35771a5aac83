"""The staff's dashboard in a real browser, on a desk with three months of made-up conversations and on an empty one."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.handoff import Move
from bot.policy import Reason
from bot.storage.records import StaffRole, utc_now
from bot.storage.store import Store
from bot.values import Action, Decision, Evidence, IntentScore, Reply, Understanding, Versions
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
MONEY = '\nagent_minute_cost = 0.8\ncurrency = "EUR"\n'
ASKED = {
    "order_status": ("Where is my parcel?", "My order has not come"),
    "return_item": ("How do I send boots back?", "Can I return a gift?"),
    "refund_status": ("When do I get my money back?", "Refund, please"),
    "payment_problem": ("My card was declined", "Can I pay by invoice?"),
    "change_address": ("I moved last week", "Wrong street on my order"),
}
UNKNOWN = (
    "Do you repair zips?",
    "Can you repair a zip?",
    "Is there parking at the shop?",
    "<b>你们</b>周末营业吗",
    "Any tents?",
)


@pytest.fixture(scope="module")
def open_console(
    chromium: Any, published_desk: Desk, tmp_path_factory: pytest.TempPathFactory, serving_at: Any
) -> Iterator[Callable[..., Any]]:
    """Logs ben in on a desk of its own, after something was done to it."""
    contexts: list[Any] = []

    @contextmanager
    def opened(prepare: Callable[[Services], None], width: int = 1360, height: int = 2150) -> Iterator[Any]:
        directory = Path(shutil.copytree(published_desk.directory, tmp_path_factory.mktemp("figures") / "desk"))
        with (directory / "desk.toml").open("a", encoding="utf-8") as file:
            file.write(MONEY)
        with open_services(directory) as services:
            services.store.staff.add("ben", PASSWORD, StaffRole.AGENT)
            prepare(services)
            app = create_app(chat_services(services), staff=staff_services(services))
            with serving_at(app) as address:
                context = chromium.new_context(viewport={"width": width, "height": height})
                contexts.append(context)
                page = context.new_page()
                page.set_default_timeout(30_000)
                page.asked, page.failures = [], []
                context.on("request", lambda request: page.asked.append(request.url))
                page.on("console", lambda one: "Content Security" in one.text and page.failures.append(one.text))
                page.on("pageerror", lambda error: page.failures.append(str(error)))
                page.goto(f"{address}/staff/")
                page.fill("input[name=name]", "ben")
                page.fill("input[name=password]", PASSWORD)
                page.click("button[type=submit]")
                page.get_by_role("tab", name="Dashboard").click()
                page.wait_for_selector(".st-tiles")
                yield page

    yield opened
    for context in contexts:
        context.close()


def test_dashboard_draws_the_figures_and_tells_them_in_tables(
    open_console: Any, shot: Callable[[Any, str], None]
) -> None:
    with open_console(tell_three_months) as page:
        for _ in range(2):
            page.wait_for_function("document.querySelectorAll('.st-chart .vega-embed :is(svg, canvas)').length >= 6")
            page.wait_for_timeout(500)
        tiles = page.inner_text(".st-tiles")
        assert "EUR" in tiles
        assert "Durable" in tiles
        assert page.locator(".st-figures").count() == 7
        page.get_by_text("Conversations a day as a table").click()
        assert page.locator(".st-figures table tbody tr").count() >= 100
        page.get_by_text("Conversations a day as a table").click()
        assert "<b>你们</b>周末营业吗" in page.inner_text("section:has(h3:text('Unanswered questions'))")
        shot(page, "dashboard")
        page.get_by_label("7 days").click()
        page.wait_for_function("document.querySelector('.st-tiles').innerText.includes('in 7 days')")
        here = urlsplit(page.url).netloc
        assert {urlsplit(url).netloc for url in page.asked if not url.startswith(("data:", "blob:"))} == {here}
        assert page.failures == []


def test_dashboard_of_an_empty_desk_says_what_will_appear(open_console: Any, shot: Callable[[Any, str], None]) -> None:
    with open_console(lambda services: None, width=420, height=1500) as page:
        page.wait_for_selector(".st-chart-empty")
        page.wait_for_timeout(500)
        assert page.locator(".st-chart-empty").count() == 11
        assert page.locator(".st-chart .vega-embed").count() == 0
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide
        shot(page, "dashboard-empty-phone")
        assert page.failures == []


def tell_three_months(services: Services) -> None:
    """Some 400 conversations, more and better answered from week to week."""
    chance, now = random.Random(11), utc_now()
    at = [now]
    with Store.open(services.desk.database_url(services.settings), clock=lambda: at[0]) as store:
        for number in range(400):
            days_ago = 60 * (1 - (number / 400) ** 0.8)
            at[0] = now - timedelta(days=days_ago, minutes=chance.randrange(5, 600))
            tell(store, at, chance, good=0.45 + 0.35 * number / 400)


def tell(store: Store, at: list[datetime], chance: random.Random, good: float) -> None:
    conversation = store.conversations.start(channel="web", locale="en").conversation_id
    answered = chance.random() < good
    intent = chance.choices(list(ASKED), [6, 4, 3, 2, 1])[0]
    text = chance.choice(ASKED[intent]) if answered else chance.choice([*UNKNOWN, *ASKED[intent]])
    store.conversations.append_customer(conversation, text, "m1")
    reason = Reason.APPROVED_REPLY if answered else chance.choices(
        [Reason.ASKED_FOR_PERSON, Reason.OUT_OF_SCOPE, Reason.NOT_UNDERSTOOD, Reason.CLARIFY_REPHRASE], [4, 3, 2, 2]
    )[0]  # fmt: skip
    action = Action.ANSWER if answered else Action.CLARIFY if reason is Reason.CLARIFY_REPHRASE else Action.HANDOFF
    latency_ms = chance.lognormvariate(3.6, 0.5)
    ranking = (IntentScore(intent, 0.9 if answered else 0.6 if text not in UNKNOWN else 0.2),)
    evidence = Evidence(Understanding(ranking, 0.1, None, None), (), ())
    reply = Reply("Some answer.", Decision(action, reason, 0.8), (), Versions("b", None, None), latency_ms)
    store.conversations.append_reply(conversation, reply, evidence, answers=1, burst=[1])
    if action is Action.HANDOFF and chance.random() < 0.9:
        at[0] += timedelta(seconds=chance.lognormvariate(4.5, 1))
        store.ownership.move(conversation, Move.TAKE_OVER, by="ben")
        store.conversations.append_agent(conversation, "Hello, I am here.", agent="ben")
    if chance.random() < 0.3:
        store.conversations.add_feedback(conversation, 2, helpful=answered and chance.random() < 0.9)
    if chance.random() < 0.35:
        weights = [1, 1, 2, 5, 6] if answered else [3, 2, 3, 2, 1]
        store.aftercare.rate(conversation, chance.choices([1, 2, 3, 4, 5], weights)[0])
