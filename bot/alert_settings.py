"""`[alerts]` of a desk's settings: when people are told that something is unusual, and where."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from email_validator import validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.alerts import Channel
from bot.secret_files import read_secret_file

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_LEAST_SECRET = 16
_SECRETS = ("webhook_secret", "smtp_password")


def _is_safe_address(url: str) -> str:
    parts = urlsplit(url)
    if url and not (parts.hostname and (parts.scheme == "https" or _is_local(parts.scheme, parts.hostname))):
        raise ValueError("write an https:// address, or http:// of this very machine")
    return url


def _is_local(scheme: str, host: str) -> bool:
    return scheme == "http" and host in LOCAL_HOSTS


def _is_email(text: str) -> str:
    return validate_email(text, check_deliverability=False).normalized if text else ""


Email = Annotated[str, AfterValidator(_is_email)]
Address = Annotated[str, AfterValidator(_is_safe_address)]


class AlertSettings(BaseModel):
    """When and whom to alert. A secret may lie in a file: ``webhook_secret_file``, ``smtp_password_file``.

    Attributes:
        enabled: whether the worker looks for surges.
        look_minutes: how often it looks.
        sensitivity: ``low``, ``normal`` or ``high``; docs/benchmarks.md has the false alarms of each.
        negative_moods: moods that count as anger.
        anger_counts_minutes: how much longer an angry customer who waits for a person counts as waiting; 0 = no
            priority. Whoever waits longer than this never stands behind an angry customer who has only just come.
        webhook_url: gets a JSON POST of each alert; https, or http on this machine. Redirects are not followed.
        webhook_secret: key of the signature (HMAC-SHA256), at least 16 characters.
        smtp_host: server for e-mail; empty sends none.
        smtp_security: ``starttls``, ``tls`` from the first byte, or ``none`` for a server on this machine.
        smtp_user: who logs in there; empty: nobody.
        email_from: sender; ``email_to``: who gets the alerts.
        console_url: where the staff console is, for links in messages, such as ``https://desk.example.com``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    look_minutes: float = Field(default=5, ge=0.1, le=60)
    sensitivity: Literal["low", "normal", "high"] = "normal"
    negative_moods: tuple[str, ...] = ("negative", "anger")
    anger_counts_minutes: int = Field(default=10, ge=0, le=1440)
    webhook_url: Address = ""
    webhook_secret: str = Field(default="", repr=False)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    email_from: Email = ""
    email_to: tuple[Email, ...] = ()
    console_url: Address = ""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """How people are told beside the console."""
        wanted = ((Channel.WEBHOOK, self.webhook_url), (Channel.EMAIL, self.smtp_host))
        return tuple(channel for channel, given in wanted if given)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: Any) -> Any:  # Any: pydantic hands over what the file or environment held
        if not isinstance(given, Mapping):
            return given
        values = dict(given)
        for key in _SECRETS:
            if path := values.pop(f"{key}_file", ""):
                if values.get(key):
                    raise ValueError(f"{key} and {key}_file are both set; keep one of them")
                values[key] = read_secret_file(Path(path), f"alerts.{key}_file")
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.webhook_url and len(self.webhook_secret) < _LEAST_SECRET:
            raise ValueError(f"webhook_url needs a webhook_secret of at least {_LEAST_SECRET} characters")
        if self.smtp_host and not (self.email_from and self.email_to):
            raise ValueError("smtp_host needs email_from and email_to")
        if self.smtp_host and self.smtp_security == "none" and self.smtp_host not in LOCAL_HOSTS:
            raise ValueError("smtp_security 'none' is for a server on this machine; set starttls or tls")
        return self
