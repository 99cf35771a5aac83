"""axe-core over the widget and all that the chat shows: nothing serious in our markup, at both widths and languages."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from bot.opening_hours import OpeningHours
from bot.values import Owner
from ui.app import create_app

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
OURS = ".fd, .fd-passage, .fd-notice, #fd-banner, frontdesk-widget"
GRADIOS_OWN: frozenset[str] = frozenset()
"""Rules that Gradio's page around the chat breaks, as docs/accessibility.md lists them: none with Gradio 6.31."""
FIND = """async (ours) => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => {
    const path = [node.target[0]].flat();
    const element = document.querySelector(path[0]);
    return {rule: rule.id, impact: rule.impact, ours: !!element?.closest(ours), html: node.html.slice(0, 160)};
  }));
}"""


@pytest.fixture(scope="module")
def accessible_site(new_fake_desk: Any, serving_at: Any) -> Iterator[tuple[Any, str]]:
    hours = OpeningHours.of("Europe/London", {}, [])
    new_fake_desk.settings = replace(new_fake_desk.settings, hours=hours)
    with serving_at(create_app(new_fake_desk.services())) as address:
        yield new_fake_desk, address


def findings(frame: Any) -> list[dict[str, Any]]:
    frame.evaluate(AXE)
    found: list[dict[str, Any]] = frame.evaluate(FIND, OURS)
    folder = os.environ.get("FRONTDESK_AXE")
    if folder:
        with (Path(folder) / "axe.jsonl").open("a") as file:
            file.writelines(json.dumps(one) + "\n" for one in found)
    return found


def check(frame: Any, stage: str) -> None:
    found = findings(frame)
    grave = [one for one in found if one["ours"] and one["impact"] in ("serious", "critical")]
    assert not grave, f"{stage}: {grave}"
    others = {one["rule"] for one in found if not one["ours"]}
    assert others <= GRADIOS_OWN, f"{stage}: Gradio's page breaks more rules than are written down: {others}"


@pytest.fixture
def host_page(chromium: Any, accessible_site: tuple[Any, str]) -> Iterator[Callable[..., Any]]:
    contexts: list[Any] = []

    def open_at(width: int, height: int, query: str, *, dark: bool) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)
        page.goto(f"{accessible_site[1]}/embed/host?{query}")
        return page

    yield open_at
    for context in contexts:
        context.close()
    accessible_site[0].reset()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
@pytest.mark.parametrize(
    ("lang", "color", "dark"), [("en", "#0f5c55", False), ("zh", "#f4b400", False), ("en", "#b3261e", True)]
)
def test_nothing_serious_is_found_in_our_markup(
    accessible_site: tuple[Any, str], host_page: Any, width: int, height: int, lang: str, color: str, dark: bool
) -> None:
    desk = accessible_site[0]
    page = host_page(width, height, f"lang={lang}&color=%23{color[1:]}&greeting=Any+questions%3F", dark=dark)
    page.wait_for_selector("frontdesk-widget .teaser")
    check(page.main_frame, "launcher")
    page.click("frontdesk-widget .launcher")
    page.wait_for_selector("frontdesk-widget iframe")
    page.frame_locator("frontdesk-widget iframe").locator("#fd-composer").wait_for()
    chat = page.frames[1]
    page.wait_for_selector("frontdesk-widget .wait", state="detached")
    check(page.main_frame, "open panel")
    chat.fill("#fd-text", "Can I return shoes?")
    chat.press("#fd-text", "Enter")
    chat.click(".fd-thumb.fd-down")
    chat.wait_for_selector(".fd-comment")
    check(chat, "answer")
    chat.click(".fd-cite")
    chat.wait_for_selector(".fd-sheet mark")
    check(chat, "passage")
    chat.click(".fd-close")
    chat.click(".fd-person")
    chat.wait_for_selector("#fd-email")
    check(chat, "offline form")
    chat.fill("#fd-email", "ann@example.com")
    chat.click(".fd-contact button")
    chat.wait_for_selector(".fd-card details")
    check(chat, "kept address")
    chat.click(".fd-end")
    chat.wait_for_selector(".fd-confirm")
    check(chat, "confirmation")
    chat.click(".fd-end-now")
    chat.click(".fd-rating button >> nth=3")
    chat.wait_for_selector(".fd-score")
    check(chat, "rating")
    assert Owner.CLOSED in desk.store.conversations.owners.values()
