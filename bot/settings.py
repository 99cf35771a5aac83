"""A desk's settings: one frozen value, built once (defaults < desk.toml < environment). Knows only the file's path."""

from __future__ import annotations

import ipaddress
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import validate_email
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.alert_settings import AlertSettings
from bot.errors import SettingsError
from bot.improve_settings import ImproveSettings
from bot.opening_hours import OpeningHours, parse_span
from bot.privacy_settings import PrivacySettings
from bot.secret_files import read_secret_files

_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?")

Probability = Annotated[float, Field(ge=0, le=1)]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from error
    return pattern


def _is_origin(text: str) -> str:
    """An origin as browsers send it; anything else would never match, or say more in a header than it should."""
    if not _ORIGIN.fullmatch(text):
        raise ValueError("write an origin such as https://www.shop.example: small letters, no path, no wildcard")
    return text


def _is_network(address: str) -> str:
    ipaddress.ip_network(address, strict=False)  # its ValueError says what is wrong
    return address


def _is_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: write one such as Europe/London") from error
    return name


def _are_hours(text: str) -> str:
    parse_span(text)
    return text


def _is_email(text: str) -> str:
    return validate_email(text, check_deliverability=False).normalized if text else ""


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[str, AfterValidator(_are_hours)]


class Settings(BaseSettings):
    """What an operator may change; every key can be set as ``FRONTDESK_<KEY>``, a secret also as a file (``_FILE``).

    Attributes:
        logo: a picture file in the desk's directory, shown in the chat's header.
        database_url: SQLAlchemy URL; empty means ``frontdesk.db`` in the desk's directory.
        knowledge_paths: files and folders whose articles the worker keeps indexed, relative to the desk.
        handoff_intents: intents that only a person can serve, such as the wish for one.
        clarify_intents: intents that say too little for any answer ("a question about my order").
        handoff_phrases: wordings that mean it in any language, also without a model.
        intent_titles: how an intent is named to customers when the bot offers it.
        variables: regular expressions that fill a reply's ``{variable}`` from the customer's words; group 1 or all.
        reply_threshold: overrides the calibrated one; None trusts the calibration.
        person_probability: from which probability a hand-off intent is believed.
        max_clarifications: how often in a row the bot may ask back before it hands off.
        burst_pause_ms: how long a customer must be quiet before the bot answers; what came until then is one turn.
        agent_absence_minutes: after so long without a sign of its agent a conversation goes back to the queue.
        timezone: the desk's own (IANA), in which its opening hours are.
        opening_hours: when people are there, by day: ``mon = ["09:00-12:30", "13:30-17:30"]``; empty: always.
        holidays: dates on which nobody is there.
        contact_email: where customers may write while nobody is there.
        agent_minute_cost: what a minute of an agent costs, for the dashboard; 0: hours are shown without money.
        minutes_per_conversation: what a conversation takes an agent who answers it, by the company's own estimate.
        currency: of that cost, as it is to be shown (``EUR``).
        allowed_origins: other sites that may show the chat in a frame and call it, such as ``https://www.shop.example``.
        web_api: let programs use ``/api/v1`` with bearer tokens, and show its description.
        identity_secret: key (HS256) with which the company's site signs who the customer is; empty: all are anonymous.
        visitor_rate: how often one visitor may change something; ``address_rate`` for one address.
        rate_storage: where that is counted: ``memory://``, or ``redis://HOST`` where several processes serve.
        max_backlog: turns that may wait in a process; more messages are refused with 503.
        trusted_proxies: addresses or networks of proxies whose ``X-Forwarded-For`` and ``-Proto`` are believed.
        log_format: one line of text an event, or one JSON object.
        metrics_token: who scrapes ``/metrics`` has to show it; empty lets callers on this machine alone.
        secret_key: signs the cookies of staff; empty means ``secret.key`` in the desk's directory, made when missing.
        threads: model runs of one call that go side by side; None takes the CPUs that the process may use.
        improve: how new bundles are made and judged (``FRONTDESK_IMPROVE__RECIPE`` and so on).
        privacy: what happens to customers' words.
        alerts: when people are told that something is unusual.
    """

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_", env_nested_delimiter="__", extra="forbid", frozen=True)

    title: str = "Frontdesk"
    greeting: str = ""
    logo: str = ""
    starters: tuple[str, ...] = ()
    database_url: str = Field(default="", repr=False)
    knowledge_paths: tuple[str, ...] = ("knowledge",)
    handoff_intents: tuple[str, ...] = ("talk_to_person",)
    clarify_intents: tuple[str, ...] = ("unclear",)
    handoff_phrases: tuple[str, ...] = (
        "talk to a person", "talk to a human", "speak to a person", "speak to a human", "speak to someone",
        "human agent", "real person", "live agent", "human being", "转人工", "人工客服", "真人",
    )  # fmt: skip
    intent_titles: dict[str, str] = {}
    variables: dict[str, Annotated[str, AfterValidator(_compiles)]] = {
        "customer_name": r"(?:[Mm]y name is|[Tt]his is|[Ii]['’ ]a?m called)\s+([A-Z][\w'’-]+)",
        "order_id": r"\b[A-Z]{1,3}-?\d{5,10}\b",
    }
    reply_threshold: Probability | None = None
    passage_threshold: Probability | None = None
    out_of_scope_threshold: Probability | None = None
    person_probability: Probability = 0.5
    max_clarifications: int = Field(default=1, ge=0)
    burst_pause_ms: int = Field(default=250, ge=0, le=5000)
    agent_absence_minutes: float = Field(default=5, gt=0)
    max_message_chars: int = Field(default=4000, ge=1, le=10_000)
    timezone: Annotated[str, AfterValidator(_is_timezone)] = "UTC"
    opening_hours: dict[Day, tuple[Hours, ...]] = {}
    holidays: tuple[date, ...] = ()
    contact_email: Annotated[str, AfterValidator(_is_email)] = ""
    agent_minute_cost: float = Field(default=0, ge=0, le=10_000)
    minutes_per_conversation: float = Field(default=6, ge=0, le=1440)
    currency: str = Field(default="", max_length=8)
    provider: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)
    allowed_origins: tuple[Annotated[str, AfterValidator(_is_origin)], ...] = ()
    web_api: bool = False
    identity_secret: str = Field(default="", repr=False)
    visitor_rate: str = "120/minute"
    address_rate: str = "600/minute"
    rate_storage: str = Field(default="memory://", repr=False)  # its URL may hold a password
    max_backlog: int = Field(default=300, ge=1)
    secure_cookies: bool = False
    trusted_proxies: tuple[Annotated[str, AfterValidator(_is_network)], ...] = ()
    log_format: Literal["text", "json"] = "text"
    metrics_token: str = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False)
    improve: ImproveSettings = ImproveSettings()
    privacy: PrivacySettings = PrivacySettings()
    alerts: AlertSettings = AlertSettings()

    @property
    def hours(self) -> OpeningHours | None:
        """When people are there; None: always."""
        if not self.opening_hours:
            return None
        week = {str(day): spans for day, spans in self.opening_hours.items()}
        return OpeningHours.of(self.timezone, week, self.holidays)


def load_settings(path: Path) -> Settings:
    """Read the settings of one desk; a missing file leaves the defaults and the environment.

    Raises:
        SettingsError: the file is no TOML, or a key is unknown or of the wrong type.
    """

    class _FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's own signature
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            prefix = settings_cls.model_config["env_prefix"]
            secrets = [key for key, field in settings_cls.model_fields.items() if not field.repr]
            from_files = InitSettingsSource(settings_cls, {**read_secret_files(os.environ, secrets, prefix)})
            return env_settings, from_files, TomlConfigSettingsSource(settings_cls, path)

    try:
        return _FromFile()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: setting '{key}': {first['msg']}") from error
    except ValueError as error:  # tomllib.TOMLDecodeError is one
        raise SettingsError(f"{path}: not valid TOML ({error}); mend the file") from error
