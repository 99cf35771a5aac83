"""The widget on a host page of another site than the desk, in a Chromium that blocks third-party cookies."""

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
import trustme
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from bot.opening_hours import OpeningHours
from bot.values import Owner, Role
from ui.app import create_app

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
NEVER_OPEN = OpeningHours.of("Europe/London", {}, [])


@dataclass(frozen=True)
class Web:
    """Two sites: the shop's page at ``shop``, the desk at ``desk``; ``stranger`` is on no list."""

    shop: str
    stranger: str
    desk: str
    site: Any
    spki: str


@contextmanager
def served(app: FastAPI, key: Path, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app, log_level="warning", ssl_certfile=key, ssl_keyfile=key, timeout_graceful_shutdown=2, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(15)


def free_port() -> tuple[socket.socket, int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def host_pages(desk: str) -> FastAPI:
    """Pages of the shop; hostile CSS of theirs must not break the widget."""
    app = FastAPI()

    @app.get("/")
    def page(data: str = "") -> HTMLResponse:
        return HTMLResponse(
            "<!doctype html><html lang=en><title>Shop</title><style>button, div, iframe { display: none !important; "
            "color: red !important } frontdesk-widget { display: none; opacity: 0 }</style><main><h1>Shop</h1>"
            f'<a href="#x">A link</a></main><script src="{desk}/widget.js" {data} defer></script></html>'
        )

    @app.get("/cookie")
    def cookie() -> HTMLResponse:
        return HTMLResponse(f'<!doctype html><title>c</title><iframe src="{desk}/plain-cookie"></iframe>')

    return app


@pytest.fixture(scope="module")
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    authority = trustme.CA()
    certificate = authority.issue_cert("shop.test", "stranger.test", "desk.test")
    key = tmp_path_factory.mktemp("tls") / "key.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(key)
    public = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    (desk_socket, desk_port), (shop_socket, shop_port) = free_port(), free_port()
    desk, shop = f"https://desk.test:{desk_port}", f"https://shop.test:{shop_port}"
    fake = request.getfixturevalue("new_fake_desk")
    fake.settings = replace(
        fake.settings, allowed_origins=(shop,), cross_site_cookies=True, secure_cookies=True, starters=()
    )
    app = create_app(fake.services())

    @app.middleware("http")
    async def plain_cookie(asked: Any, call_next: Any) -> Response:
        """An ordinary third-party cookie, to prove that the browser keeps none."""
        if asked.url.path != "/plain-cookie":
            return await call_next(asked)
        answer = HTMLResponse(f"<p id=seen>{'plain' in asked.cookies}</p>")
        answer.set_cookie("plain", "1", secure=True, samesite="none")
        return answer

    with served(app, key, desk_socket), served(host_pages(desk), key, shop_socket):
        yield Web(shop, shop.replace("shop.test", "stranger.test"), desk, fake, base64.b64encode(digest).decode())


@pytest.fixture(autouse=True)
def fresh_desk(web: Web) -> Iterator[None]:
    settings = web.site.settings
    yield
    web.site.settings = settings
    web.site.reset()


@pytest.fixture
def visit(chromium_driver: Any, web: Web, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page in a Chromium whose user blocks third-party cookies."""
    opened: list[Any] = []

    def open_at(address: str, *, width: int = 1280, height: int = 800, **options: Any) -> Any:
        profile = tmp_path / f"profile-{len(opened)}"
        (profile / "Default").mkdir(parents=True)
        preferences = {"profile": {"cookie_controls_mode": 1}}  # with 0 the first test fails: the cookie is kept
        (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
        rules = ",".join(f"MAP {name}.test 127.0.0.1" for name in ("shop", "stranger", "desk"))
        context = chromium_driver.launch_persistent_context(
            str(profile),
            executable_path="/usr/bin/chromium",
            args=[
                *ARGUMENTS,
                f"--host-resolver-rules={rules}",
                f"--ignore-certificate-errors-spki-list={web.spki}",
            ],
            viewport={"width": width, "height": height},
            **{"locale": "en-GB", **options},
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)
        page.asked, page.failures = [], []
        context.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.goto(address)
        return page

    yield open_at
    for context in opened:
        context.close()


def chat_of(page: Any) -> Any:
    """The chat inside the widget's frame, once it is there."""
    frame = page.frame_locator("frontdesk-widget iframe")
    frame.locator("#fd-composer, .fd-ending").first.wait_for()
    return frame


def ask(chat: Any, text: str) -> None:
    chat.locator("#fd-text").fill(text)
    chat.locator("#fd-text").press("Enter")


def conversation_of(web: Web) -> str:
    return str(next(iter(web.site.store.conversations.logs)))


def test_an_ordinary_third_party_cookie_is_blocked(web: Web, visit: Any) -> None:
    page = visit(f"{web.shop}/cookie")
    page.frame_locator("iframe").locator("#seen").wait_for(state="attached")
    page.reload()
    assert page.frame_locator("iframe").locator("#seen").text_content() == "False"
    page.goto(f"{web.desk}/plain-cookie")
    page.reload()
    assert page.locator("#seen").text_content() == "True"  # the cookie itself is sound


def test_a_conversation_in_a_cross_site_frame_is_there_again_after_a_reload(web: Web, visit: Any) -> None:
    page = visit(web.shop)
    assert page.locator("frontdesk-widget iframe").count() == 0
    page.click("frontdesk-widget .launcher")
    chat = chat_of(page)
    ask(chat, "Can I return shoes?")
    chat.locator(".fd-cite").first.wait_for()
    page.reload()
    chat = chat_of(page)
    chat.locator(".fd-cite").first.wait_for()
    assert chat.locator(".fd-row.fd-customer .fd-text").all_inner_texts() == ["Can I return shoes?"]
    assert len(web.site.store.conversations.logs) == 1
    assert page.failures == []
    hosts = {url.split("/")[2].split(":")[0] for url in page.asked if url.startswith("http")}
    assert hosts == {"shop.test", "desk.test"}
    assert not [url for url in page.asked if url.endswith("/null")]


def test_a_site_that_is_not_listed_cannot_frame_the_chat(web: Web, visit: Any) -> None:
    page = visit(web.stranger)
    page.click("frontdesk-widget .launcher")
    page.wait_for_timeout(2500)
    assert all("#fd-composer" not in frame.content() for frame in page.frames[1:])
    assert page.frame_locator("frontdesk-widget iframe").locator("#fd-composer").count() == 0
    page.click("frontdesk-widget .wait button")  # the panel has a way out all the same
    assert page.get_attribute("frontdesk-widget .launcher", "aria-expanded") == "false"


def test_messages_from_other_origins_are_ignored(web: Web, visit: Any) -> None:
    page = visit(web.shop)
    page.click("frontdesk-widget .launcher")
    chat_of(page)
    for message in ({"frontdesk": "close"}, {"frontdesk": "title", "text": "Forged"}):
        page.evaluate("(message) => window.postMessage(message, '*')", message)
    page.evaluate(
        "(address) => { const frame = document.createElement('iframe'); frame.id = 'other'; frame.srcdoc = "
        '\'<script>parent.postMessage({frontdesk: "close"}, "*"); top.frames[0].postMessage({frontdesk: '
        '"identity", token: "forged"}, "*")<\' + \'/script>\'; document.body.append(frame); }',
        web.desk,
    )
    page.wait_for_timeout(800)
    assert page.get_attribute("frontdesk-widget .launcher", "aria-expanded") == "true"
    assert page.get_attribute("frontdesk-widget .panel", "aria-label") != "Forged"


def test_identity_reaches_the_desk_from_the_shops_page_alone(web: Web, visit: Any) -> None:
    web.site.settings = replace(web.site.settings, identity_secret="")
    token = jwt.encode({"sub": "customer-7", "exp": 4_000_000_000}, "k" * 32, algorithm="HS256")
    page = visit(f"{web.shop}/?data=data-identity%3D{token}")
    bodies: list[str] = []
    page.context.on(
        "request",
        lambda request: bodies.append(request.post_data or "") if request.url.endswith("/conversation") else 0,
    )
    page.click("frontdesk-widget .launcher")
    ask(chat_of(page), "Can I return shoes?")
    chat_of(page).locator(".fd-cite").first.wait_for()
    assert json.loads(bodies[0]) == {"identity": token}


def test_keyboard_opens_moves_in_and_comes_back(web: Web, visit: Any) -> None:
    page = visit(web.shop)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    launcher = page.locator("frontdesk-widget .launcher")
    assert launcher.evaluate("(button) => button.getRootNode().activeElement === button")
    assert launcher.get_attribute("aria-controls") == "panel"
    page.keyboard.press("Enter")
    chat = chat_of(page)
    page.wait_for_function("document.activeElement.localName === 'frontdesk-widget'")
    chat.locator("#fd-text:focus").wait_for()
    assert launcher.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.wait_for_selector("frontdesk-widget .panel", state="hidden")
    assert launcher.evaluate("(button) => button.getRootNode().activeElement === button")
    assert launcher.get_attribute("aria-expanded") == "false"


def test_escape_closes_the_passage_before_the_widget(web: Web, visit: Any) -> None:
    page = visit(web.shop)
    page.click("frontdesk-widget .launcher")
    chat = chat_of(page)
    ask(chat, "Can I return shoes?")
    chat.locator(".fd-cite").first.click()
    chat.locator(".fd-sheet mark").first.wait_for()
    page.keyboard.press("Escape")
    chat.locator(".fd-passage").wait_for(state="hidden")
    assert page.locator("frontdesk-widget .panel").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector("frontdesk-widget .panel", state="hidden")


def test_an_answer_while_minimised_is_counted_and_seen_when_opened(web: Web, visit: Any) -> None:
    page = visit(web.shop)
    page.click("frontdesk-widget .launcher")
    chat = chat_of(page)
    ask(chat, "Can I return shoes?")
    chat.locator(".fd-cite").first.wait_for()
    chat.locator(".fd-minimise").click()
    page.wait_for_selector("frontdesk-widget .panel", state="hidden")
    conversation = conversation_of(web)
    web.site.store.conversations.append(conversation, Role.AGENT, "Hello, this is Ada.")
    web.site.delivery.announce(conversation)
    page.wait_for_selector("frontdesk-widget .badge")
    assert page.inner_text("frontdesk-widget .badge") == "1"
    assert page.get_attribute("frontdesk-widget .launcher", "aria-label") == "Open chat (1 new messages)"
    page.reload()
    page.wait_for_selector("frontdesk-widget .badge")
    page.click("frontdesk-widget .launcher")
    page.wait_for_selector("frontdesk-widget .badge", state="detached")


def test_the_panel_covers_a_phone_and_its_own_button_closes_it(web: Web, visit: Any) -> None:
    page = visit(web.shop, width=390, height=844)
    page.click("frontdesk-widget .launcher")
    chat = chat_of(page)
    assert page.locator("frontdesk-widget .panel").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert page.locator("frontdesk-widget .launcher").is_hidden()
    chat.locator(".fd-minimise").click()
    page.wait_for_selector("frontdesk-widget .launcher")


@pytest.mark.parametrize(
    ("color", "ink"), [("#0f5c55", "255, 255, 255"), ("#ffd54a", "11, 20, 19"), ("red;}", "255, 255, 255")]
)
def test_the_given_colour_gets_an_ink_that_can_be_read(web: Web, visit: Any, color: str, ink: str) -> None:
    page = visit(f"{web.shop}/?data=data-color%3D%22{color.replace('#', '%23')}%22")
    page.click("frontdesk-widget .launcher")
    assert page.locator("frontdesk-widget .launcher").evaluate("(b) => getComputedStyle(b).color") == f"rgb({ink})"
    chat = chat_of(page)
    assert chat.locator(".fd-header").evaluate("(h) => getComputedStyle(h).color") == f"rgb({ink})"


def test_outside_hours_the_form_keeps_an_address_and_the_end_is_rated(web: Web, visit: Any) -> None:
    object.__setattr__(web.site.settings, "hours", NEVER_OPEN)
    try:
        page = visit(web.shop)
        page.click("frontdesk-widget .launcher")
        chat = chat_of(page)
        chat.locator(".fd-person").click()
        chat.locator("#fd-email").fill("nobody")
        chat.locator(".fd-contact button").click()
        chat.locator(".fd-notice:has-text('name@example.com')").wait_for()
        chat.locator("#fd-email").fill("ann@example.com")
        chat.locator(".fd-contact button").click()
        chat.locator("text=We will answer to").wait_for()
        assert web.site.store.aftercare.of(conversation_of(web)).contact == "ann@example.com"
    finally:
        object.__setattr__(web.site.settings, "hours", None)
    chat.locator(".fd-end").click()
    chat.locator(".fd-keep:focus").wait_for()
    page.keyboard.press("Escape")
    chat.locator(".fd-confirm").wait_for(state="hidden")
    chat.locator(".fd-end").click()
    chat.locator(".fd-end-now").click()
    chat.locator(".fd-rating button", has_text="Good").first.click()
    chat.locator("#fd-score-comment").fill("quick & kind")
    chat.locator(".fd-score button").click()
    chat.locator(".fd-ending .fd-thanks").wait_for()
    left = web.site.store.aftercare.of(conversation_of(web))
    assert (left.rating, left.comment) == (4, "quick & kind")
    assert web.site.store.conversations.owners[conversation_of(web)] is Owner.CLOSED
    chat.locator(".fd-restart").click()
    chat.locator("#fd-composer").wait_for()
    ask(chat, "Can I return shoes?")
    chat.locator(".fd-cite").first.wait_for()
    assert len(web.site.store.conversations.logs) == 2
