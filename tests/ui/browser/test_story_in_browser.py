"""The whole story in two browsers, on a real desk: a customer on the shop's page, and staff at the console."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from bot.bootstrap import Services, open_services
from bot.storage.records import StaffRole
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
QUESTION = "is the return label free?"
RULES = {"passage_threshold": "0.0", "reply_threshold": "1.0", "out_of_scope_threshold": "1.0"}


@dataclass(frozen=True)
class Town:
    """A shop's page, the desk that its widget speaks to, and what the desk stands on."""

    shop: str
    desk: str
    services: Services


def shop_page(desk: str) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse(
            "<!doctype html><html lang=en><title>Shop</title><main><h1>Our shop</h1></main>"
            f'<script src="{desk}/widget.js" data-title="Tiny shop" defer></script></html>'
        )

    return app


@pytest.fixture
def town(published_desk: Any, tmp_path: Path, serving_at: Any) -> Iterator[Town]:
    directory = Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))
    settings = directory / "desk.toml"
    kept = [line for line in settings.read_text().splitlines() if line.split(" ")[0] not in RULES]
    # The shop's page needs the desk's address and the desk the shop's: the shop is served twice, first to get a port.
    with serving_at(FastAPI()) as probe:
        port = int(probe.rsplit(":", 1)[1])
    shop = f"http://localhost:{port}"
    settings.write_text(
        "\n".join([*kept, *(f"{name} = {value}" for name, value in RULES.items()), f'allowed_origins = ["{shop}"]'])
    )
    with open_services(directory) as services:
        services.store.staff.add("rea", PASSWORD, StaffRole.REVIEWER)
        app = create_app(chat_services(services), staff=staff_services(services))
        with serving_at(app) as address:
            desk = address.replace("127.0.0.1", "localhost")
            with serving_at(shop_page(desk), port):
                yield Town(shop, desk, services)


@pytest.fixture
def browse(chromium: Any) -> Iterator[Any]:
    """Opens a page in a browser profile of its own."""
    contexts: list[Any] = []

    def open_at(address: str) -> Any:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.failures = []
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        context.close()


def open_widget(page: Any) -> Any:
    page.click("frontdesk-widget .launcher")
    chat = page.frame_locator("frontdesk-widget iframe")
    chat.locator("#fd-composer").wait_for()
    return chat


def write(chat: Any, text: str) -> None:
    chat.locator("#fd-text").fill(text)
    chat.locator("#fd-text").press("Enter")


def test_customer_and_staff_from_question_to_corrected_reply_and_rating(town: Town, browse: Any, shot: Any) -> None:
    customer, staff = browse(town.shop), browse(f"{town.desk}/staff/")
    chat = open_widget(customer)
    write(chat, QUESTION)
    chat.locator(".fd-cite").wait_for()
    assert "return label is free" in chat.locator(".fd-row.fd-bot .fd-text").last.inner_text()
    shot(customer, "story-cited-answer")
    chat.locator(".fd-thumb.fd-down").click()
    chat.locator(".fd-comment").wait_for()

    staff.fill("#name", "rea")
    staff.fill("#password", PASSWORD)
    staff.click("button[type=submit]")
    staff.wait_for_selector("text=Nobody is waiting.")
    chat.locator(".fd-person").click()
    chat.locator(".fd-status.fd-queue").wait_for()
    staff.wait_for_selector(".st-line")  # at once: nobody reloaded
    staff.click(".st-line")
    staff.wait_for_selector(".st-facts q")
    assert staff.inner_text(".st-facts q") == QUESTION
    shot(staff, "story-waiting")
    staff.click("text=Take over")
    staff.wait_for_selector("#st-composer:not([hidden])")
    chat.locator(".fd-status.fd-agent").wait_for()
    staff.fill("#st-answer", "Hello, Rea here. Yes, it is.")
    staff.press("#st-answer", "Control+Enter")
    chat.locator(".fd-row.fd-agent").wait_for()
    assert "Rea here" in chat.locator(".fd-row.fd-agent").inner_text()
    write(chat, "thank you!")
    staff.wait_for_selector(".st-thread >> text=thank you!")
    assert chat.locator(".fd-row.fd-bot").count() == 3  # greeting, answer, announcement: the bot is silent now
    shot(customer, "story-agent")
    staff.click("text=Hand back")
    chat.locator(".fd-status.fd-bot").wait_for()

    staff.click("button[role=tab]:has-text('Review')")
    staff.wait_for_selector("#st-review-form", state="visible")
    shot(staff, "story-review")
    corrected = "The return label is free within the country."
    staff.fill("#st-correct-reply textarea", corrected)
    staff.click("#st-correct")
    staff.wait_for_function("document.querySelector('#st-review-progress').innerText.startsWith('1 by you today')")
    proposed = {reply.text: reply for reply in town.services.store.replies.proposed()}
    assert proposed[corrected].created_by == "rea"

    chat.locator(".fd-end").click()
    chat.locator(".fd-end-now").click()
    chat.locator("[data-act=score][data-rating='4']").click()
    chat.locator(".fd-score").wait_for()
    shot(customer, "story-rating")
    (conversation_id,) = {hit.conversation_id for hit in town.services.store.conversations.search("return label")}
    standing = town.services.store.standings.get(conversation_id)
    assert standing is not None
    assert standing.rating == 4

    stranger = browse(town.shop)
    other = open_widget(stranger)
    write(other, "hello")
    other.locator(".fd-row.fd-bot").nth(1).wait_for()
    assert "return label" not in other.locator(".fd-row.fd-customer").all_inner_texts()[0]
    assert "Rea here" not in other.locator("#fd-thread").inner_text()
    assert stranger.evaluate(
        "async (address) => (await fetch(address, { credentials: 'include' }).catch(() => ({ status: 0 }))).status",
        f"{town.desk}/api/v1/conversations/{conversation_id}/events",
    ) in {0, 404}
    assert customer.failures == staff.failures == stranger.failures == []
