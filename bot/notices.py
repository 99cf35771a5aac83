"""Tells people of an alert by webhook and by e-mail. Knows no database; sends no word of any customer.

A webhook is a JSON POST. Its header ``X-Frontdesk-Signature: t=SECONDS,v1=HEX`` holds the HMAC-SHA256, under the
desk's webhook secret, of ``SECONDS.BODY``: the receiver reckons it anew and refuses old seconds (the scheme of Stripe's
webhooks). ``X-Frontdesk-Delivery`` is the same on a retry, so that a receiver can drop doubles.
"""

import hashlib
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from bot.alert_settings import LOCAL_HOSTS, AlertSettings
from bot.alerts import Alert, AlertEvent, AlertKind, Channel, Finding
from bot.errors import NoticeError

_TIMEOUT_S = 10.0
_MAX_REASON = 200


def send(settings: AlertSettings, channel: Channel, notice: Mapping[str, Any], delivery: str) -> None:
    """Send one message and return when the other side has taken it.

    Args:
        notice: of `notice_of` or `trial_notice`.
        delivery: names the message; the same when it is sent again.

    Raises:
        NoticeError: it did not arrive.
    """
    if channel is Channel.WEBHOOK:
        _post(settings, notice, delivery)
    else:
        _mail(settings, notice)


def notice_of(alert: Alert, event: AlertEvent, console_url: str = "") -> dict[str, Any]:
    """What a message says of an alert, as JSON values."""
    found = alert.finding
    return {
        "event": f"alert.{event}",
        "alert_id": alert.alert_id,
        "kind": found.kind.value,
        "series": found.series,
        "observed": found.observed,
        "expected": round(found.expected, 1),
        "usual_most": found.usual_most,
        "from_utc": found.from_utc.isoformat(),
        "until_utc": found.until_utc.isoformat(),
        "raised_utc": alert.raised_utc.isoformat(),
        "ended_utc": alert.ended_utc.isoformat() if alert.ended_utc else None,
        "summary": sentence(found) if event is AlertEvent.RAISED else f"Over: {topic(found)} is as usual again.",
        "url": f"{console_url.rstrip('/')}/staff/console/?{urlencode({'tab': 'dashboard'})}" if console_url else None,
    }


def trial_notice() -> dict[str, Any]:
    """A message that only shows that messages arrive."""
    return {"event": "alert.test", "summary": "A test of Frontdesk's alerts: this message arrived.", "url": None}


def topic(found: Finding) -> str:
    """The series in words."""
    return "negative mood" if found.kind is AlertKind.MOOD else f"the topic {found.series}"


def sentence(found: Finding) -> str:
    """The finding in one sentence."""
    what = "negative turns" if found.kind is AlertKind.MOOD else f"turns about {found.series}"
    return (
        f"{found.observed} {what} since {found.from_utc:%Y-%m-%d %H:%M} UTC; "
        f"usual are {few(found.expected)}, seldom more than {found.usual_most}."
    )


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature's header."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _post(settings: AlertSettings, notice: Mapping[str, Any], delivery: str) -> None:
    body = json.dumps(notice, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Frontdesk",
        "X-Frontdesk-Delivery": delivery,
        "X-Frontdesk-Signature": signature(settings.webhook_secret, int(time.time()), body),
    }
    local = urlsplit(settings.webhook_url).hostname in LOCAL_HOSTS
    try:
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=not local) as client:
            answer = client.post(settings.webhook_url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoticeError(f"webhook: {_words(error)}") from None  # the address may hold a secret
    if not answer.is_success:
        raise NoticeError(f"webhook: the receiver answered {answer.status_code}")


def _mail(settings: AlertSettings, notice: Mapping[str, Any]) -> None:
    try:
        with _connect(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(_message(settings, notice))
    except (OSError, smtplib.SMTPException) as error:  # ssl.SSLError is an OSError
        raise NoticeError(f"e-mail: {_words(error)}") from None


def _connect(settings: AlertSettings) -> smtplib.SMTP:
    place = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(*place, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(*place, timeout=_TIMEOUT_S)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
    return server


def _message(settings: AlertSettings, notice: Mapping[str, Any]) -> EmailMessage:
    message = EmailMessage()
    summary = str(notice["summary"])
    message["Subject"] = f"[Frontdesk] {' '.join(summary.split())[:150]}"
    message["From"], message["To"] = settings.email_from, ", ".join(settings.email_to)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=settings.email_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    lines = [summary, "", *(f"{key}: {value}" for key, value in notice.items() if value is not None)]
    message.set_content("\n".join(lines))
    return message


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    return " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_REASON]


def few(count: float) -> str:
    """A mean of counts, with a decimal where it matters."""
    return f"{count:,.1f}" if count < 10 else f"{count:,.0f}"
