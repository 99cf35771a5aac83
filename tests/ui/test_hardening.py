"""SECURITY.md's Gradio table, line by line; each test fails without its remedy."""

import json
import threading
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

from bot.errors import DatabaseUnavailableError
from ui.hardening import ErrorShield, GradioGate
from ui.security_headers import SecurityHeaders

API = "/chat/gradio_api"
EVIL = "https://evil.example"


def file_data(path: Path) -> dict[str, object]:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


# --- any file of the process can be read ---


def test_file_references_are_refused(site: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the crown jewels")
    visitor = site.visitor()
    body = visitor.body("deliver", {"text": "hi", "id": "12345678"}) | {"data": [file_data(secret)]}
    assert visitor.client.post(f"{API}/queue/join", json=body).status_code == 422
    body = visitor.body("deliver", {"text": file_data(secret), "id": "12345678"})
    assert visitor.client.post(f"{API}/queue/join", json=body).status_code == 422


def test_gradio_itself_checks_paths_too(site: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the crown jewels")
    token = LocalContext.blocks.set(site.blocks)
    try:
        with pytest.raises(InvalidPathError):
            processing_utils._check_allowed(secret, check_in_upload_folder=True)
    finally:
        LocalContext.blocks.reset(token)


# --- any Origin is reflected with credentials ---


@pytest.mark.parametrize("path", ["/chat/", "/chat/theme.css", "/api/v1/conversations/c1/events", "/healthz"])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost", "http://127.0.0.1.evil.example"])
def test_foreign_origins_are_not_reflected(site: Any, path: str, origin: str) -> None:
    answer = httpx.get(site.address + path, headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


def test_preflight_of_foreign_origins_fails(site: Any) -> None:
    headers = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{site.address}{API}/queue/join", headers=headers)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1"])
def test_foreign_pages_cannot_write(site: Any, origin: str) -> None:
    visitor = site.visitor(Origin=origin)
    assert visitor.client.post("/conversation").status_code == 403
    assert visitor.join("refresh").status_code == 403


def test_own_origin_can_write(site: Any) -> None:
    visitor = site.visitor(Origin=site.address)
    assert visitor.client.post("/conversation").status_code == 204


# --- exception texts reach clients ---


def test_handler_errors_show_a_reference_and_no_text(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    site.desk.delivery.failure = RuntimeError("password=hunter2 of the database")
    visitor = site.visitor()
    visitor.begin()
    seen = visitor.fire("deliver", {"text": "my private words", "id": "12345678"})
    assert "hunter2" not in seen
    reference = seen.split("Reference: ")[1][:8]
    assert reference in caplog.text
    assert "hunter2" not in caplog.text
    assert "my private words" not in caplog.text


def test_gradio_does_not_send_exception_texts(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2 of the database")

    visitor = site.visitor()
    number = visitor.body("refresh")["fn_index"]
    monkeypatch.setattr(site.blocks.fns[number], "fn", broken)
    seen = visitor.fire("refresh")
    assert '"success": false' in seen
    assert "hunter2" not in seen


def test_unexpected_errors_of_routes_show_a_reference_only(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2 of the database")

    visitor = site.visitor()
    conversation_id = visitor.begin()
    monkeypatch.setattr(site.desk.store.conversations, "messages_after", broken)
    answer = visitor.client.get(f"/api/v1/conversations/{conversation_id}/events")
    assert answer.status_code == 500
    assert "reference" in answer.text
    assert "hunter2" not in answer.text


def test_a_lost_database_is_503_with_a_time_to_wait_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise DatabaseUnavailableError("cannot reach postgresql://desk:hunter2@db")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(SecurityHeaders(ErrorShield(app), {}, tls=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            return await client.get("/anything")

    answer = anyio.run(ask)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "hunter2" not in answer.text + caplog.text


# --- open routes ---


@pytest.mark.parametrize(
    "path",
    [
        "/docs", "/redoc", "/openapi.json", "/chat/docs", "/chat/openapi.json", "/chat/config", "/chat/monitoring",
        "/chat/monitoring/summary", "/chat/logout", "/chat/login", "/chat/robots.txt", "/chat/manifest.json",
        f"{API}/info",
        f"{API}/info/?all_endpoints=true", f"{API}/openapi.json", f"{API}/runs", f"{API}/token",
        f"{API}/user",
        f"{API}/deep_link?session_hash=abc123", f"{API}/dev/reload", f"{API}/file=/etc/passwd",
        f"{API}/file/etc/passwd",
        f"{API}/proxy=https://evil.example", f"{API}/vibe-code", f"{API}/upload_progress?upload_id=1",
        f"{API}/call/refresh/1",
        f"{API}/stream/a/b/1/playlist.m3u8", f"{API}/custom_component/a/b/c/d", f"{API}/profiling/traces",
        "/chat//config",
        "/chat/assets/../config", "/chat/assets/%2e%2e/config", "/chat/static/..%2f..%2froutes.py", "/chat/svelte/x",
    ],
)  # fmt: skip
def test_routes_that_the_page_does_not_need_are_refused(site: Any, path: str) -> None:
    connection = httpx.Client(base_url=site.address)
    answer = connection.send(connection.build_request("GET", site.address + path))
    assert answer.status_code == 404


@pytest.mark.parametrize("route", ["run/refresh", "api/refresh", "call/refresh", "call/v2/refresh", "component_server"])
def test_events_run_through_the_queue_only(site: Any, route: str) -> None:
    visitor = site.visitor()
    assert visitor.client.post(f"{API}/{route}", json=visitor.body("refresh")).status_code == 404


def test_page_tells_nothing_of_the_api(site: Any) -> None:
    page = site.visitor().load()
    info = page.split("window.gradio_api_info = ", 1)[1]
    assert json.JSONDecoder().raw_decode(info)[0] == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_monitoring_and_run_history_are_off(site: Any) -> None:
    assert site.blocks.enable_monitoring is False
    assert site.blocks.run_history is False


# --- uploads and large bodies ---


def test_uploads_are_refused(site: Any) -> None:
    visitor = site.visitor()
    small = visitor.client.post(f"{API}/upload", files={"files": b"x" * 100})
    assert 400 <= small.status_code < 500
    assert visitor.client.post(f"{API}/upload", json={}).status_code == 404
    assert site.blocks.max_file_size == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_over_64_kb_are_refused(site: Any, chunked: bool) -> None:
    visitor = site.visitor()
    body = json.dumps(visitor.body("deliver", {"text": "x" * 70_000, "id": "12345678"})).encode()
    content: Any = iter([body[:1000], body[1000:]]) if chunked else body
    answer = visitor.client.post(f"{API}/queue/join", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff\xfe", 422),
        (b'{"data": ["\\ud83d"], "session_hash": "a"}', 422),
        (b"[" * 60_000, 400),
        (b"nonsense", 400),
        (b"[]", 422),
        (b'{"session_hash": 5}', 422),
        (b'{"session_hash": "a", "fn_index": "x", "data": []}', 422),
        (b'{"session_hash": "a", "fn_index": 9999, "data": []}', 422),
        (b'{"session_hash": "a", "data": []}', 422),
        (b"", 422),
    ],
)
def test_wrong_bodies_get_a_clear_status(site: Any, body: bytes, status: int) -> None:
    visitor = site.visitor()
    answer = visitor.client.post(f"{API}/queue/join", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


# --- the session hash is the only credential ---


def test_a_stream_belongs_to_the_cookie(site: Any) -> None:
    site.desk.delivery.gate.clear()
    mine, thief = site.visitor(), site.visitor()
    mine.begin()
    mine.join("deliver", {"text": "my private words", "id": "12345678"}).raise_for_status()
    stolen = json.dumps(thief.stream())
    site.desk.delivery.gate.set()
    assert "private" not in stolen
    assert "my private words" in json.dumps(mine.stream())


def test_streams_need_the_cookie(site: Any) -> None:
    visitor = site.visitor()
    visitor.client.cookies.clear()
    assert visitor.join("refresh").status_code == 403
    assert visitor.client.get(f"{API}/queue/data?session_hash=abc123").status_code == 403
    assert visitor.client.get(f"{API}/heartbeat/abc123").status_code == 403
    assert visitor.client.post("/conversation").status_code == 403


def test_heartbeats_are_bound_too() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    gate = GradioGate(app, "/chat", frozenset())
    headers = [(b"cookie", b"frontdesk_visitor=" + b"v" * 43)]
    scope = {"type": "http", "method": "GET", "path": f"{API}/heartbeat/abc123", "headers": headers}
    anyio.run(gate, scope, None, None)
    assert seen
    assert "abc123" not in seen[0]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(site: Any) -> None:
    client = httpx.Client(base_url=site.address)
    page = client.get("/chat/?lang=zh").headers.get_list("set-cookie")
    started = client.post("/conversation").headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in page + started] == [
        "frontdesk_visitor", "frontdesk_language", "frontdesk_conversation"
    ]  # fmt: skip
    assert all("HttpOnly; SameSite=Lax" in cookie for cookie in page + started)


# --- a dropped stream, floods, queues ---


def test_a_dropped_stream_loses_nothing(site: Any) -> None:
    visitor = site.visitor()
    visitor.begin()
    visitor.join("deliver", {"text": "Can I return it?", "id": "12345678"}).raise_for_status()
    later = Visitor_like(visitor, "other1")
    for _ in range(100):
        if "within 30 days" in (seen := later.fire("refresh")):
            break
    assert "within 30 days" in seen


def Visitor_like(visitor: Any, session_hash: str) -> Any:  # noqa: N802 - reads as the constructor it stands for
    return type(visitor)(visitor.client, session_hash, visitor.config)


def test_one_slow_answer_does_not_hold_up_another(site: Any) -> None:
    together = threading.Barrier(2)

    class BothAtOnce:
        def wait(self, timeout: float) -> bool:
            together.wait(timeout)
            return True

    site.desk.delivery.gate = BothAtOnce()
    visitors = [site.visitor(), site.visitor()]
    for visitor in visitors:
        visitor.begin()
        visitor.join("deliver", {"text": "Can I return it?", "id": "12345678"}).raise_for_status()
    assert all("within 30 days" in json.dumps(visitor.stream()) for visitor in visitors)


def test_the_queue_is_bounded(site: Any) -> None:
    assert site.blocks._queue.max_size == site.desk.settings.queue_size
    assert site.blocks._queue.default_concurrency_limit is None


def test_the_limit_is_wired_in(desk: Any) -> None:
    from dataclasses import replace

    from ui.app import create_app

    desk.settings = replace(desk.settings, address_rate="3/minute")
    app = create_app(desk.services())

    async def flood() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            return [(await client.post("/conversation")).status_code for _ in range(5)]

    assert anyio.run(flood) == [403, 403, 403, 429, 429]


# --- telemetry ---


def test_telemetry_is_off(site: Any) -> None:
    import os

    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert site.blocks.analytics_enabled is False


def test_page_names_no_other_host(site: Any) -> None:
    page = site.visitor().load()
    for name in ("gradio.app", "githubusercontent", "googleapis", "huggingface.co"):
        assert name not in page.split("window.gradio_config")[0]
