"""A staff member reads transcripts in a real browser: words, keys, what the bot thought, and the export."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot.bootstrap import open_services
from bot.desk import Desk
from bot.storage.records import StaffRole
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
HOSTILE = '<img src="https://evil.example/a.png" onerror="alert(1)"><script>alert(2)</script>'
QUESTIONS = ("Where is my parcel?", f"How do I return shoes? {HOSTILE}", "When does my parcel come?", "qwertz uiop")


@pytest.fixture
def reading(chromium: Any, published_desk: Desk, tmp_path: Path, serving_at: Any) -> Iterator[Callable[[int], Any]]:
    """Opens the console as an agent, on a desk with four conversations."""
    contexts: list[Any] = []
    with open_services(Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))) as services:
        services.store.staff.add("ben", PASSWORD, StaffRole.AGENT)
        for question in QUESTIONS:
            started = services.store.conversations.start(channel="web", locale="en")
            answer = services.assistant.reply(started.conversation_id, question, uuid4().hex)
            assert answer is not None
            services.store.conversations.add_feedback(
                started.conversation_id, answer.sequence, helpful=False, comment=HOSTILE
            )
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:

            def open_at(width: int) -> Any:
                context = chromium.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
                contexts.append(context)
                page = context.new_page()
                page.set_default_timeout(30_000)
                page.failures, page.asked = [], []
                page.on("pageerror", lambda error: page.failures.append(str(error)))
                page.on("dialog", lambda dialog: (page.failures.append("dialog"), dialog.dismiss()))
                context.on("request", lambda request: page.asked.append(request.url))
                page.goto(f"{address}/staff/login")
                page.fill("input[name=name]", "ben")
                page.fill("input[name=password]", PASSWORD)
                page.click("button[type=submit]")
                page.wait_for_selector("#st-header b")
                page.click("button[role=tab]:has-text('Transcripts')")
                page.wait_for_selector(".tr-row")
                page.address = address
                return page

            yield open_at
            for context in contexts:
                context.close()


@pytest.mark.parametrize(("width", "device"), [(1280, "desktop"), (390, "phone")])
def test_agent_finds_a_conversation_by_keys_and_sees_what_the_bot_thought(
    reading: Callable[[int], Any], shot: Callable[[Any, str], None], width: int, device: str
) -> None:
    page = reading(width)
    assert page.locator(".tr-row").count() == len(QUESTIONS)
    page.get_by_label("Words").fill("parcel")
    page.get_by_label("Words").press("Enter")
    page.wait_for_function("document.querySelectorAll('.tr-row').length === 2")
    second = page.locator(".tr-row").nth(1).locator(".tr-first").inner_text()
    page.locator(".tr-row").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".tr-talk h3:has-text('{second}')")
    page.locator(".tr-thoughts summary").first.click()
    assert page.locator(".tr-bars progress").first.is_visible()
    shot(page, f"transcripts-{device}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.failures == []


def test_words_of_people_stay_words_and_the_export_is_saved(reading: Callable[[int], Any], tmp_path: Path) -> None:
    page = reading(1280)
    page.click(".tr-row:has-text('return shoes')")
    page.wait_for_selector(".tr-talk h3:has-text('return shoes')")
    assert HOSTILE in page.inner_text(".tr-customer .tr-text")
    assert HOSTILE in page.inner_text(".tr-feedback")
    with page.expect_download() as saved:
        page.click(".tr-export:has-text('Export CSV')")
    saved.value.save_as(tmp_path / "saved.csv")
    assert (tmp_path / "saved.csv").read_text(encoding="utf-8-sig").count("Where is my parcel?") == 1
    assert page.failures == []
    assert all(url.startswith((page.address, "data:", "blob:")) for url in page.asked)
