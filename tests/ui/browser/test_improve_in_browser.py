"""Runs and replayed differences in a real browser: a table that can be read, verdicts by keys, hostile texts inert."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, GateResult, RunState, Said
from bot.storage.records import StaffRole
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
HOSTILE = '<img src="https://evil.example/a.png" onerror="alert(1)"><script>alert(2)</script>'
INTENTS = {"order_status": (0.9, 0.95), "return_item": (0.9, 0.6), "refund_status": (0.8, 0.8)}


@dataclass
class SeededDesk:
    """A desk that is served, with a run that was held back and two replies that differ."""

    services: Services
    address: str
    run_id: int


@pytest.fixture
def seeded(published_desk: Desk, tmp_path: Path, serving_at: Any) -> Iterator[SeededDesk]:
    desk = Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))
    with open_services(desk.directory) as services:
        for name, role in (("ana", StaffRole.ADMIN), ("rita", StaffRole.REVIEWER)):
            services.store.staff.add(name, PASSWORD, role)
        run_id = held_run(services)
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:
            yield SeededDesk(services, address, run_id)


def held_run(services: Services) -> int:
    store = services.store
    live = services.desk.bundle_directory(services.desk.live().bundle)
    candidate = shutil.copytree(live, services.desk.bundle_directory("b-7"))
    manifest = json.loads((candidate / "manifest.json").read_text(encoding="utf-8"))
    (candidate / "manifest.json").write_text(json.dumps({**manifest, "version": "b-7", "parent": HOSTILE}))
    run_id = store.runs.start(by="ana", parent_bundle=services.desk.live().bundle)
    store.runs.step(run_id, "Judging", 3, 4)
    store.runs.record(run_id, dataset_version="d-7", bundle_version="b-7")
    store.runs.add_figures(
        run_id, {"reviews": 120, "new_reviews": 14, "golden_rows": 60, "bundle_intent_accuracy": 0.93}
    )
    figures = {
        f"{name}.{kind}": value
        for name, shares in INTENTS.items()
        for kind, value in zip(("live", "candidate", "rows"), (*shares, 20.0), strict=True)
    }
    for gate in (
        GateResult("golden_set", True, 0.41, 0.05, "88 % of 60 intents right, live 87 %", {"rows": 60, "lost": 6}),
        GateResult(
            "golden_intents", False, 30, 5, "points lost by intent: return_item 30; look at its labels", figures
        ),
        GateResult("replay_risk", False, 0.08, 0.05, "2 of 25 turns differ", {"turns": 25}),
        GateResult("replay_alone", True, -1.5, 5, "62 % by the bot alone", {}),
        GateResult("memory", True, 420, 2000, "420 MB", {}),
    ):
        store.runs.add_gate(run_id, gate)
    reason = "held back by golden_intents, replay_risk; the live bundle stays"
    store.runs.finish(run_id, RunState.HELD, reason)
    store.replays.replace(run_id, [difference(services, "where is my order", 0.9), difference(services, HOSTILE, 0.4)])
    return run_id


def difference(services: Services, text: str, risk: float) -> Difference:
    store = services.store
    started = store.conversations.start(channel="web", locale="en")
    services.assistant.reply(started.conversation_id, "hello, a question about my order", "m1")
    reply = services.assistant.reply(started.conversation_id, text, "m2")
    assert reply is not None
    before = Said("answer", "approved_reply", "order_status", 0.91, "You can follow your parcel.", ("r-track",))
    after = Said("answer", "approved_reply", HOSTILE, 0.55, f"We refund at once. {HOSTILE}", ("r-hidden",))
    return Difference(started.conversation_id, reply.sequence, DifferenceKind.OTHER_ANSWER, risk, before, after)


@pytest.fixture
def console(chromium: Any, seeded: SeededDesk) -> Iterator[Callable[..., Any]]:
    contexts: list[Any] = []

    def open_as(name: str, width: int = 1280) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.failures, page.asked = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda entry: "Content Security Policy" in entry.text and page.failures.append(entry.text))
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.on("dialog", lambda dialog: (page.failures.append("dialog"), dialog.dismiss()))
        page.goto(f"{seeded.address}/staff/login")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("#st-header b")
        return page

    yield open_as
    for context in contexts:
        context.close()


def go_to(page: Any, tab: str) -> None:
    """Choose a tab; on a phone the last ones are in a menu."""
    direct = page.locator(f"button[role=tab]:visible:has-text('{tab}')")
    if direct.count() == 0:
        page.click("#st-tabs .overflow-menu > button")
        direct = page.locator(f"#st-tabs .overflow-dropdown button:has-text('{tab}')")
    direct.first.click()


def test_held_run_is_read_and_its_differences_are_judged_by_keys(
    seeded: SeededDesk, console: Callable[..., Any], shot: Any
) -> None:
    store = seeded.services.store
    page = console("rita")
    go_to(page, "Improve")
    page.wait_for_selector(".im-gates")
    assert page.locator(".im-gates tr:has-text('failed')").count() == 2
    assert not page.locator("#im-start").is_visible()
    shot(page, "improve-run")
    page.click("[data-act=differences]")
    page.wait_for_selector("#im-difference .st-target:has-text('where is my order')")
    shot(page, "improve-difference")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("w")
    page.wait_for_selector("#im-difference .st-target:has-text('evil.example')")
    page.keyboard.press("b")
    page.wait_for_selector("#im-progress :text('2 of 2 judged')")
    page.keyboard.press("u")
    page.wait_for_selector("#im-progress :text('1 of 2 judged')")
    page.click("[data-act=transcript]")
    page.wait_for_selector("#im-transcript .tr-talk")
    assert {found.verdict for found in store.replays.of(seeded.run_id)} == {DifferenceVerdict.WORSE, None}
    assert page.locator("#st-tabs img, #im-difference script").count() == 0
    assert page.failures == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith("data:")} == {"127.0.0.1"}


def test_a_run_is_followed_without_a_reload_and_fits_a_phone(
    seeded: SeededDesk, console: Callable[..., Any], shot: Any
) -> None:
    runs = seeded.services.store.runs
    page = console("ana", 390)
    go_to(page, "Improve")
    page.wait_for_selector("#im-start")
    with seeded.services.desk.improving():
        run_id = runs.start(by="eve", parent_bundle=None)
        runs.step(run_id, "Training, calibrating and exporting", 5, 20)
        page.wait_for_selector("#im-now [role=progressbar][aria-valuenow='25']")
        page.wait_for_selector("#im-runs .st-row:has-text('eve')")
        shot(page, "improve-running-phone")
        runs.finish(run_id, RunState.NOTHING_NEW, "no review is new")
    page.wait_for_selector("#im-runs .st-row:has-text('nothing new')")
    page.click("#im-runs .st-row:has-text('held back')")
    page.wait_for_selector(".im-gates")
    shot(page, "improve-run-phone")
    widths = [page.evaluate("document.documentElement.scrollWidth")]
    page.click("[data-act=differences]")
    page.wait_for_selector("#im-difference .st-target")
    shot(page, "improve-difference-phone")
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    go_to(page, "Bundles")
    page.click("#im-bundles [data-act=ask]")
    page.wait_for_selector("#im-question :text('Publish b-7?')")
    shot(page, "improve-bundles-phone")
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    page.wait_for_function("document.activeElement.id === 'im-yes'")
    page.click("#im-no")
    page.wait_for_selector("#im-question", state="hidden")
    page.set_viewport_size({"width": 1280, "height": 900})
    shot(page, "improve-bundles")
    assert max(widths) <= 390
    assert page.failures == []


def test_effects_of_a_correction_and_golden_marks_by_keys(
    seeded: SeededDesk, console: Callable[..., Any], shot: Any
) -> None:
    store, assistant = seeded.services.store, seeded.services.assistant
    started = store.conversations.start(channel="web", locale="en")
    reply = assistant.reply(started.conversation_id, "where is my order", "m1")
    assert reply is not None
    store.conversations.add_feedback(started.conversation_id, reply.sequence, helpful=False, comment=None)
    page = console("rita")
    go_to(page, "Review")
    page.wait_for_selector("#st-review-item .st-target")
    page.fill("#st-correct-reply textarea", "You can follow your parcel under My account now.")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    page.wait_for_selector("#st-golden:has-text('✓ Kept')")
    page.keyboard.press("e")
    page.wait_for_selector("#st-effects-list :text('past answers would change')")
    shot(page, "review-effects")
    page.click("#st-effects-list [data-act=transcript] >> nth=0")
    page.wait_for_selector("#st-effects-transcript .tr-talk")
    assert len(store.golden.marks()) == 1
    assert store.replies.history("r-track")[-1].version == 1
    page.set_viewport_size({"width": 390, "height": 900})
    shot(page, "review-effects-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.failures == []
