"""Two servers on one database, as behind a load balancer: a turn is answered once, and each hears of the other's."""

import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from bot.bootstrap import open_services
from bot.storage.migrate import upgrade
from ui.app import create_app
from ui.server import chat_services

MESSAGES = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def desk_directory(request: pytest.FixtureRequest, published_desk: Any, tmp_path: Path) -> Iterator[Path]:
    directory = Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))
    server = os.environ.get("FRONTDESK_TEST_POSTGRESQL")
    if request.param == "sqlite":
        yield directory
        return
    if not server:
        pytest.skip("FRONTDESK_TEST_POSTGRESQL is not set")
    name = f"frontdesk_test_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            upgrade(url)
            settings = directory / "desk.toml"
            settings.write_text(f'database_url = "{url}"\n{settings.read_text()}')
            yield directory
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def servers(desk_directory: Path, serving_at: Any) -> Iterator[tuple[str, str]]:
    with ExitStack() as stack:
        addresses = []
        for _ in range(2):
            chat = chat_services(stack.enter_context(open_services(desk_directory)))
            rates = {"visitor_rate": "10000/minute", "address_rate": "10000/minute"}
            app = create_app(replace(chat, settings=replace(chat.settings, web_api=True, **rates)))
            addresses.append(stack.enter_context(serving_at(app)))
        yield addresses[0], addresses[1]


def start(address: str) -> tuple[str, dict[str, str]]:
    started = httpx.post(f"{address}/api/v1/conversations", json={}).raise_for_status().json()
    return started["conversation_id"], {"Authorization": f"Bearer {started['token']}"}


def test_stream_of_one_server_brings_what_came_through_the_other(servers: tuple[str, str]) -> None:
    here, there = servers
    conversation_id, token = start(here)
    route = f"/api/v1/conversations/{conversation_id}"
    with httpx.stream("GET", f"{here}{route}/stream", headers=token, timeout=20) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: state" for line in lines)
        body = {"client_message_id": "message-0001", "text": "where is my order"}
        httpx.post(f"{there}{route}/messages", headers=token, json=body).raise_for_status()
        texts: list[str] = []
        for line in lines:
            if line.startswith("data: ") and "text" in (data := json.loads(line[6:])):
                texts.append(data["text"])
            if len(texts) == 2:
                break
    assert texts == ["where is my order", "You can follow your parcel under My account."]


def test_one_conversation_through_two_servers_is_answered_once_and_in_order(servers: tuple[str, str]) -> None:
    conversation_id, token = start(servers[0])
    route = f"/api/v1/conversations/{conversation_id}"
    posted: dict[int, int] = {}

    def post(number: int) -> None:
        body = {"client_message_id": f"message-{number:04}", "text": f"where is my order {number}"}
        answer = httpx.post(f"{servers[number % 2]}{route}/messages", headers=token, json=body, timeout=20)
        posted[answer.raise_for_status().json()["message"]["sequence"]] = number

    threads = [threading.Thread(target=post, args=(number,)) for number in range(MESSAGES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = {"client_message_id": "message-0000", "text": "where is my order 0"}
    for address in servers:
        waited = httpx.post(f"{address}{route}/messages?wait_s=20", headers=token, json=again, timeout=30)
        assert waited.raise_for_status().json()["reply"] is not None
    events = httpx.get(f"{servers[1]}{route}/events", headers=token).raise_for_status().json()
    messages = events["messages"]
    assert [message["sequence"] for message in messages] == list(range(1, len(messages) + 1))
    asked = [message for message in messages if message["role"] == "customer"]
    assert [message["text"].split()[-1] for message in asked] == [str(posted[m["sequence"]]) for m in asked]
    assert len(asked) == MESSAGES
    answers = [message["answers"] for message in messages if message["role"] == "bot"]
    assert answers == sorted(set(answers))
    assert answers[-1] == asked[-1]["sequence"]
    assert events["state"]["reply"] == "none"
