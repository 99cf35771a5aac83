"""An agent's day in a real browser: log in, see who waits, take over, answer, hand back; live, by stream."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.storage.records import StaffRole
from bot.values import Owner, Role

PASSWORD = "correct horse battery"


@pytest.fixture
def staffed(published_desk: Any, tmp_path: Any, serving_at: Any) -> Iterator[tuple[Any, str]]:
    import shutil
    from pathlib import Path

    from bot.bootstrap import open_services
    from ui.app import create_app
    from ui.server import chat_services, staff_services

    directory = Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))
    with open_services(directory) as services:
        services.store.staff.add("ben", PASSWORD, StaffRole.AGENT)
        services.store.canned.put("Greeting", "Hello, this is Ben.", by="ben")
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:
            yield services, address


@pytest.fixture
def console(chromium: Any, staffed: Any) -> Iterator[Any]:
    _, address = staffed
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.failures = []
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.on("request", lambda request: request.url.startswith(address) or page.failures.append(request.url))
    page.goto(f"{address}/staff/")
    yield page
    context.close()


def log_in(page: Any) -> None:
    page.fill("#name", "ben")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#st-list .st-lists")


def hand_off(services: Any, text: str) -> str:
    conversation_id: str = services.store.conversations.start(channel="web", locale="en").conversation_id
    services.assistant.reply(conversation_id, text, "letter-1")
    services.delivery.request_person(conversation_id, "letter-2")
    return conversation_id


def test_agent_sees_takes_over_answers_and_hands_back(staffed: Any, console: Any, shot: Any) -> None:
    services, _ = staffed
    shot(console, "staff-login")
    log_in(console)
    console.wait_for_selector("text=Nobody is waiting.")
    conversation_id = hand_off(services, "where is my order <img src=x onerror=alert(1)>")
    console.wait_for_selector(".st-line")  # live: nobody reloaded
    console.wait_for_function("document.title.startsWith('(1) ')")
    console.keyboard.press("j")
    console.keyboard.press("Enter")
    console.wait_for_selector(".st-facts q")
    assert "where is my order <img" in console.inner_text(".st-facts q")
    assert console.query_selector("#st-inbox img") is None
    shot(console, "staff-waiting")
    console.click("text=Take over")
    console.wait_for_selector("#st-composer:not([hidden])")
    console.click(".st-insert:has-text('Greeting')")
    assert console.input_value("#st-answer") == "Hello, this is Ben."
    services.delivery.post(conversation_id, "are you there?", "letter-3")
    console.wait_for_selector(".st-thread >> text=are you there?")
    assert console.input_value("#st-answer") == "Hello, this is Ben."  # the draft survives the update
    console.focus("#st-answer")
    console.keyboard.press("Control+Enter")
    console.wait_for_selector(".st-message.st-agent")
    console.wait_for_function("document.querySelector('#st-answer').value === ''")
    shot(console, "staff-conversation")
    log = services.store.conversations.messages_after(conversation_id, 0)
    assert (log[-1].message.role, log[-1].message.text, log[-1].author) == (Role.AGENT, "Hello, this is Ben.", "ben")
    console.click("text=Hand back to the bot")
    console.wait_for_selector("#st-composer", state="hidden")
    assert services.store.inbox.get(conversation_id).owner is Owner.BOT
    actions = [entry.action for entry in services.store.audit.newest(actor="ben")]
    assert actions == ["hand_back", "answer", "take_over", "login"]
    assert console.failures == []


def test_console_fits_a_phone(staffed: Any, console: Any, shot: Any) -> None:
    services, _ = staffed
    hand_off(services, "where is my order")
    console.set_viewport_size({"width": 390, "height": 844})
    log_in(console)
    console.click(".st-line")
    console.wait_for_selector(".st-pane h2")
    assert console.evaluate("document.documentElement.scrollWidth") <= 390
    shot(console, "staff-phone")
    console.click(".st-back")
    console.wait_for_selector(".st-line", state="visible")
