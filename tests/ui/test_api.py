"""The web API on a real desk: tokens, retries, streams that resume, the customer's rights."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.bootstrap import Services, open_services
from bot.handoff import Move
from ui.app import create_app
from ui.server import chat_services

SECRET = "the company's own key, long enough for HS256"
MESSAGE = {"client_message_id": "message-0001", "text": "where is my order"}


@pytest.fixture
def services(tmp_path: Path, published_desk: Any) -> Iterator[Services]:
    import shutil

    shutil.copytree(published_desk.directory, tmp_path / "desk")
    with open_services(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def address(services: Services, serving_at: Any) -> Iterator[str]:
    chat = chat_services(services)
    settings = replace(
        chat.settings, web_api=True, identity_secret=SECRET, visitor_rate="10000/minute", address_rate="10000/minute"
    )
    with serving_at(create_app(replace(chat, settings=settings))) as base:
        yield base


class Caller:
    """A program with one conversation."""

    def __init__(self, address: str, **body: str) -> None:
        self.client = httpx.Client(base_url=f"{address}/api/v1", timeout=30)
        started = self.client.post("/conversations", json=body)
        assert started.status_code == 201, started.text
        self.id, self.token = started.json()["conversation_id"], started.json()["token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"

    def post(self, body: dict[str, str] = MESSAGE, wait_s: float = 10) -> httpx.Response:
        return self.client.post(f"/conversations/{self.id}/messages", params={"wait_s": wait_s}, json=body)

    def events(self, after: int = 0) -> dict[str, Any]:
        return dict(
            self.client.get(f"/conversations/{self.id}/events", params={"after": after}).raise_for_status().json()
        )

    def stream(self, until: int, **headers: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Events of the stream until a message with this sequence."""
        found: list[tuple[str, str, dict[str, Any]]] = []
        fields: dict[str, str] = {}
        with self.client.stream("GET", f"/conversations/{self.id}/stream", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                fields |= {name: value} if name else {}
                if line or "event" not in fields:
                    continue
                found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
                if fields["event"] == "message" and int(fields["id"]) >= until:
                    return found
                fields = {}
        return found


def test_post_answers_and_a_retry_gets_the_same_answer(address: str) -> None:
    caller = Caller(address)
    first, again = caller.post(), caller.post()
    assert first.status_code == again.status_code == 202
    assert first.json()["reply"]["text"] == "You can follow your parcel under My account."
    assert again.json() == first.json()
    assert [message["sequence"] for message in caller.events()["messages"]] == [1, 2]


def test_reply_is_produced_after_the_customer_hung_up(address: str) -> None:
    caller = Caller(address)
    assert caller.post(wait_s=0).json()["reply"] is None
    deadline = time.monotonic() + 10
    while len(caller.events()["messages"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert caller.events()["messages"][1]["answers"] == 1


def test_burst_is_answered_once_and_in_order(address: str) -> None:
    caller = Caller(address)
    for number, text in enumerate(["hello", "where is my order", "thanks"]):
        caller.post({"client_message_id": f"message-{number}", "text": text}, wait_s=0)
    reply = caller.post({"client_message_id": "message-2", "text": "thanks"}).json()["reply"]
    assert (reply["sequence"], reply["answers"]) == (4, 3)


def test_stream_resumes_without_gap_or_repeat(address: str, services: Services) -> None:
    caller = Caller(address)
    caller.post()
    whole = [event for event in caller.stream(2) if event[0] == "message"]
    assert [(number, data["role"]) for _, number, data in whole] == [("1", "customer"), ("2", "bot")]
    resumed = [event for event in caller.stream(2, **{"Last-Event-ID": "1"}) if event[0] == "message"]
    assert resumed == whole[1:]


def test_stream_brings_an_agents_answer_of_another_process_to_an_idle_customer(
    address: str, services: Services
) -> None:
    caller = Caller(address)
    caller.post()

    def agent() -> None:
        time.sleep(0.5)
        services.store.ownership.move(caller.id, Move.TAKE_OVER, by="ann")  # nobody announces it in this process
        services.store.conversations.append_agent(caller.id, "Hello, Ann here.", agent="ann")

    thread = threading.Thread(target=agent)
    thread.start()
    events = caller.stream(3)
    thread.join()
    assert events[-1][2]["text"] == "Hello, Ann here."
    assert caller.events()["state"]["owner"] == "agent"


def test_another_conversations_id_or_token_is_not_found(address: str) -> None:
    mine, other = Caller(address), Caller(address)
    other.post()
    for path in ("events", "stream", "transcript"):
        assert mine.client.get(f"/conversations/{other.id}/{path}").status_code == 404
        assert mine.client.get(f"/conversations/{'0' * 32}/{path}").status_code == 404
    assert mine.client.post(f"/conversations/{other.id}/messages", json=MESSAGE).status_code == 404
    assert mine.client.delete(f"/conversations/{other.id}").status_code == 404
    assert len(other.events()["messages"]) == 2


def test_person_feedback_close_and_transcript(address: str) -> None:
    caller = Caller(address, locale="zh-CN", channel="app")
    caller.post()
    here = f"/conversations/{caller.id}"
    assert (
        caller.client.put(f"{here}/messages/2/feedback", json={"helpful": True, "comment": "good"}).status_code == 204
    )
    assert caller.client.put(f"{here}/messages/1/feedback", json={"helpful": True}).status_code == 404
    for _ in range(2):
        asked = caller.client.post(f"{here}/person", json={"client_message_id": "person-0001"})
        assert asked.json()["owner"] == "queue"
    assert [message["action"] for message in caller.events()["messages"]] == [None, "answer", None, "handoff"]
    assert caller.client.post(f"{here}/close").json()["owner"] == "closed"
    assert caller.client.post(f"{here}/close").json()["owner"] == "closed"
    assert caller.post({"client_message_id": "message-0002", "text": "hello?"}).status_code == 409
    transcript = caller.client.get(f"{here}/transcript")
    assert "attachment" in transcript.headers["content-disposition"]
    kept = transcript.json()
    assert (kept["channel"], kept["locale"], len(kept["messages"])) == ("app", "zh-CN", 4)
    assert kept["messages"][1]["helpful"] is True


def test_contact_and_rating_are_kept_and_wrong_ones_refused(address: str, services: Services) -> None:
    caller = Caller(address)
    here = f"/conversations/{caller.id}"
    assert caller.client.put(f"{here}/contact", json={"email": "Ada@Example.com "}).status_code == 204
    assert caller.client.put(f"{here}/contact", json={"email": "nobody"}).status_code == 422
    assert caller.client.put(f"{here}/rating", json={"rating": 4, "comment": "kind"}).status_code == 204
    assert caller.client.put(f"{here}/rating", json={"rating": 6}).status_code == 422
    left = services.store.aftercare.of(caller.id)
    assert (left.contact, left.rating, left.comment) == ("Ada@example.com", 4, "kind")


def test_erased_conversation_is_gone_from_rows_index_and_file(address: str, services: Services) -> None:
    caller = Caller(address)
    caller.post({"client_message_id": "message-0001", "text": "my canary is zyxwvut987"})
    assert services.store.conversations.search("zyxwvut987")
    assert caller.client.delete(f"/conversations/{caller.id}").status_code == 204
    assert services.store.conversations.search("zyxwvut987") == []
    assert caller.client.get(f"/conversations/{caller.id}/events").status_code == 404
    services.store.purge()
    left = b"".join(path.read_bytes() for path in services.desk.directory.glob("frontdesk.db*"))
    assert b"zyxwvut987" not in left


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_message_id": "message-0001", "text": "   "}, 422),
        ({"client_message_id": "message-0001", "text": "a\x00b"}, 422),
        ({"client_message_id": "message-0001", "text": "x" * 4001}, 422),
        ({"client_message_id": "message-0001", "text": 7}, 422),
        ({"client_message_id": "no", "text": "hello"}, 422),
        ({"text": "hello"}, 422),
        ({"client_message_id": "message-0001", "text": "hello", "role": "agent"}, 422),
    ],
)
def test_wrong_input_gets_a_clear_error_and_leaves_nothing(address: str, body: dict[str, str], status: int) -> None:
    caller = Caller(address)
    answer = caller.post(body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert caller.events()["messages"] == []


def test_signed_identity_is_kept(address: str, services: Services) -> None:
    claims = {"sub": "customer-7", "name": "Ada", "exp": time.time() + 60}
    caller = Caller(address, identity=jwt.encode(claims, SECRET, "HS256"))
    standing = services.store.standings.get(caller.id)
    assert standing is not None
    assert (standing.customer_id, standing.customer_name) == ("customer-7", "Ada")


@pytest.mark.parametrize("flaw", ["forged", "expired", "unsigned", "no sub", "no exp", "no token"])
def test_identity_that_is_not_good_is_anonymous(address: str, services: Services, flaw: str) -> None:
    claims: dict[str, object] = {"sub": "customer-7", "exp": time.time() + 60}
    key, algorithm = SECRET, "HS256"
    match flaw:
        case "forged":
            key = "somebody else's key, long enough for HS256"
        case "expired":
            claims["exp"] = time.time() - 60
        case "unsigned":
            key, algorithm = "", "none"
        case "no sub":
            del claims["sub"]
        case "no exp":
            del claims["exp"]
    token = "rubbish" if flaw == "no token" else jwt.encode(claims, key, algorithm)
    standing = services.store.standings.get(Caller(address, identity=token).id)
    assert standing is not None
    assert standing.customer_id is None


def test_too_long_a_backlog_is_refused_with_the_seconds_to_wait(site: Any) -> None:
    caller = Caller(site.address)
    site.desk.delivery.backlog = 10_000
    try:
        refused = caller.post(wait_s=0)
    finally:
        site.desk.delivery.backlog = 0
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert caller.events()["messages"] == []


def test_api_is_for_our_own_page_alone_where_it_is_off(desk: Any, serving_at: Any) -> None:
    desk.settings = replace(desk.settings, web_api=False)
    with serving_at(create_app(desk.services())) as base, httpx.Client(base_url=base) as client:
        assert client.post("/api/v1/conversations", json={}).status_code in {404, 405}
        assert client.get("/api/v1/openapi.json").status_code == 404
        started = desk.store.conversations.start(channel="web", locale="en")
        path = f"/api/v1/conversations/{started.conversation_id}/events"
        assert client.get(path, headers={"Authorization": f"Bearer {started.token}"}).status_code == 404
        client.cookies.set("frontdesk_conversation", f"{started.conversation_id}.{started.token}")
        assert client.get(path).status_code == 200


def test_openapi_describes_every_route(address: str) -> None:
    description = httpx.get(f"{address}/api/v1/openapi.json").json()
    paths = {path for path in description["paths"] if path.startswith("/api/v1/")}
    one = "/api/v1/conversations/{conversation_id}"
    parts = (
        "",
        "/messages",
        "/events",
        "/stream",
        "/person",
        "/retry",
        "/close",
        "/transcript",
        "/messages/{sequence}/feedback",
        "/contact",
        "/rating",
    )
    assert paths == {"/api/v1/conversations", *(one + part for part in parts)}
    for operations in (description["paths"][path] for path in paths):
        assert all(operation["description"] for operation in operations.values())
