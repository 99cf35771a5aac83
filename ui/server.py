"""The running desk: the page's server, a worker beside it, and the watch for new versions. Knows no page's content."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from bot.bootstrap import Services, open_services
from bot.settings import Settings
from ui.app import create_app
from ui.changes import Changes
from ui.errors import PortInUseError
from ui.logs import configure_logging
from ui.metrics import DeskView, Metrics
from ui.services import ChatServices, ChatSettings
from ui.staff.services import StaffServices
from ui.staff.sessions import StaffSessions

_FOLLOW_S = 0.5
_WORKER_GRACE_S = 10.0
_DRAIN_S = 8
_COOKIES_NEED_TLS = (
    "Other sites may frame the chat (allowed_origins), "
    "so browsers keep its cookies only over https:// or at http://localhost"
)


def run_server(desk_directory: Path, host: str | None, port: int | None, *, with_worker: bool) -> None:
    """Serve a desk until the process is told to stop.

    Args:
        host: None takes the settings' one, as does ``port``; port 0 takes a free one.

    Raises:
        PortInUseError: somebody else listens there.
        BotError: the desk cannot be opened; the text says what to do.
    """
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises the signal again: without this the worker would be orphaned
    with open_services(desk_directory) as services:
        listener = _listen(host or services.settings.host, services.settings.port if port is None else port)
        configure_logging(services.settings.log_format)
        app = create_app(chat_services(services), _metrics(services), staff_services(services))
        server = _Server(app.state.changes, server_config(app, services.settings))
        with _following(services), _worker(desk_directory, wanted=with_worker):
            address, bound_port = listener.getsockname()[:2]
            print(f"Frontdesk is open at http://{address}:{bound_port} (Ctrl-C ends it)", flush=True)  # noqa: T201
            print(f"Put it on your site: http://{address}:{bound_port}/embed", flush=True)  # noqa: T201
            print(_staff_line(services, f"http://{address}:{bound_port}"), flush=True)  # noqa: T201
            if services.settings.allowed_origins:
                print(_COOKIES_NEED_TLS, flush=True)  # noqa: T201
            server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells the open streams when it is time to go, so that they end at once and their clients resume elsewhere."""

    def __init__(self, changes: Changes, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._changes = changes

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams, then the server."""
        self._changes.close()
        super().handle_exit(sig, frame)


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs the application: our logs, our drain, and headers of none but the trusted proxies believed."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=_DRAIN_S,
    )


def _leave(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - Python's own signature
    sys.exit(0)


def chat_services(services: Services) -> ChatServices:
    """What the chat page needs of an open desk."""
    return ChatServices(
        store=services.store,
        delivery=services.delivery,
        passage=services.passage,
        health=services.health,
        settings=_chat_settings(services),
    )


def staff_services(services: Services) -> StaffServices:
    """What the staff console needs of an open desk.

    Raises:
        DeskError: the secret key is too short.
    """
    key = services.desk.secret_key(services.settings)
    return StaffServices(
        store=services.store,
        delivery=services.delivery,
        assistant=services.assistant,
        live=services.live,
        desk=services.desk,
        settings=services.settings,
        passage=services.passage,
        sessions=StaffSessions(services.store.staff, key, services.settings.secure_cookies),
    )


def _staff_line(services: Services, address: str) -> str:
    if services.store.staff.members():
        return f"Staff log in at {address}/staff/"
    command = f"frontdesk staff add NAME --role admin --desk {services.desk.directory}"
    return f"Staff will log in at {address}/staff/; nobody can yet: run `{command}`"


def _chat_settings(services: Services) -> ChatSettings:
    settings = services.settings
    return ChatSettings(
        title=settings.title,
        starters=settings.starters,
        greeting=settings.greeting,
        max_message_chars=settings.max_message_chars,
        allowed_origins=settings.allowed_origins,
        secure_cookies=settings.secure_cookies,
        metrics_token=settings.metrics_token,
        logo=services.desk.directory / settings.logo if settings.logo else None,
        hours=settings.hours,
        cross_site_cookies=bool(settings.allowed_origins),
        visitor_rate=settings.visitor_rate,
        address_rate=settings.address_rate,
        rate_storage=settings.rate_storage,
        max_backlog=settings.max_backlog,
        web_api=settings.web_api,
        identity_secret=settings.identity_secret,
    )


def _metrics(services: Services) -> Metrics:
    delivery = services.delivery
    metrics = Metrics(DeskView(services.store.gauges, services.health, lambda: delivery.backlog))
    delivery.answered.append(metrics.turn_answered)
    return metrics


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortInUseError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
        ) from error
    return listener


@contextmanager
def _following(services: Services) -> Iterator[None]:
    """Swap in new versions as soon as the desk's pointer moves."""
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(_FOLLOW_S):
            services.live.follow()

    thread = threading.Thread(target=follow, name="follow-pointer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _worker(desk_directory: Path, *, wanted: bool) -> Iterator[None]:
    """A worker in a process of its own, ended with the server."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "ui.cli", "worker", "--desk", str(desk_directory)])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_WORKER_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
