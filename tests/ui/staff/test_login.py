"""The login: passwords, the cookie, the limit on guesses, and what ends a login."""

import time
from typing import Any

import pytest

from bot.storage.records import StaffRole

JOIN = "/staff/console/gradio_api/queue/join"
EVIL = "https://evil.example"


def test_console_leads_to_the_login_page(staff_site: Any) -> None:
    browser = staff_site.browser()
    answer = browser.client.get("/staff/console/")
    assert (answer.status_code, answer.headers["location"]) == (303, "../login")
    page = browser.client.get("/staff/login")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


def test_right_password_gives_a_strict_cookie(staff_site: Any) -> None:
    answer = staff_site.browser().log_in(" ANA ")
    assert (answer.status_code, answer.headers["location"]) == (303, "console/")
    cookie = answer.headers["set-cookie"]
    for part in ("Path=/staff", "HttpOnly", "SameSite=Strict", "Max-Age=28800"):
        assert part in cookie
    assert "Secure" not in cookie
    assert [entry.action for entry in staff_site.store.audit.newest(actor="ana")] == ["login"]


@pytest.mark.parametrize(("name", "password"), [("ana", "wrong"), ("nobody", "wrong"), ("", ""), ("<script>x", "y")])
def test_wrong_name_or_password_gives_no_cookie(staff_site: Any, name: str, password: str) -> None:
    answer = staff_site.browser().log_in(name, password)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text


def test_failed_login_keeps_no_unknown_name(staff_site: Any) -> None:
    staff_site.browser().log_in("my secret password", "ana")
    (entry,) = staff_site.store.audit.newest()
    assert (entry.actor, entry.action, entry.address) == ("unknown name", "login_failed", "127.0.0.1")


def test_unknown_names_take_as_long_as_wrong_passwords(staff_site: Any) -> None:
    def seconds(name: str) -> float:
        staff_site.forget_failures()
        started = time.perf_counter()
        staff_site.store.staff.check(name, "wrong password")
        return time.perf_counter() - started

    seconds("nobody")
    known = min(seconds("ana") for _ in range(3))
    unknown = min(seconds("nobody") for _ in range(3))
    assert 0.5 < unknown / known < 2


def test_sixth_guess_has_to_wait_even_when_it_is_right(staff_site: Any) -> None:
    browser = staff_site.browser()
    assert [browser.log_in("ana", f"guess {n}").status_code for n in range(5)] == [401] * 5
    answer = browser.log_in("ana")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert "Too many failed attempts" in answer.text


def test_parallel_guesses_are_counted_one_by_one(staff_site: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(12) as pool:
        guesses = [pool.submit(lambda n: staff_site.browser().log_in("ana", f"guess {n}"), n) for n in range(12)]
    statuses = sorted(guess.result().status_code for guess in guesses)
    assert statuses == [401] * 5 + [429] * 7


def test_console_needs_a_login_for_pages_events_and_streams(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    body = colleague.body("", "load", [])
    stranger = staff_site.browser()
    assert stranger.client.post(JOIN, json=body).status_code == 401
    for route in ("queue/data?session_hash=abc123", "heartbeat/abc123", "startup-events", "app_id"):
        assert stranger.client.get(f"/staff/console/gradio_api/{route}").status_code == 401
    assert colleague.join("", "load", []).status_code == 200


@pytest.mark.parametrize("cookie", ["x", "a.b.c", "é", "x" * 5000])
def test_forged_cookies_are_refused(staff_site: Any, cookie: str) -> None:
    colleague = staff_site.colleague("ben")
    body = colleague.body("", "load", [])
    forged = staff_site.browser()
    header = f"frontdesk_staff={cookie}".encode()
    assert forged.client.post(JOIN, json=body, headers={b"cookie": header}).status_code == 401


def test_tampered_cookie_is_refused(staff_site: Any) -> None:
    colleague = staff_site.colleague("ben")
    value = colleague.client.cookies["frontdesk_staff"]
    swapped = ("A" if value[0] != "A" else "B") + value[1:]
    answer = staff_site.browser().client.post(
        JOIN, json=colleague.body("", "load", []), headers={"cookie": f"frontdesk_staff={swapped}"}
    )
    assert answer.status_code == 401


def test_cookie_expires_by_its_signature_and_by_the_database(staff_site: Any, monkeypatch: Any) -> None:
    colleague = staff_site.colleague("ben")
    assert colleague.join("", "load", []).status_code == 200
    real = time.time
    with monkeypatch.context() as patched:
        patched.setattr("itsdangerous.timed.time.time", lambda: real() + 8 * 3600 + 5)
        assert colleague.join("", "load", []).status_code == 401


@pytest.mark.parametrize("ending", ["logout", "disable", "role", "password"])
def test_stolen_cookie_is_void_after(staff_site: Any, ending: str) -> None:
    staff = staff_site.store.staff
    staff.add(f"dan-{ending}", "correct horse battery", StaffRole.AGENT)
    colleague = staff_site.colleague(f"dan-{ending}")
    stolen = {"cookie": f"frontdesk_staff={colleague.client.cookies['frontdesk_staff']}"}
    body = colleague.body("", "load", [])
    assert staff_site.browser().client.post(JOIN, json=body, headers=stolen).status_code == 200
    if ending == "logout":
        answer = colleague.client.post("/staff/logout")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert staff_site.store.audit.newest(limit=1)[0].action == "logout"
    elif ending == "disable":
        staff.disable("dan-disable")
    elif ending == "role":
        staff.set_role("dan-role", StaffRole.REVIEWER)
    else:
        staff.set_password("dan-password", "another passphrase")
    assert staff_site.browser().client.post(JOIN, json=body, headers=stolen).status_code == 401


@pytest.mark.parametrize("path", ["/staff/login", "/staff/logout", JOIN])
def test_foreign_pages_cannot_call_the_console(staff_site: Any, path: str) -> None:
    colleague = staff_site.colleague("ben")
    for origin in (EVIL, "null"):
        assert colleague.client.post(path, headers={"Origin": origin}).status_code == 403
    assert colleague.client.get("/staff/console/", headers={"Origin": EVIL}).status_code == 403
    assert colleague.join("", "load", []).status_code == 200


def test_own_origin_may_log_in(staff_site: Any) -> None:
    assert staff_site.browser(Origin=staff_site.address).log_in("ben").status_code == 303


def test_secure_cookies_are_sent_over_https_only(staff_site: Any) -> None:
    from dataclasses import replace

    from ui.server import staff_services

    sessions = replace(staff_services(staff_site.services).sessions, secure=True)
    assert sessions.cookie("x").endswith("; Secure")
