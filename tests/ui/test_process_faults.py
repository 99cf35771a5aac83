"""`frontdesk serve` in a process of its own: killed while it owes a reply, stopped with streams open, its logs read."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bot.desk import Desk

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "FRONTDESK_WEB_API": "true",
    "FRONTDESK_VISITOR_RATE": "10000/minute",
    "FRONTDESK_ADDRESS_RATE": "10000/minute",
    "FRONTDESK_BURST_PAUSE_MS": "1500",
    "FRONTDESK_LOG_FORMAT": "json",
}


@pytest.fixture
def serve(tmp_path: Path, published_desk: Desk) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts a server of one and the same desk; gives the process and the API's address."""
    desk = shutil.copytree(published_desk.directory, tmp_path / "desk")
    running: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-worker", "--desk", str(desk)]
        with (tmp_path / "log").open("a") as log:
            environment = {**os.environ, **SETTINGS}
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
            )
        running.append(process)
        assert process.stdout is not None
        address = process.stdout.readline().split()[4]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{address}/healthz")
                return process, f"{address}/api/v1"
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    yield start
    for process in running:
        process.kill()
        process.wait(10)


def begin(address: str) -> tuple[str, dict[str, str]]:
    started = httpx.post(f"{address}/conversations", json={}).raise_for_status().json()
    return f"/conversations/{started['conversation_id']}", {"Authorization": f"Bearer {started['token']}"}


def test_reply_that_a_killed_server_owed_is_given_by_the_next_and_the_retry_makes_no_second_row(serve: Any) -> None:
    process, address = serve()
    path, headers = begin(address)
    body = {"client_message_id": "message-0001", "text": "where is my order"}
    taken = httpx.post(address + path + "/messages", json=body, headers=headers)
    assert taken.status_code == 202
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    _, address = serve()
    assert httpx.post(address + path + "/messages", json=body, headers=headers).status_code in {200, 202}
    deadline = time.monotonic() + 40
    roles: list[str] = []
    while "bot" not in roles and time.monotonic() < deadline:
        time.sleep(0.2)
        seen = httpx.get(address + path + "/events", headers=headers).raise_for_status().json()["messages"]
        roles = [each["role"] for each in seen]
    assert roles == ["customer", "bot"]


def test_two_hundred_open_streams_are_drained_within_ten_seconds_of_a_stop(serve: Any) -> None:
    process, address = serve()
    path, headers = begin(address)
    at = urlsplit(address)
    asked = f"GET {at.path}{path}/stream HTTP/1.1\r\nHost: desk\r\nAuthorization: {headers['Authorization']}\r\n\r\n"
    streams = [socket.create_connection((at.hostname or "", at.port or 0), timeout=20) for _ in range(200)]
    for stream in streams:
        stream.sendall(asked.encode())
    for stream in streams:
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    for stream in streams:
        received = b""
        while part := stream.recv(4096):
            received += part
        assert received.endswith(b"0\r\n\r\n")  # the answer was ended, not cut
        stream.close()
    process.wait(20)
    assert time.monotonic() - began < 10


def test_served_desk_counts_a_turn_and_logs_lines_of_json_without_words_or_tokens(serve: Any, tmp_path: Path) -> None:
    process, address = serve()
    path, headers = begin(address)
    body = {"client_message_id": "message-0001", "text": "where is my order"}
    answered = httpx.post(address + path + "/messages?wait_s=20", json=body, headers=headers, timeout=30)
    assert answered.raise_for_status().json()["reply"]["role"] == "bot"
    metrics = httpx.get(address.removesuffix("/api/v1") + "/metrics").raise_for_status().text
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert 'frontdesk_turns_total{action="answer",reason="approved_reply"} 1.0' in metrics
    assert 'frontdesk_info{bundle="' in metrics
    lines = (tmp_path / "log").read_text().splitlines()
    routes = {entry.get("route") for entry in map(json.loads, lines)}
    assert "/api/v1/conversations/{conversation_id}/messages" in routes
    secrets = ["my order", headers["Authorization"].split()[1], path.split("/")[2], "wait_s"]
    assert not [secret for secret in secrets if secret in "\n".join(lines)]
