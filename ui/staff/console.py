"""The staff console as Gradio Blocks of its own: a frame with one tab a part. Knows no conversations and no SQL."""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio

from bot.storage.records import StaffMember, StaffRole
from ui.staff.caller import member_of, told
from ui.staff.dashboard import build_dashboard
from ui.staff.improve import build_improve
from ui.staff.inbox import build_inbox
from ui.staff.knowledge import build_knowledge
from ui.staff.labels import build_labels
from ui.staff.review import build_review
from ui.staff.services import StaffServices
from ui.staff.team import build_team
from ui.staff.transcripts import build_transcripts

QUEUE_SIZE = 500
REMEMBERED_SESSIONS = 200

Part = Callable[[StaffServices], None]

PARTS: tuple[tuple[str, StaffRole, Part], ...] = (
    # A part is one line here: its tab's name, the lowest role that sees it, and what builds it inside the tab.
    ("Inbox", StaffRole.AGENT, build_inbox),
    ("Transcripts", StaffRole.AGENT, build_transcripts),
    ("Review", StaffRole.REVIEWER, build_review),
    ("Labels", StaffRole.REVIEWER, build_labels),
    ("Knowledge", StaffRole.AGENT, build_knowledge),
    ("Improve", StaffRole.REVIEWER, build_improve),
    ("Dashboard", StaffRole.AGENT, build_dashboard),
    ("Staff", StaffRole.ADMIN, build_team),
)


def build_console(services: StaffServices) -> gradio.Blocks:
    """The console's Blocks; to be mounted by ``ui.app`` behind the staff login."""
    blocks: gradio.Blocks = gradio.Blocks(
        title=f"Staff · {services.settings.title}", analytics_enabled=False, fill_width=True
    )
    blocks.state_session_capacity = REMEMBERED_SESSIONS
    with blocks:
        header = gradio.HTML(_header(services, None), elem_id="st-header", apply_default_css=False, padding=False)
        tabs = []
        with gradio.Tabs(elem_id="st-tabs"):
            for name, role, build in PARTS:
                with gradio.Tab(name, id=name.lower(), visible=role is StaffRole.AGENT) as tab:
                    build(services)
                tabs.append(tab)

        @told
        def greet(request: gradio.Request) -> list[Any]:
            member = member_of(request, services)
            shown = [gradio.update(visible=member.role.includes(role)) for _, role, _ in PARTS]
            return [_header(services, member), *shown]

        blocks.load(greet, None, [header, *tabs], show_progress="hidden", api_visibility="private")
    blocks.queue(max_size=QUEUE_SIZE, default_concurrency_limit=None, api_open=False, status_update_rate=10)
    return blocks


def _header(services: StaffServices, member: StaffMember | None) -> str:
    who = ""
    if member is not None:
        lasting = sum(alert.ended_utc is None for alert in services.store.alerts.shown())
        alarm = f"{lasting} alert{'' if lasting == 1 else 's'}"
        who = f'<a class="st-badge st-bad st-alarm" href="?tab=dashboard">{alarm}</a>' if lasting else ""
        who += (
            f'<span class="st-who"><b>{escape(member.name)}</b><span class="st-role">{member.role}</span></span>'
            '<form method="post" action="../logout"><button type="submit" class="st-logout">Log out</button></form>'
        )
    return (
        f'<header class="st-header"><span class="st-logo" aria-hidden="true"></span>'
        f"<h1>{escape(services.settings.title)} <small>Staff console</small></h1>{who}</header>"
    )
