"""A running desk with real parts and three staff members, and a browser without a screen that logs in."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio
import httpx
import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.storage.records import StaffRole
from ui.app import create_app
from ui.server import chat_services, staff_services
from ui.staff.services import StaffServices
from ui.staff.sessions import STAFF_COOKIE, StaffSessions

PASSWORD = "correct horse battery"
ROLES = {"ana": StaffRole.ADMIN, "rea": StaffRole.REVIEWER, "ben": StaffRole.AGENT, "cem": StaffRole.AGENT}


@dataclass
class Colleague:
    """A staff member's browser: cookies, the console's configuration, and Gradio's protocol."""

    client: httpx.Client
    session_hash: str = "abc123"
    config: dict[str, Any] = field(default_factory=dict)

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.client.post("/staff/login", data={"name": name, "password": password})

    def load(self) -> str:
        page = self.client.get("/staff/console/").raise_for_status().text
        self.config = json.JSONDecoder().raw_decode(page.split("window.gradio_config = ", 1)[1])[0]
        return page

    def body(self, target: str, event: str, data: list[Any], about: object = None) -> dict[str, Any]:
        """The request of an event by the target's elem_id; ``load`` has the target ''."""
        ids = [part["id"] for part in self.config["components"] if part["props"].get("elem_id") == target]
        numbers = [
            row["id"]
            for row in self.config["dependencies"]
            if any(kind == event and (not target or where in ids) for where, kind in row["targets"])
        ]
        assert numbers, f"no event {event} of {target}"
        # Of the page's load events the console's own greeting is the last.
        return {
            "data": data,
            "event_data": about,
            "fn_index": numbers[0 if target else -1],
            "session_hash": self.session_hash,
        }

    def join(self, target: str, event: str, data: list[Any], about: object = None) -> httpx.Response:
        body = self.body(target, event, data, about)
        return self.client.post("/staff/console/gradio_api/queue/join", json=body)

    def fire(self, target: str, event: str, *data: Any, about: object = None) -> str:
        """All that an event sent to the page, as text."""
        self.join(target, event, list(data), about).raise_for_status()
        events: list[str] = []
        query = {"session_hash": self.session_hash}
        ends = suppress(httpx.RemoteProtocolError)
        route = "/staff/console/gradio_api/queue/data"
        with ends, self.client.stream("GET", route, params=query) as answer:
            events += [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
        return "\n".join(json.dumps(event, ensure_ascii=False) for event in events)


@dataclass
class StaffSite:
    """A running desk."""

    services: Services
    address: str
    app: Any

    @property
    def store(self) -> Any:
        return self.services.store

    def browser(self, **headers: str) -> Colleague:
        return Colleague(httpx.Client(base_url=self.address, headers=headers, timeout=30))

    def colleague(self, name: str) -> Colleague:
        """Somebody who is logged in and has loaded the console."""
        colleague = self.browser()
        assert colleague.log_in(name).status_code == 303
        colleague.load()
        return colleague

    def forget_failures(self) -> None:
        """Let nobody wait for an earlier test's failed log-ins."""
        from sqlalchemy import text

        self.store._database.write(lambda session: session.execute(text("DELETE FROM audit_log")))


@pytest.fixture(scope="session")
def running_staff_site(
    published_desk: Desk, tmp_path_factory: pytest.TempPathFactory, serving_at: Any
) -> Iterator[StaffSite]:
    directory = Path(shutil.copytree(published_desk.directory, tmp_path_factory.mktemp("staffed") / "desk"))
    with open_services(directory) as services:
        for name, role in ROLES.items():
            services.store.staff.add(name, PASSWORD, role)
        app = create_app(chat_services(services), staff=staff_services(services))
        with serving_at(app) as address:
            yield StaffSite(services, address, app)


@pytest.fixture
def staff_site(running_staff_site: StaffSite) -> StaffSite:
    running_staff_site.forget_failures()
    return running_staff_site


@dataclass
class StaffDesk:
    """A desk with one member of each role, all logged in."""

    services: StaffServices
    cookies: dict[str, str]

    def request(self, name: str | None) -> Any:
        """The request of a member; None: of somebody who is not logged in."""
        return SimpleNamespace(cookies={STAFF_COOKIE: self.cookies[name]} if name else {})

    @staticmethod
    def event(**data: str) -> gradio.EventData:
        """A click as the browser sends it."""
        return gradio.EventData(None, data)

    def actions(self) -> list[tuple[str, str, str | None]]:
        """Who did what to what, newest first."""
        return [(entry.actor, entry.action, entry.subject) for entry in self.services.store.audit.newest()]


@pytest.fixture
def real_desk(published_desk: Desk, tmp_path: Path) -> Desk:
    return Desk(Path(shutil.copytree(published_desk.directory, tmp_path / "desk")))


@pytest.fixture
def staff_desk(real_desk: Desk) -> Iterator[StaffDesk]:
    with open_services(real_desk.directory) as opened:
        sessions = StaffSessions(opened.store.staff, "a key of the test", secure=False)
        cookies = {}
        for role in StaffRole:
            opened.store.staff.add(role.value, PASSWORD, role)
            cookies[role.value] = sessions.start(role.value)
        services = StaffServices(
            store=opened.store,
            delivery=opened.delivery,
            assistant=opened.assistant,
            live=opened.live,
            desk=opened.desk,
            settings=opened.settings,
            passage=opened.passage,
            sessions=sessions,
        )
        yield StaffDesk(services, cookies)
