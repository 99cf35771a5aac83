"""A real Chromium; without one these tests are skipped, and say so."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium_driver() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; install chromium to run the browser tests")
    with playwright.sync_playwright() as driver:
        yield driver.chromium


@pytest.fixture(scope="session")
def chromium(chromium_driver: Any) -> Iterator[Any]:
    browser = chromium_driver.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_chat(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens the chat in a browser of its own; notes each request, error and policy violation of the page."""
    contexts: list[Any] = []

    def open_at(address: str, *, width: int = 1000, height: int = 760, locale: str = "en-GB", query: str = "") -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.asked, page.failures = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda entry: "Content Security Policy" in entry.text and page.failures.append(entry.text))
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.on("dialog", lambda dialog: (page.failures.append("dialog"), dialog.dismiss()))
        page.goto(f"{address}/chat/{query}")
        page.wait_for_selector("#fd-composer")
        return page

    yield open_at
    for context in contexts:
        context.close()


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """Keeps a picture of the page where FRONTDESK_SHOTS names a folder."""
    folder = os.environ.get("FRONTDESK_SHOTS")

    def take(page: Any, name: str) -> None:
        if folder:
            page.wait_for_timeout(350)
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return take
