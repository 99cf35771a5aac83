"""What a request leaves in the log: method, route template, status, time; nothing of its query, path ids or cookies."""

import logging
import time
from typing import Any

import httpx
import pytest


def records_of(caplog: pytest.LogCaptureFixture, least: int = 1) -> list[logging.LogRecord]:
    """The access log, once it has so many lines: one is written after its answer has left."""
    deadline = time.monotonic() + 10
    while True:
        found = [record for record in caplog.records if record.name == "frontdesk.access"]
        if len(found) >= least or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


def lines_of(caplog: pytest.LogCaptureFixture, least: int = 1) -> list[str]:
    return [record.getMessage() for record in records_of(caplog, least)]


def test_access_log_names_the_route_and_none_of_the_secrets(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "frontdesk.access")
    visitor = site.visitor()
    visitor.begin()
    visitor.fire("deliver", {"text": "my private words", "id": "12345678"})
    visitor.client.get("/chat/nowhere/sesame?token=sesame", headers={"Authorization": "Bearer sesame"})
    lines = lines_of(caplog, 5)
    routes = {" ".join(line.split()[:3]) for line in lines}
    assert {"GET /chat/ 200", "POST /conversation 204", "POST /chat/gradio_api/queue/join 200"} <= routes
    assert "GET (none) 404" in routes
    secrets = [*visitor.client.cookies.values(), "sesame", "private", visitor.session_hash]
    assert not [secret for secret in secrets if secret in caplog.text]


def test_access_log_has_method_route_status_and_time_as_fields(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "frontdesk.access")
    httpx.post(f"{site.address}/conversation")
    record = records_of(caplog)[0]
    assert (record.method, record.route, record.status) == ("POST", "/conversation", 403)
    assert 0 <= record.ms < 60_000


def test_probes_of_health_are_not_logged_while_they_succeed(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "frontdesk.access")
    httpx.get(f"{site.address}/readyz")
    site.desk.state = {"ready": False}
    httpx.get(f"{site.address}/readyz")
    assert [line.rsplit(" ", 2)[0] for line in lines_of(caplog)] == ["GET /readyz 503"]


def test_each_answer_carries_an_id_of_its_own_whatever_the_caller_says(site: Any) -> None:
    forged = {"X-Request-ID": "forged"}
    ids = [httpx.get(f"{site.address}/healthz", headers=forged).headers["x-request-id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert all(len(each) == 16 and each.isalnum() for each in ids)


def test_a_strange_method_is_not_quoted_in_the_log(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "frontdesk.access")
    httpx.request("BREW", f"{site.address}/healthz")
    assert lines_of(caplog)[0].startswith("OTHER ")
