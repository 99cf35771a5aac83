"""Messages about alerts at a real webhook server and a real mail server on this machine."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from bot.alert_settings import AlertSettings
from bot.alerts import Alert, AlertEvent, AlertKind, Channel, Finding, Picture
from bot.errors import NoticeError, SettingsError
from bot.notices import notice_of, send, trial_notice
from bot.settings import load_settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "a long webhook secret"
FOUND = Finding(AlertKind.INTENT, "退款 refund", NOW - timedelta(hours=3), NOW, 41, 6.2, 15, Picture(NOW, (), (), ()))
ALERT = Alert(7, FOUND, NOW, None, None, None)


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it gets; answers with the status that its server holds."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.settings = AlertSettings(webhook_url=f"http://127.0.0.1:{server.server_port}/hook", webhook_secret=SECRET)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhook_carries_the_alert_and_a_signature_that_its_receiver_can_check(receiver: Any) -> None:
    send(receiver.settings, Channel.WEBHOOK, notice_of(ALERT, AlertEvent.RAISED, "https://desk.example"), "7-raised")
    ((path, headers, body),) = receiver.got
    said = json.loads(body)
    assert path == "/hook"
    assert (said["event"], said["series"], said["observed"], said["usual_most"]) == (
        "alert.raised",
        "退款 refund",
        41,
        15,
    )
    assert said["url"] == "https://desk.example/staff/console/?tab=dashboard"
    seconds, _, mark = headers["X-Frontdesk-Signature"].partition(",v1=")
    right = hmac.new(SECRET.encode(), seconds.removeprefix("t=").encode() + b"." + body, hashlib.sha256).hexdigest()
    assert mark == right
    assert headers["X-Frontdesk-Delivery"] == "7-raised"


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_webhook_that_is_refused_or_sent_elsewhere_did_not_arrive(receiver: Any, status: int) -> None:
    receiver.status = status
    with pytest.raises(NoticeError, match=str(status)):
        send(receiver.settings, Channel.WEBHOOK, trial_notice(), "t")
    assert [path for path, *_ in receiver.got] == ["/hook"]


def test_webhook_without_a_receiver_tells_neither_address_nor_secret() -> None:
    settings = AlertSettings(webhook_url="http://127.0.0.1:9/token-in-path", webhook_secret=SECRET)
    with pytest.raises(NoticeError) as caught:
        send(settings, Channel.WEBHOOK, trial_notice(), "t")
    assert "token-in-path" not in str(caught.value)
    assert SECRET not in f"{caught.value} {settings!r}"


class Mailbox:
    """Keeps messages."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.got.append((session, envelope))
        return "250 taken"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def mail_server(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"desk", b"sesame"), handled=False)

    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=box.port, tls_context=context, require_starttls=True, authenticator=check,
        auth_required=True,
    )  # fmt: skip
    controller.start()
    yield box
    controller.stop()


def mail_settings(port: int, **changes: Any) -> AlertSettings:
    usual: dict[str, Any] = {
        "smtp_host": "localhost", "smtp_port": port, "smtp_user": "desk", "smtp_password": "sesame",
        "email_from": "desk@shop.example", "email_to": ("ann@shop.example", "ben@shop.example"),
    }  # fmt: skip
    return AlertSettings(**{**usual, **changes})


def test_mail_arrives_encrypted_with_the_alert_in_words(mail_server: Any) -> None:
    send(mail_settings(mail_server.port), Channel.EMAIL, notice_of(ALERT, AlertEvent.RAISED), "7")
    ((session, envelope),) = mail_server.got
    assert session.ssl is not None
    assert envelope.rcpt_tos == ["ann@shop.example", "ben@shop.example"]
    import email
    from email import policy

    message = email.message_from_bytes(envelope.content, policy=policy.default)
    assert message["Subject"].startswith("[Frontdesk] 41 turns about 退款 refund since 2026-11-23 09:00 UTC")
    assert "usual are 6.2, seldom more than 15" in message.get_body().get_content()  # type: ignore[union-attr]


def test_mail_with_a_wrong_password_or_certificate_did_not_arrive(
    mail_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoticeError, match="535") as caught:
        send(mail_settings(mail_server.port, smtp_password="open up"), Channel.EMAIL, trial_notice(), "t")
    assert "open up" not in str(caught.value)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NoticeError, match=r"(?i)certificate"):
        send(mail_settings(mail_server.port), Channel.EMAIL, trial_notice(), "t")
    assert mail_server.got == []


def test_subject_cannot_be_given_another_header() -> None:
    from bot.notices import _message

    odd = {**trial_notice(), "summary": "refund\r\nBcc: eve@else.example"}
    message = _message(mail_settings(25), odd)
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('webhook_url = "http://hooks.example/x"\nwebhook_secret = "0123456789abcdef"', "https"),
        ('webhook_url = "file:///etc/passwd"\nwebhook_secret = "0123456789abcdef"', "https"),
        ('webhook_url = "https://hooks.example/x"', "webhook_secret"),
        ('smtp_host = "mail.example"', "email_from"),
        ('smtp_host = "mail.example"\nsmtp_security = "none"\nemail_from = "a@b.example"\nemail_to = ["a@b.example"]',
         "starttls"),
        ('email_to = ["nobody"]', "email"),
        ('sensitivity = "very"', "sensitivity"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_in_words(tmp_path: Path, lines: str, words: str) -> None:
    (tmp_path / "desk.toml").write_text(f"[alerts]\n{lines}\n")
    with pytest.raises(SettingsError, match=f"alerts.*{words}"):
        load_settings(tmp_path / "desk.toml")


def test_secrets_come_from_files_by_toml_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hook").write_text("0123456789abcdef\n")
    (tmp_path / "mail").write_text("sesame\n")
    (tmp_path / "desk.toml").write_text(f'[alerts]\nsmtp_password_file = "{tmp_path / "mail"}"\n')
    monkeypatch.setenv("FRONTDESK_ALERTS__WEBHOOK_SECRET_FILE", str(tmp_path / "hook"))
    settings = load_settings(tmp_path / "desk.toml")
    assert (settings.alerts.webhook_secret, settings.alerts.smtp_password) == ("0123456789abcdef", "sesame")
    assert "sesame" not in repr(settings)
    assert "0123456789abcdef" not in repr(settings)
    monkeypatch.setenv("FRONTDESK_ALERTS__WEBHOOK_SECRET", "another0123456789")
    with pytest.raises(SettingsError, match="keep one"):
        load_settings(tmp_path / "desk.toml")
