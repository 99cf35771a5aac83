from typing import Any

import httpx


def test_healthz_is_alive_even_when_nothing_is_ready(site: Any) -> None:
    site.desk.state["ready"] = False
    assert httpx.get(f"{site.address}/healthz").status_code == 200


def test_readyz_tells_provider_and_versions(site: Any) -> None:
    answer = httpx.get(f"{site.address}/readyz")
    assert answer.status_code == 200
    assert answer.json()["provider"] == "CPUExecutionProvider"
    assert answer.json()["versions"] == {"bundle": "bundle-1"}


def test_readyz_is_503_with_a_time_to_wait_when_the_desk_is_not_ready(site: Any) -> None:
    site.desk.state.update(ready=False, database="unreachable")
    answer = httpx.get(f"{site.address}/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["database"] == "unreachable"


def test_readyz_hides_why_a_check_broke(site: Any, monkeypatch: Any) -> None:
    site.desk.state = None
    answer = httpx.get(f"{site.address}/readyz")
    assert answer.status_code == 503
    assert set(answer.json()) == {"ready", "reference"}
