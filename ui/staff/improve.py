"""The console's improve tab: runs, the replies that differ, and bundles. Lays the parts out; knows none's inside."""

from typing import Any

import gradio

from ui.staff.acts import tab_select
from ui.staff.caller import told
from ui.staff.improve_bundles import build_bundles
from ui.staff.improve_differences import build_differences
from ui.staff.improve_runs import build_runs
from ui.staff.services import StaffServices

_DIFFERENCES = "differences"


def build_improve(services: StaffServices) -> None:
    """Lay out the tab and wire what leads from one part to another; called inside it."""
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    entered = tab_select()
    with gradio.Tabs(elem_id="im-tabs") as tabs:
        with gradio.Tab("Runs", id="runs"):
            runs, runs_screen, opened, detail = build_runs(services)
            shown = tab_select()
        with gradio.Tab("Differences", id=_DIFFERENCES):
            differences, differences_screen, look = build_differences(services)
            compared = tab_select()
        with gradio.Tab("Bundles", id="bundles"):
            bundles, bundles_screen, asked_for = build_bundles(services)
            tab_select()(told(bundles.show), asked_for, bundles_screen, **hush)
    wanted = gradio.State(None)
    gradio.on([entered, shown], told(runs.show), opened, runs_screen, **hush)
    compared(told(differences.show), [look, wanted], differences_screen, **hush)
    asked = detail.differences(told(runs.differences), None, wanted, **hush)
    asked.success(told(differences.show), [look, wanted], differences_screen, **hush).then(
        lambda: gradio.Tabs(selected=_DIFFERENCES), None, tabs, **hush
    )
