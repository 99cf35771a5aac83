"""The runs of ``improve`` in the console: followed while they work, opened, started by an admin. Never trains."""

from functools import partial
from typing import Any

import gradio

from bot.compose import intent_title
from bot.improvement import Run, RunState
from bot.storage.records import StaffMember, StaffRole
from ui.staff.acts import acts_script, number_of
from ui.staff.caller import StaffError, member_of, told
from ui.staff.improve_run_view import Standing, render_run, render_runs, render_standing
from ui.staff.own_process import OwnProcess
from ui.staff.services import StaffServices

_SHOWN = 50
_HELD = 3
Screen = tuple[Any, ...]
"""New values of the components, in the order of ``screen`` in `build_runs`."""
Seen = tuple[object, ...]
"""What the list and the open run were drawn from."""


class RunsPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices, process: OwnProcess | None = None) -> None:
        self.services = services
        self.runs = services.store.runs
        self.process = process or OwnProcess(services.desk, "improve", frozenset({0, _HELD}))

    def show(self, opened: int | None, request: gradio.Request) -> Screen:
        """All that the tab shows, read now; the newest run is open where none was chosen."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        return self._screen(opened, member)

    def refresh(self, opened: int | None, seen: Seen, request: gradio.Request) -> Screen:
        """The same while a run works; what did not change stays as it is, so that nobody loses their place."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        return self._screen(opened, member, seen)

    def open(self, request: gradio.Request, event: gradio.EventData) -> Screen:
        """Show one run in full."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        return self._screen(number_of(event, "id"), member)

    def differences(self, request: gradio.Request, event: gradio.EventData) -> int:
        """The run whose differences are asked for."""
        member_of(request, self.services, StaffRole.REVIEWER)
        return self.runs.get(number_of(event, "id")).run_id

    def start(self, force: bool, request: gradio.Request) -> Screen:
        """Start a run in a process of its own, in the name of whoever asks."""
        member = member_of(request, self.services, StaffRole.ADMIN)
        holder = self.services.desk.improver()
        if holder or not self.process.start([f"--by={member.name}", *(["--force"] if force else [])]):
            raise StaffError("A run is under way already. Wait until it ends; you can follow it here.")
        self.services.store.audit.record(member.name, "improve_start", detail={"force": bool(force)})
        return self._screen(None, member)

    def _screen(self, opened: int | None, member: StaffMember, seen: Seen = ()) -> Screen:
        runs = self.runs.newest(_SHOWN)
        standing = self._standing(runs)
        run = next((run for run in runs if run.run_id == opened), None) if opened else next(iter(runs), None)
        if run is None and opened:
            run = self.runs.get(opened)
        counted = self.services.store.replays.verdicts(run.run_id) if run else {}
        verdicts = sum(counted.values()), counted.get(None, 0)
        states = tuple((it.run_id, it.state) for it in runs)
        drawn = (standing.alive, states, verdicts, _drawn_from(run))
        may = gradio.update(visible=member.role.includes(StaffRole.ADMIN))
        now = render_standing(standing, sum(self.services.store.golden.marks().values()))
        if drawn == seen:
            return now, gradio.skip(), gradio.skip(), opened, drawn, may
        title = partial(intent_title, titles=self.services.settings.intent_titles)
        listed = render_runs(runs, run.run_id if run else None, alive=standing.alive)
        return now, listed, render_run(run, verdicts, title, alive=standing.alive), opened, drawn, may

    def _standing(self, runs: list[Run]) -> Standing:
        alive = self.process.running or self.services.desk.improver() is not None
        newest = runs[0] if runs else None
        told_by_run = newest is not None and newest.state is RunState.FAILED
        return Standing(newest, alive, None if alive or told_by_run else self.process.failure)


def build_runs(services: StaffServices) -> tuple[RunsPart, list[Any], Any, Any]:
    """Lay out the part and wire its own events; called inside its tab.

    Returns:
        The part, its screen, the state that holds the opened run, and the detail whose ``differences`` event asks
        for the differences of a run.
    """
    part = RunsPart(services)
    opened, seen = gradio.State(None), gradio.State(())
    plain: dict[str, Any] = {"apply_default_css": False, "padding": False}
    with gradio.Row(elem_id="im-start-row", visible=False) as starting:
        start = gradio.Button("Improve now", variant="primary", elem_id="im-start", scale=0, min_width=150)
        force = gradio.Checkbox(label="Also where no review is new", elem_id="im-force", scale=0, min_width=240)
    now = gradio.HTML("", js_on_load=acts_script("refresh"), elem_id="im-now", **plain)
    with gradio.Row(elem_classes="st-columns"):
        with gradio.Column(scale=2, min_width=290):
            listed = gradio.HTML("", js_on_load=acts_script("open"), elem_id="im-runs", **plain)
        with gradio.Column(scale=5, min_width=320):
            detail = gradio.HTML("", js_on_load=acts_script("differences"), elem_id="im-run", **plain)
    screen = [now, listed, detail, opened, seen, starting]
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    now.refresh(told(part.refresh), [opened, seen], screen, **hush)
    listed.open(told(part.open), None, screen, **hush)
    start.click(told(part.start), force, screen, **hush)
    return part, screen, opened, detail


def _drawn_from(run: Run | None) -> Seen:
    return (run.run_id, len(run.gates), len(run.figures), run.finished_utc, run.bundle_version) if run else ()
