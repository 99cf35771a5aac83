"""The console's mount: SECURITY.md's Gradio table holds for it too, and roles are asked at each event."""

from pathlib import Path
from typing import Any

import pytest
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

API = "/staff/console/gradio_api"


def blocks(site: Any) -> Any:
    return next(route.app for route in site.app.routes if getattr(route, "path", "") == "/staff/console").get_blocks()


def test_page_greets_by_name_and_role(staff_site: Any) -> None:
    colleague = staff_site.colleague("rea")
    seen = colleague.fire("", "load")
    assert "<b>rea</b>" in seen
    assert "reviewer" in seen
    assert "logout" in seen


def test_page_asks_no_other_host_and_is_never_framed_or_cached(staff_site: Any) -> None:
    answer = staff_site.colleague("ben").client.get("/staff/console/")
    assert "twitter:" not in answer.text
    assert "Staff · Tiny shop" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_file_references_are_refused(staff_site: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the crown jewels")
    colleague = staff_site.colleague("ben")
    value = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    assert colleague.join("", "load", [value]).status_code == 422
    token = LocalContext.blocks.set(blocks(staff_site))
    try:
        with pytest.raises(InvalidPathError):
            processing_utils._check_allowed(secret, check_in_upload_folder=True)
    finally:
        LocalContext.blocks.reset(token)


@pytest.mark.parametrize(
    "path",
    ["config", "monitoring", "docs", "openapi.json", "login", "logout", "gradio_api/info", "gradio_api/runs",
     "gradio_api/file=/etc/passwd", "gradio_api/token", "gradio_api/user", "gradio_api/call/greet/1"],
)  # fmt: skip
def test_routes_that_the_console_does_not_need_are_refused(staff_site: Any, path: str) -> None:
    assert staff_site.colleague("ana").client.get(f"/staff/console/{path}").status_code == 404


@pytest.mark.parametrize("route", ["run/greet", "api/greet", "call/greet", "upload", "component_server"])
def test_events_run_through_the_queue_only(staff_site: Any, route: str) -> None:
    colleague = staff_site.colleague("ana")
    assert colleague.client.post(f"{API}/{route}", json=colleague.body("", "load", [])).status_code == 404


def test_large_bodies_and_unknown_events_are_refused(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    assert colleague.client.post(f"{API}/queue/join", content=b'"' + b"x" * 1_000_000 + b'"').status_code == 413
    body = colleague.body("", "load", []) | {"fn_index": 9999}
    assert colleague.client.post(f"{API}/queue/join", json=body).status_code == 422


def test_streams_are_bound_to_the_login(staff_site: Any) -> None:
    ben, cem = staff_site.colleague("ben"), staff_site.colleague("cem")
    assert ben.session_hash == cem.session_hash
    assert "<b>ben</b>" in ben.fire("", "load")
    assert "<b>cem</b>" in cem.fire("", "load")


def test_handler_errors_show_a_reference_and_no_text(staff_site: Any, monkeypatch: Any, caplog: Any) -> None:
    def broken() -> None:
        raise RuntimeError("password=hunter2 of the database")

    colleague = staff_site.colleague("ana")
    monkeypatch.setattr(staff_site.store.staff, "members", broken)
    seen = colleague.fire("st-audit-show", "click", "", "")
    assert "Reference: " in seen
    assert "hunter2" not in seen + caplog.text


@pytest.mark.parametrize("name", ["ben", "rea"])
def test_admins_tab_is_refused_to_others(staff_site: Any, name: str) -> None:
    colleague = staff_site.colleague(name)
    seen = colleague.fire("st-audit-show", "click", "", "")
    assert "needs the role admin" in seen
    seen = colleague.fire("st-add", "click", "eve", "admin", "correct horse battery")
    assert "needs the role admin" in seen
    assert staff_site.store.staff.get("eve") is None


def test_admin_adds_staff_and_it_is_on_the_audit_log(staff_site: Any) -> None:
    seen = staff_site.colleague("ana").fire("st-add", "click", "Fay", "reviewer", "correct horse battery")
    assert "fay" in seen
    entry = staff_site.store.audit.newest(limit=1)[0]
    assert (entry.actor, entry.action, entry.subject, entry.detail) == ("ana", "staff_add", "fay", {"role": "reviewer"})
    assert "correct horse" not in seen


def test_audit_log_is_escaped(staff_site: Any) -> None:
    staff_site.store.audit.record("ana", "test", subject="<img src=x onerror=alert(1)>", detail={"a": "<b>"})
    seen = staff_site.colleague("ana").fire("st-audit-show", "click", "", "")
    assert "<img" not in seen
    assert "&lt;img" in seen
