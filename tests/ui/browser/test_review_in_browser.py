"""A reviewer's main paths in a real browser, on a real desk with a real worker."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.label_findings import Finding, FindingKind, RowPlace, row_fingerprint
from bot.storage.records import ProposedReply, StaffRole
from bot.worker import run_worker
from ui.app import create_app
from ui.server import chat_services, staff_services

PASSWORD = "correct horse battery"
HOSTILE = '<img src="https://evil.example/a.png" onerror="alert(1)"><script>alert(2)</script>'


@dataclass
class WorkingDesk:
    """A desk that is served, with its worker and a reviewer."""

    services: Services
    address: str


@pytest.fixture
def working_desk(published_desk: Desk, tmp_path: Path, serving_at: Any) -> Iterator[WorkingDesk]:
    desk = Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))
    stop = threading.Event()
    with open_services(desk.directory) as services:

        def follow() -> None:
            while not stop.wait(0.3):
                services.live.follow()

        services.store.staff.add("rita", PASSWORD, StaffRole.REVIEWER)
        threads = [threading.Thread(target=run_worker, args=(desk.directory, stop)), threading.Thread(target=follow)]
        for thread in threads:
            thread.start()
        with serving_at(create_app(chat_services(services), staff=staff_services(services))) as address:
            yield WorkingDesk(services, address)
        stop.set()
        for thread in threads:
            thread.join(30)


@pytest.fixture
def open_console(chromium: Any, working_desk: WorkingDesk) -> Iterator[Callable[..., Any]]:
    contexts: list[Any] = []

    def open_at(width: int) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.failures, page.asked = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda entry: "Content Security Policy" in entry.text and page.failures.append(entry.text))
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.on("dialog", lambda dialog: (page.failures.append("dialog"), dialog.dismiss()))
        page.goto(f"{working_desk.address}/staff/login")
        page.fill("input[name=name]", "rita")
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("#st-header b")
        return page

    yield open_at
    for context in contexts:
        context.close()


def converse(desk: WorkingDesk, *texts: str, helpful: bool = False) -> tuple[str, int]:
    store = desk.services.store
    conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
    for text in texts:
        answer = desk.services.assistant.reply(conversation_id, text, uuid4().hex)
    assert answer is not None
    store.conversations.add_feedback(conversation_id, answer.sequence, helpful=helpful, comment=HOSTILE)
    return conversation_id, answer.sequence


def go_to(page: Any, tab: str) -> None:
    """Choose a tab; on a phone the last ones are in a menu."""
    direct = page.locator(f"#st-tabs button[role=tab]:visible:has-text('{tab}')")
    if direct.count() == 0:
        page.click("#st-tabs .overflow-menu > button")
        direct = page.locator(f"#st-tabs .overflow-dropdown button:has-text('{tab}')")
    direct.first.click()


def test_review_by_keyboard_correct_and_approve(working_desk: WorkingDesk, open_console: Any, shot: Any) -> None:
    reviews, replies = working_desk.services.store.reviews, working_desk.services.store.replies
    places = [converse(working_desk, "where is my order"), converse(working_desk, HOSTILE, "where is my order")]
    page = open_console(1280)
    go_to(page, "Review")
    page.wait_for_selector("#st-review-item .st-target")
    shot(page, "staff-review")
    page.keyboard.press("c")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Look under My account; a parcel takes two days.")
    page.fill("#st-find textarea, #st-find input", "return label")
    page.keyboard.press("Enter")
    page.click("#st-passage label:has-text('Search: Returns')")
    page.wait_for_selector("#st-marked .st-passage")
    shot(page, "staff-review-correction")
    page.click("#st-correct")
    page.wait_for_selector(".st-notice:has-text('r-track')")
    proposal = replies.history("r-track")[-1]
    assert (proposal.version, proposal.created_by, proposal.risky) == (2, "rita", ("date",))
    page.wait_for_selector("#st-review-progress :text('1 by you today')")
    page.wait_for_function("document.querySelector('#st-review-said').getBoundingClientRect().top >= 0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    page.wait_for_selector("#st-review-progress :text('2 by you today')")
    page.keyboard.press("n")  # the hostile message itself was not understood, so it waits too
    page.wait_for_selector(".st-done")
    assert {review.opinion.verdict for where in places for review in reviews.of(*where)} == {"corrected", "approved"}
    assert page.failures == []


def test_console_works_under_its_policy_and_hostile_texts_are_inert(
    working_desk: WorkingDesk, open_console: Any
) -> None:
    converse(working_desk, HOSTILE)
    converse(working_desk, HOSTILE, "where is my order")
    page = open_console(1280)
    for tab in page.locator("button[role=tab]").all():
        tab.click()
        page.wait_for_timeout(700)  # its streams never let the network fall silent
    go_to(page, "Review")
    page.wait_for_selector("#st-review-item :text('evil.example')")
    assert page.locator("img[src*='evil']").count() == 0
    assert page.failures == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith("data:")} == {"127.0.0.1"}


def test_keys_can_be_turned_off(working_desk: WorkingDesk, open_console: Any) -> None:
    where = converse(working_desk, "where is my order")
    page = open_console(1280)
    go_to(page, "Review")
    page.click("[data-toggle-keys]")
    page.wait_for_selector("[data-toggle-keys][aria-pressed=false]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    page.wait_for_timeout(700)
    assert working_desk.services.store.reviews.of(*where) == []
    page.click("[data-toggle-keys]")
    page.keyboard.press("a")
    page.wait_for_selector(".st-done")
    assert len(working_desk.services.store.reviews.of(*where)) == 1


def test_article_is_edited_previewed_published_and_its_change_shown(
    working_desk: WorkingDesk, open_console: Any, shot: Any
) -> None:
    page = open_console(1280)
    go_to(page, "Knowledge")
    page.click("#st-articles .st-row:has-text('Returns')")
    page.wait_for_function("document.querySelector('#st-article-body textarea').value.includes('45 days')")
    text = page.input_value("#st-article-body textarea")
    page.fill("#st-article-body textarea", text.replace("45 days", "60 days") + HOSTILE)
    page.click("#st-article-preview")
    page.wait_for_selector(".st-cut:has-text('60 days')")
    page.click("#st-article-publish")
    page.wait_for_selector(".st-live.st-good:has-text('Live after')")
    retriever = working_desk.services.live.current().retriever
    assert retriever is not None
    assert any("60 days" in passage.text for passage in retriever.passages)
    page.click("#st-article-history button >> nth=0")
    page.click("[data-act=compare] >> nth=0")
    page.wait_for_selector(".st-diff ins:has-text('60')")
    shot(page, "staff-articles")
    assert page.locator(".st-diff img, .st-diff script").count() == 0
    assert page.failures == []


def test_risky_reply_is_approved_from_its_own_page_only(
    working_desk: WorkingDesk, open_console: Any, shot: Any
) -> None:
    proposals = [
        ProposedReply("r-ask", "Please tell us your order number so that we can look it up.", ("order_status",), 12),
        ProposedReply("r-euro", "You will get 20 euros back by Friday.", ("refund_status",), 3, ("amount", "date")),
    ]
    working_desk.services.store.replies.propose(proposals)
    page = open_console(1280)
    go_to(page, "Knowledge")
    go_to(page, "Replies")
    page.wait_for_selector("#st-replies .st-row")
    assert page.locator("#st-replies [data-act=approve]").count() == 1
    page.click("#st-replies .st-row:has-text('20 euros')")
    page.wait_for_selector("#st-reply-approve:has-text('Approve although it has: amount, date')")
    shot(page, "staff-replies")
    page.click("#st-reply-approve")
    page.wait_for_selector("#st-reply-live .st-good:has-text('Live after')")
    assert working_desk.services.store.replies.history("r-euro")[-1].approved_by == "rita"


def test_phone_width_needs_no_sideways_scrolling(working_desk: WorkingDesk, open_console: Any, shot: Any) -> None:
    converse(working_desk, "where is my " + "w" * 200, "where is my order")
    page = open_console(390)
    go_to(page, "Review")
    page.wait_for_selector("#st-review-item .st-target")
    shot(page, "staff-review-phone")
    widths = [page.evaluate("document.documentElement.scrollWidth")]
    go_to(page, "Knowledge")
    page.click("#st-articles .st-row:has-text('Returns')")
    page.wait_for_function("document.querySelector('#st-article-body textarea').value.includes('45 days')")
    shot(page, "staff-articles-phone")
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    assert max(widths) <= 390


def test_labels_are_judged_by_keyboard(working_desk: WorkingDesk, open_console: Any, shot: Any) -> None:
    store = working_desk.services.store
    where = converse(working_desk, HOSTILE, "where is my order")
    folder = working_desk.services.desk.directory / "training"
    folder.mkdir()
    (folder / "intents.csv").write_text("text,intent\nmy parcel is late,return_item\n", encoding="utf-8")
    row = RowPlace(row_fingerprint("my parcel is late"), "intents.csv")
    overlap = {"taken_for_other": 4, "taken_from_other": 3, "rows": 20, "rows_of_other": 18, "share": 0.18}
    store.label_findings.replace(
        [
            Finding(FindingKind.MISLABELLED, "return_item", "order_status", 0.93, RowPlace("", None, *where)),
            Finding(FindingKind.MISLABELLED, "return_item", "order_status", 0.8, row, (), {"chance_suggested": 0.7}),
            Finding(FindingKind.OVERLAP, "return_item", "refund_status", 0.18, None, (row,), overlap),
        ],
        tuple(FindingKind),
    )
    page = open_console(1280)
    go_to(page, "Labels")
    page.wait_for_selector("#st-labels-item :text('where is my order')")
    shot(page, "staff-labels")
    page.keyboard.press("t")
    page.wait_for_selector("#st-labels-item :text('my parcel is late')")
    page.keyboard.press("d")
    page.wait_for_selector("#st-label-keep:has-text('Seen (k)')")
    shot(page, "staff-labels-overlap")
    page.keyboard.press("k")
    page.wait_for_selector("#st-labels-list :text('No finding waits')")
    assert store.reviews.of(*where)[0].opinion.intent == "order_status"
    assert list(store.label_findings.overrides().rows.values()) == [None]
    assert page.failures == []
