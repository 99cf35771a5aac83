"""A reviewer corrects ten turns in the browser, an engineer runs improve, and the chat answers one of them right."""

import csv
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.improvement import RunState
from bot.storage.records import StaffRole
from ui.app import create_app
from ui.server import chat_services, staff_services

ROOT = Path(__file__).parents[3]
PASSWORD = "correct horse battery"
ANSWER = "Type the code of your gift card at the till page; what is left on it stays there."
TURNS = (
    "can i pay with a gift card",
    "my gift card code is not taken",
    "how do i use the gift voucher from my aunt",
    "is there a gift card for 50 pounds",
    "how long is a gift card valid",
    "the voucher code on my gift card is worn off",
    "can i buy a gift voucher online",
    "what is left on my gift card",
    "can two gift cards be used at once",
    "where do i type the gift card number",
)
GOLDEN = {
    "order_status": ("where has my parcel got to", "my package is still not here", "status of order 77123"),
    "return_item": (
        "i would like to send this shirt back",
        "how can i return these shoes",
        "is a return label included",
    ),
    "refund_status": ("where is my refund", "the money has not been paid back yet", "when will i be refunded"),
    "change_address": ("i have a new address", "the house number of my address is wrong", "send it to another street"),
    "payment_problem": ("my credit card does not work", "the payment was refused", "i have been charged two times"),
    "talk_to_person": ("i want a human", "let me talk to somebody real", "connect me to a person"),
}
SETTINGS = "\n[improve]\nrecipe = 'fast'\ngolden_share = 0\ngolden_least_rows = 10\nlatency_ratio = 1000\n"
SETTINGS += "replay_risky_share = 0.5\ninjection_failures = 10\n"  # a tiny shop on a tiny bundle proves little else


@dataclass
class ServedDesk:
    services: Services
    address: str


@pytest.fixture
def served(published_desk: Desk, tmp_path: Path, serving_at: Any) -> Iterator[ServedDesk]:
    from tests.conftest import TINY_INTENTS

    desk = Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))
    with (desk.directory / "desk.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    folder = desk.directory / "training"
    folder.mkdir()
    for name, rows in (("intents", TINY_INTENTS), ("golden", GOLDEN)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            pairs = [(text, intent) for intent, texts in rows.items() for text in texts]
            csv.writer(file).writerows([("text", "intent"), *pairs])
    stop = threading.Event()
    with open_services(desk.directory) as services:

        def follow() -> None:
            while not stop.wait(0.3):
                services.live.follow()

        services.store.staff.add("rita", PASSWORD, StaffRole.REVIEWER)
        follower = threading.Thread(target=follow)
        follower.start()
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:
            yield ServedDesk(services, address)
        stop.set()
        follower.join(30)


@pytest.fixture
def console(chromium: Any, served: ServedDesk) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.failures = []
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.goto(f"{served.address}/staff/login")
    page.fill("input[name=name]", "rita")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    yield page
    context.close()


def test_ten_corrections_and_one_command_make_the_chat_answer_right(
    served: ServedDesk, console: Any, open_chat: Any, shot: Any
) -> None:
    store = served.services.store
    for text in TURNS:
        started = store.conversations.start(channel="web", locale="en")
        served.services.assistant.reply(started.conversation_id, text, "m1")
    console.click("button[role=tab]:has-text('Review')")
    console.wait_for_selector("#st-review-form", state="visible")
    for done in range(1, len(TURNS) + 1):
        console.fill("#st-intent input", "gift_card")
        console.press("#st-intent input", "Enter")
        console.fill("#st-correct-reply textarea", ANSWER)
        console.click("#st-correct")
        said = f"document.querySelector('#st-review-progress').innerText.startsWith('{done} by you today')"
        console.wait_for_function(said)
    shot(console, "loop-ten-corrected")
    (proposed,) = [reply for reply in store.replies.proposed() if reply.text == ANSWER]
    store.replies.approve([proposed.reply_id], by="rita")

    assert ask(open_chat, served, shot, "loop-before") != ANSWER
    done = improve(served)
    run = store.runs.newest(1)[0]
    assert run.state is RunState.PUBLISHED, done.stdout + done.stderr
    assert done.returncode == 0
    assert all(gate.passed for gate in run.gates)
    wait_for(served, run.bundle_version)
    assert ask(open_chat, served, shot, "loop-after") == ANSWER
    again = improve(served)
    assert "no review is new" in again.stdout
    assert console.failures == []


def ask(open_chat: Any, served: ServedDesk, shot: Any, name: str) -> str:
    page = open_chat(served.address)
    replies = page.locator(".fd-row.fd-bot .fd-text")
    before = replies.count()
    page.fill("#fd-text", TURNS[0])
    page.press("#fd-text", "Enter")
    replies.nth(before).wait_for()
    shot(page, name)
    return str(replies.nth(before).inner_text())


def improve(served: ServedDesk) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui.cli", "improve", "--desk", str(served.services.desk.directory), "--by", "eve"]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)


def wait_for(served: ServedDesk, bundle: str | None) -> None:
    waited = threading.Event()
    for _ in range(100):
        if served.services.live.current().versions.bundle == bundle:
            return
        waited.wait(0.1)
    raise AssertionError(f"{bundle} did not go live: {served.services.live.last_error}")
