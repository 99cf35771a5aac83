"""The widget's script, the logo and the page that shows how to embed; what a customer leaves at the end."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.values import Owner
from ui.embedding import embedding_routes
from ui.errors import UiError
from ui.services import ChatSettings


def client(settings: ChatSettings) -> TestClient:
    app = FastAPI()
    app.include_router(embedding_routes(settings))
    return TestClient(app)


def test_widget_is_small_cached_and_asked_for_by_any_site(site: Any) -> None:
    answer = httpx.get(f"{site.address}/widget.js")
    assert len(answer.content) < 10_000
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"].startswith("public, max-age=3600")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = httpx.get(f"{site.address}/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "https://" not in answer.text


def test_embed_page_shows_the_listed_sites_or_how_to_list_one() -> None:
    assert "allowed_origins = [" in client(ChatSettings()).get("/embed/").text
    listed = client(ChatSettings(title="A <b> & co", allowed_origins=("https://www.shop.example",))).get("/embed").text
    assert "<li><code>https://www.shop.example</code></li>" in listed
    assert "A &lt;b&gt; &amp; co" in listed


@pytest.mark.parametrize(
    "path", ["/embed/host", "/embed/page.js", "/embed/page.css", "/embed/host.js", "/embed/host.css"]
)
def test_embed_pages_parts_are_served_by_the_desk(site: Any, path: str) -> None:
    answer = httpx.get(site.address + path)
    assert answer.status_code == 200
    assert "//" not in answer.text.replace("// ", "").replace("http-equiv", "").replace("/*", "")


def test_logo_is_a_picture_of_the_desk(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    answer = client(ChatSettings(logo=logo)).get("/logo")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert client(ChatSettings()).get("/logo").status_code == 404


@pytest.mark.parametrize(("name", "size"), [("logo.html", 10), ("missing.png", None), ("large.png", 300_000)])
def test_a_logo_that_cannot_be_served_is_one_line(tmp_path: Path, name: str, size: int | None) -> None:
    if size is not None:
        (tmp_path / name).write_bytes(b"x" * size)
    with pytest.raises(UiError, match="logo"):
        embedding_routes(ChatSettings(logo=tmp_path / name))


def test_the_customer_ends_rates_and_begins_anew(site: Any) -> None:
    visitor = site.visitor()
    first = visitor.begin()
    visitor.fire("deliver", {"text": "Can I return it?", "id": "12345678"})
    assert "End this chat?" in visitor.fire("finish", {})
    assert site.desk.store.conversations.owners[first] is Owner.BOT
    ended = visitor.fire("end", {})
    assert "How did we do?" in ended
    assert 'id=\\"fd-composer' not in ended
    assert site.desk.store.conversations.owners[first] is Owner.CLOSED
    assert "How did we do?" in visitor.fire("end", {})
    assert "fd-score-comment" in visitor.fire("score", {"rating": 4, "comment": "", "first": True})
    assert "Thank you" in visitor.fire("score", {"rating": 4, "comment": "quick"})
    left = site.desk.store.aftercare.of(first)
    assert (left.rating, left.comment) == (4, "quick")
    assert visitor.begin() != first
    assert "fd-composer" in visitor.fire("refresh")


def test_a_contact_is_kept_or_refused_with_a_sentence(site: Any) -> None:
    visitor = site.visitor()
    conversation_id = visitor.begin()
    assert "name@example.com" in visitor.fire("contact", {"email": "nobody"})
    visitor.fire("contact", {"email": "ann@example.com"})
    assert site.desk.store.aftercare.of(conversation_id).contact == "ann@example.com"


def test_what_is_left_needs_the_conversations_cookie(site: Any) -> None:
    stranger = site.visitor()
    for event, data in (("contact", {"email": "a@example.com"}), ("score", {"rating": 1, "comment": ""}), ("end", {})):
        assert "Reference" in stranger.fire(event, data)
    assert site.desk.store.aftercare.left == {}
