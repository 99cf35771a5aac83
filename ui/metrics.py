"""``/metrics`` for Prometheus: requests, turns, and the state of the desk at the moment of a scrape.

Knows no SQL; holds no customer's words, ids or names, only counts. Each process counts for itself: where several serve,
each is a target of its own.
"""

import hmac
import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.errors import BotError
from bot.storage.gauges import DeskGauges
from bot.storage.records import LoggedMessage
from ui.request_log import RequestNote
from ui.services import HealthCheck

_REQUEST_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_TURN_SECONDS = (0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


class GaugeReader(Protocol):
    """The part of ``bot.storage.Store`` that counts what a scrape tells; blocks."""

    def read(self) -> DeskGauges:
        """Count now.

        Raises:
            StorageError: the database cannot be read.
        """


@dataclass(frozen=True, slots=True)
class DeskView:
    """Where a scrape looks.

    Attributes:
        backlog: turns of this process that wait or run.
    """

    gauges: GaugeReader
    health: HealthCheck
    backlog: Callable[[], int]


class Metrics:
    """The counters of one process; a registry of its own, so that several desks may live in one test."""

    def __init__(self, view: DeskView) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "frontdesk_turns", "Bot messages by what was decided and why", ["action", "reason"], registry=self.registry
        )
        self._turn_seconds = Histogram(
            "frontdesk_turn_seconds",
            "From a turn's begin to its durable reply",
            buckets=_TURN_SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "frontdesk_http_requests", "Answers", ["method", "route", "status"], registry=self.registry
        )
        self._request_seconds = Histogram(
            "frontdesk_http_seconds",
            "Until an answer began",
            ["route"],
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self._streams = Gauge("frontdesk_open_streams", "Event streams that are open", registry=self.registry)
        self.registry.register(_DeskCollector(view))

    def turn_answered(self, reply: LoggedMessage, seconds: float) -> None:
        """Count a turn; a listener of ``bot.delivery``."""
        if reply.decision is not None:
            self._turns.labels(reply.decision.action.value, reply.decision.reason).inc()
            self._turn_seconds.observe(seconds)

    def answered(self, note: RequestNote) -> None:
        """Count an answer that begins."""
        self._requests.labels(note.method, note.route, str(note.status)).inc()
        self._request_seconds.labels(note.route).observe(note.seconds)
        if note.streams:
            self._streams.inc()

    def finished(self, note: RequestNote) -> None:
        """Count a stream that ends."""
        if note.streams:
            self._streams.dec()

    def routes(self, token: str) -> APIRouter:
        """``/metrics``, for whoever has the token; without one only for callers on this very machine."""
        router = APIRouter()

        @router.get("/metrics", include_in_schema=False)
        def metrics(request: Request) -> Response:  # no coroutine: a scrape reads the database
            if not may_scrape(request, token):
                detail = "metrics need the bearer token of the setting metrics_token, or a caller on this machine"
                return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return router


def may_scrape(request: Request, token: str) -> bool:
    """Whether a caller may read the metrics.

    Args:
        token: the one that is asked for; empty: callers on this machine, whom no proxy speaks for.
    """
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _DeskCollector(Collector):
    """Asks the desk anew at each scrape."""

    def __init__(self, view: DeskView) -> None:
        self._view = view

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All figures of this moment; those of the database are left out while it cannot be read."""
        yield GaugeMetricFamily("frontdesk_backlog", "Turns that wait or run", self._view.backlog())
        yield from self._state()
        try:
            counted = self._view.gauges.read()
        except BotError:
            yield GaugeMetricFamily("frontdesk_database_up", "Whether the database can be read", 0)
            return
        yield GaugeMetricFamily("frontdesk_database_up", "Whether the database can be read", 1)
        yield _by("frontdesk_conversations", "Open conversations by owner", "owner", counted.conversations)
        yield _by("frontdesk_jobs", "Background jobs by state", "state", counted.jobs)
        yield GaugeMetricFamily(
            "frontdesk_longest_wait_seconds", "Since the longest waiting customer asked for a person",
            counted.longest_wait_s,
        )  # fmt: skip

    def _state(self) -> Iterator[Metric]:
        state = self._view.health()
        versions = state.get("versions")
        labels = {name: str(value or "") for name, value in versions.items()} if isinstance(versions, dict) else {}
        labels["provider"] = str(state.get("provider", ""))
        info = GaugeMetricFamily("frontdesk_info", "Versions that are live", labels=list(labels))
        info.add_metric(list(labels.values()), 1)
        yield info
        yield GaugeMetricFamily("frontdesk_ready", "Whether turns can be answered", int(state.get("ready") is True))
        degraded = int(bool(state.get("degraded")))
        yield GaugeMetricFamily("frontdesk_degraded", "Whether knowledge is searched by keywords alone", degraded)


def _by(name: str, words: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
