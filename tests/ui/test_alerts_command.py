"""`frontdesk alerts` on a desk of its own."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.alerts import AlertKind, Channel, Finding, Picture
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from ui.commands.alerts import alerts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk.toml").touch()
    upgrade(f"sqlite:///{tmp_path / 'frontdesk.db'}")
    return tmp_path


def run(desk: Path, *arguments: str) -> Any:
    return CliRunner().invoke(alerts, [*arguments, "--desk", str(desk)])


def test_list_tells_alerts_and_what_became_of_their_messages(desk: Path) -> None:
    assert run(desk, "list").output == "No alerts.\n"
    with Store.open(f"sqlite:///{desk / 'frontdesk.db'}") as store:
        found = Finding(AlertKind.MOOD, "negative", NOW, NOW, 41, 6.2, 15, Picture(NOW, (), (), ()))
        store.alerts.update([found], [Channel.WEBHOOK])
        taken = store.alerts.take_delivery()
        assert taken is not None
        store.alerts.not_delivered(taken[0], "webhook: the receiver answered 500")
    shown = run(desk, "list").output
    assert "41 negative turns since 2026-11-23 12:00 UTC; usual are 6.2, seldom more than 15." in shown
    assert "webhook, raised: waiting, 1 attempts (webhook: the receiver answered 500)" in shown


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_test_says_what_arrived_and_what_did_not(desk: Path, receiver: HTTPServer) -> None:
    assert "no channel is set up" in run(desk, "test").output
    hook = f'[alerts]\nwebhook_url = "http://127.0.0.1:{receiver.server_port}/"\nwebhook_secret = "0123456789abcdef"\n'
    (desk / "desk.toml").write_text(hook)
    done = run(desk, "test")
    assert (done.exit_code, done.output) == (0, "webhook: the message was taken\n")
    mail = 'smtp_host = "127.0.0.1"\nsmtp_port = 9\nemail_from = "a@b.example"\nemail_to = ["a@b.example"]\n'
    (desk / "desk.toml").write_text(hook + mail)
    done = run(desk, "test")
    assert done.exit_code != 0
    assert "webhook: the message was taken" in done.output
    assert "e-mail: ConnectionRefusedError" in done.output
