"""Headers of every answer, and what the pages' Content-Security-Policy allows."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from ui.app import create_app
from ui.security_headers import PagePolicy, SecurityHeaders, inline_hashes


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {words[0]: words[1:] for words in parts}


def test_chat_page_runs_its_own_inline_scripts_by_hash_and_no_others(site: Any) -> None:
    answer = httpx.get(f"{site.address}/chat/")
    policy = policy_of(answer)
    config = answer.text.split("<script>", 1)[1].split("</script>", 1)[0]
    digest = base64.b64encode(hashlib.sha256(config.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy["script-src"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not [source for source in policy["script-src"] if ":" in source or "*" in source]
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["connect-src"] == policy["font-src"] == policy["form-action"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert "<base" not in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


PATHS = ["/chat/", "/healthz", "/conversation/state", "/chat/config", "/nowhere", "/chat/theme.css"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_kept_from_being_misread_or_telling_others(site: Any, path: str) -> None:
    headers = httpx.get(site.address + path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def test_answers_that_are_no_pages_may_do_nothing(site: Any) -> None:
    answer = httpx.get(f"{site.address}/healthz")
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_browsers_remember_tls_where_cookies_are_secure(desk: Any) -> None:
    desk.settings = replace(desk.settings, secure_cookies=True)
    app = create_app(desk.services())

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.test") as client:
            return await client.get("/healthz")

    assert anyio.run(ask).headers["strict-transport-security"] == "max-age=31536000"


def ask_page(policy: PagePolicy | None, body: bytes, **headers: str) -> httpx.Response:
    """One answer of an application that sends this page in two halves, behind the middleware."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sent = [(b"content-type", b"text/html; charset=utf-8")]
        sent += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    async def ask() -> httpx.Response:
        guarded = SecurityHeaders(app, {"/staff/": policy} if policy else {}, tls=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://desk.test") as client:
            return await client.get("/staff/")

    return anyio.run(ask)


def test_page_that_nobody_may_frame_says_so_in_both_headers() -> None:
    answer = ask_page(PagePolicy(compiles=True), b"<p>console</p>")
    assert policy_of(answer)["frame-ancestors"] == ["'none'"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert policy_of(answer)["script-src"] == ["'self'", "'unsafe-eval'"]


def test_page_of_an_unlisted_path_gets_the_plain_policy() -> None:
    answer = ask_page(None, b"<script>one()</script><script src='a.js'></script><SCRIPT type=module>two()</SCRIPT>")
    sources = policy_of(answer)["script-src"]
    assert sources[0] == "'self'"
    assert len(sources) == 3
    assert "'unsafe-eval'" not in sources


def test_inline_hashes_are_of_what_browsers_hash() -> None:
    known = "'sha256-" + base64.b64encode(hashlib.sha256(b"\nalert(1)\n").digest()).decode() + "'"
    assert inline_hashes(b'<script data-a="b">\r\nalert(1)\r\n</script><script>\nalert(1)\n</script>') == [known]


def test_compressed_page_is_passed_on_without_a_page_policy() -> None:
    answer = ask_page(None, b"", content_encoding="identity")
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
