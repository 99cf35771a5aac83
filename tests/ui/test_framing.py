from dataclasses import replace
from typing import Any

import httpx
import pytest

from ui.app import create_app
from ui.framing import frame_ancestors, image_sources
from ui.services import ChatSettings

SHOP = "https://www.shop.example"


@pytest.mark.parametrize(
    ("origins", "expected"),
    [((), "'self'"), ((SHOP, "https://b.example:8443"), f"'self' {SHOP} https://b.example:8443")],
)
def test_frame_ancestors_are_the_desk_and_the_listed_sites(origins: tuple[str, ...], expected: str) -> None:
    assert frame_ancestors(ChatSettings(allowed_origins=origins)) == expected


def test_image_sources_name_no_site_that_is_not_listed() -> None:
    assert image_sources(ChatSettings(allowed_origins=(SHOP,))) == f"'self' data: {SHOP}"


def test_the_chat_page_says_who_may_frame_it(site: Any, visitor_type: Any) -> None:
    policy = site.visitor().client.get("/chat/").headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "https:" not in policy


def test_embedded_chats_cookies_live_in_the_partition_of_the_framing_site(desk: Any, serving_at: Any) -> None:
    desk.settings = replace(desk.settings, allowed_origins=(SHOP,), cross_site_cookies=True)
    with serving_at(create_app(desk.services())) as address:
        page = httpx.get(f"{address}/chat/")
        started = httpx.post(
            f"{address}/conversation", cookies={"frontdesk_visitor": page.cookies["frontdesk_visitor"]}
        )
    for cookie in [*page.headers.get_list("set-cookie"), *started.headers.get_list("set-cookie")]:
        assert cookie.endswith("HttpOnly; SameSite=None; Secure; Partitioned")
    assert f"frame-ancestors 'self' {SHOP}" in page.headers["content-security-policy"]
