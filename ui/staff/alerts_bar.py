"""The bar of alerts above the dashboard: what lasts, and the button that says that somebody has seen it."""

from collections.abc import Callable
from typing import Any

import gradio

from ui.staff.acts import acts_script, number_of, open_tab_script, page_load, tab_select
from ui.staff.alert_view import render_alerts
from ui.staff.caller import member_of, told
from ui.staff.services import StaffServices

_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_REFRESH_S = 60


def build_alerts(services: StaffServices, title: Callable[[str], str]) -> None:
    """Put the bar into the current tab; an address with ``?tab=dashboard`` opens it."""
    bar = gradio.HTML(
        "",
        js_on_load=acts_script("acknowledge"),
        apply_default_css=False,
        padding=False,
        elem_id="st-alerts",
        elem_classes="st-flat",
    )
    clock = gradio.Timer(_REFRESH_S)

    def shown() -> str:
        return render_alerts(services.store.alerts.shown(), title, services.settings.alerts.negative_moods)

    @told
    def show(request: gradio.Request) -> str:
        member_of(request, services)
        return shown()

    @told
    def again(request: gradio.Request) -> Any:
        return gradio.skip() if services.sessions.member(request.cookies) is None else shown()

    @told
    def acknowledge(event: gradio.EventData, request: gradio.Request) -> str:
        member = member_of(request, services)
        alert = number_of(event, "alert")
        if services.store.alerts.acknowledge(alert, member.name):
            services.store.audit.record(member.name, "alert_acknowledge", subject=str(alert))
        return shown()

    tab_select()(show, None, bar, **_HIDDEN)
    clock.tick(again, None, bar, **_HIDDEN)  # says nothing to somebody who has logged out
    bar.acknowledge(acknowledge, None, bar, **_HIDDEN)
    page_load()(None, None, None, js=open_tab_script("dashboard"))
