"""The tab of admins: who may log in, and the audit log. Knows no conversations."""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio

from bot.storage.records import AuditEntry, StaffMember, StaffRole
from ui.staff.caller import StaffError, member_of, told
from ui.staff.services import StaffServices

_ROLES = [role.value for role in StaffRole]
_SHOWN = 200
_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_team(services: StaffServices) -> None:
    """The tab's components and events."""
    with gradio.Row():
        with gradio.Column(scale=3):
            gradio.Markdown("### Who may log in")
            table = gradio.HTML("", apply_default_css=False, elem_id="st-team", padding=False)
        with gradio.Column(scale=2, min_width=300):
            with gradio.Accordion("Add somebody", open=False):
                new_name = gradio.Textbox(label="Login name", max_lines=1, elem_id="st-new-name")
                new_role = gradio.Dropdown(_ROLES, value="agent", label="Role")
                new_password = gradio.Textbox(label="First password (10 characters or more)", type="password")
                add = gradio.Button("Add", variant="primary", elem_id="st-add")
            with gradio.Accordion("Change somebody", open=False):
                chosen = gradio.Dropdown([], label="Staff member")
                role = gradio.Dropdown(_ROLES, value="agent", label="Role")
                with gradio.Row():
                    set_role = gradio.Button("Set role")
                    disable = gradio.Button("Disable", variant="stop")
                    enable = gradio.Button("Enable")
                password = gradio.Textbox(label="New password", type="password")
                set_password = gradio.Button("Set password")
    gradio.Markdown("### Audit log")
    with gradio.Row():
        actor = gradio.Textbox(label="Only by", placeholder="login name", max_lines=1)
        action = gradio.Textbox(label="Only this action", placeholder="such as take_over", max_lines=1)
        show = gradio.Button("Show newest", elem_id="st-audit-show")
    log = gradio.HTML("", apply_default_css=False, elem_id="st-audit", padding=False)

    changes = _Changes(services)
    shown = [table, chosen, log]
    add.click(changes.add, [new_name, new_role, new_password], [*shown, new_name, new_password], **_HIDDEN)
    set_role.click(changes.set_role, [chosen, role], shown, **_HIDDEN)
    set_password.click(changes.set_password, [chosen, password], [*shown, password], **_HIDDEN)
    disable.click(changes.disable, [chosen], shown, **_HIDDEN)
    enable.click(changes.enable, [chosen], shown, **_HIDDEN)
    show.click(changes.show, [actor, action], shown, **_HIDDEN)
    tab = gradio.context.Context.block
    if isinstance(tab, gradio.Tab):
        tab.select(changes.show, [actor, action], shown, **_HIDDEN)


class _Changes:
    """One method an event; each is on the audit log."""

    def __init__(self, services: StaffServices) -> None:
        self._services = services

    @told
    def show(self, actor: str, action: str, request: gradio.Request) -> list[Any]:
        member_of(request, self._services, StaffRole.ADMIN)
        return self._shown(actor, action)

    @told
    def add(self, name: str, role: str, password: str, request: gradio.Request) -> list[Any]:
        admin = member_of(request, self._services, StaffRole.ADMIN)
        member = self._services.store.staff.add(name, password, StaffRole(role))
        self._services.store.audit.record(admin.name, "staff_add", subject=member.name, detail={"role": role})
        return [*self._shown(), "", ""]

    @told
    def set_role(self, name: str | None, role: str, request: gradio.Request) -> list[Any]:
        staff = self._services.store.staff
        return self._change("staff_role", name, lambda who: staff.set_role(who, StaffRole(role)), request, role=role)

    @told
    def set_password(self, name: str | None, password: str, request: gradio.Request) -> list[Any]:
        staff = self._services.store.staff
        return [*self._change("staff_password", name, lambda who: staff.set_password(who, password), request), ""]

    @told
    def disable(self, name: str | None, request: gradio.Request) -> list[Any]:
        return self._change("staff_disable", name, self._services.store.staff.disable, request)

    @told
    def enable(self, name: str | None, request: gradio.Request) -> list[Any]:
        return self._change("staff_enable", name, self._services.store.staff.enable, request)

    def _change(
        self, action: str, name: str | None, change: Callable[[str], None], request: gradio.Request, **detail: str
    ) -> list[Any]:
        admin = member_of(request, self._services, StaffRole.ADMIN)
        if not name:
            raise StaffError("Choose a staff member first.")
        change(name)
        self._services.store.audit.record(admin.name, action, subject=name, detail=detail)
        return self._shown()

    def _shown(self, actor: str = "", action: str = "") -> list[Any]:
        store = self._services.store
        members = store.staff.members()
        entries = store.audit.newest(limit=_SHOWN, actor=actor.strip() or None, action=action.strip() or None)
        names = [member.name for member in members]
        return [_team_table(members), gradio.update(choices=names), _audit_table(entries)]


def _team_table(members: list[StaffMember]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(member.name)}</th><td>{member.role}</td>"
        f"<td>{'disabled' if member.disabled else 'active'}</td><td>{member.created_utc:%Y-%m-%d}</td></tr>"
        for member in members
    )
    head = "<tr><th scope=col>Name</th><th scope=col>Role</th><th scope=col>State</th><th scope=col>Since</th></tr>"
    return f'<table class="st-table"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _audit_table(entries: list[AuditEntry]) -> str:
    rows = "".join(
        f"<tr><td><time>{entry.at_utc:%Y-%m-%d %H:%M:%S}</time></td><th scope=row>{escape(entry.actor)}</th>"
        f"<td>{escape(entry.action)}</td><td>{escape(entry.subject or '')}</td><td>{escape(_about(entry))}</td></tr>"
        for entry in entries
    )
    names = ("Time (UTC)", "Who", "Action", "On", "Details")
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    return f'<table class="st-table st-audit"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _about(entry: AuditEntry) -> str:
    parts = [f"{name}: {value}" for name, value in entry.detail.items()]
    return ", ".join([*parts, *([f"from {entry.address}"] if entry.address else [])])
