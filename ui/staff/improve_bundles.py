"""The desk's bundles in the console: an admin publishes one or rolls back, after a question. Loads and encodes nothing.

Publishing encodes, which takes its time: `frontdesk publish` does it in a process of its own.
"""

from typing import Any

import gradio

from bot.catalogue import ListedBundle, list_bundles
from bot.improvement import Run
from bot.rollback import roll_back
from bot.storage.records import StaffMember, StaffRole
from ui.staff.acts import acts_script, text_of
from ui.staff.caller import StaffError, member_of, told
from ui.staff.improve_bundle_view import PUBLISH, ROLL_BACK, render_bundles, render_publishing, render_question
from ui.staff.own_process import OwnProcess
from ui.staff.services import StaffServices

_RUNS = 200
Screen = tuple[Any, ...]
"""New values of the components, in the order of ``screen`` in `build_bundles`."""
Asked = tuple[str, str] | None
"""What the open question is about: the kind of act, and the bundle's version."""


class BundlesPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices, process: OwnProcess | None = None) -> None:
        self.services = services
        self.process = process or OwnProcess(services.desk, "publish")
        self._wanted: str | None = None

    def show(self, asked: Asked, request: gradio.Request) -> Screen:
        """All bundles, read now; an open question stays."""
        return self._screen(asked, member_of(request, self.services, StaffRole.REVIEWER))

    def ask(self, request: gradio.Request, event: gradio.EventData) -> Screen:
        """Ask before a bundle goes live."""
        member = member_of(request, self.services, StaffRole.ADMIN)
        kind = text_of(event, "how")
        if kind not in {PUBLISH, ROLL_BACK}:
            raise StaffError("The page is out of date: reload it.")
        return self._screen((kind, self._bundle(text_of(event, "id")).version), member)

    def cancel(self, request: gradio.Request) -> Screen:
        """Close the question."""
        return self._screen(None, member_of(request, self.services, StaffRole.REVIEWER))

    def confirm(self, asked: Asked, request: gradio.Request) -> Screen:
        """Publish the bundle that was asked about, or roll back to it."""
        member = member_of(request, self.services, StaffRole.ADMIN)
        if asked is None:
            raise StaffError("Choose a bundle first.")
        kind, bundle = asked[0], self._bundle(asked[1])
        if kind == ROLL_BACK:
            roll_back(self.services.desk, self.services.store, bundle.version)
        elif not self.process.start([str(self.services.desk.bundle_directory(bundle.version).resolve())]):
            raise StaffError("A bundle is being published already. Wait until it is live.")
        self._wanted = bundle.version
        action = "bundle_rollback" if kind == ROLL_BACK else "bundle_publish"
        self.services.store.audit.record(member.name, action, subject=bundle.version)
        return self._screen(None, member)

    def _bundle(self, version: str) -> ListedBundle:
        found = next((it for it in list_bundles(self.services.desk) if it.version == version), None)
        if found is None:
            raise StaffError("This bundle is gone: reload the page.")
        return found

    def _screen(self, asked: Asked, member: StaffMember) -> Screen:
        bundles = list_bundles(self.services.desk)
        runs: dict[str, Run] = {}
        for run in self.services.store.runs.newest(_RUNS):
            if run.bundle_version:
                runs.setdefault(run.bundle_version, run)
        named = {bundle.version: bundle for bundle in bundles}
        wanted = named.get(asked[1]) if asked else None
        question = render_question(asked[0], wanted, runs.get(wanted.version)) if asked and wanted else ""
        may = member.role.includes(StaffRole.ADMIN)
        shown = gradio.update(visible=bool(question))
        return asked, self._standing(), question, shown, render_bundles(bundles, runs, may=may)

    def _standing(self) -> str:
        """How far the publication is that was asked for here last."""
        if self._wanted is None:
            return ""
        if self.process.running:
            return render_publishing(f"Publishing {self._wanted}: knowledge and replies are being encoded with it.")
        live, serving = self.services.desk.live().bundle, self.services.live.current().versions.bundle
        if live != self._wanted:
            failure = self.process.failure
            return render_publishing(f"Not live: {failure}", "bad") if failure else ""
        if serving != live:
            problem = self.services.live.last_error
            return render_publishing(problem, "bad") if problem else render_publishing("The server is taking it up.")
        return render_publishing(f"{live} answers customers.", "good")


def build_bundles(services: StaffServices) -> tuple[BundlesPart, list[Any], Any]:
    """Lay out the part and wire its own events; called inside its tab.

    Returns:
        The part, its screen, and the state that its events begin from.
    """
    part = BundlesPart(services)
    asked = gradio.State(None)
    plain: dict[str, Any] = {"apply_default_css": False, "padding": False}
    standing = gradio.HTML("", js_on_load=acts_script("refresh"), elem_id="im-publishing", **plain)
    with gradio.Column(visible=False, elem_id="im-question") as asking:
        question = gradio.HTML("", js_on_load=None, **plain)
        with gradio.Row():
            yes = gradio.Button("Yes, make it live", variant="primary", elem_id="im-yes", min_width=140)
            no = gradio.Button("Cancel", elem_id="im-no", min_width=140)
    listed = gradio.HTML("", js_on_load=acts_script("ask"), elem_id="im-bundles", **plain)
    screen = [asked, standing, question, asking, listed]
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    listed.ask(told(part.ask), None, screen, **hush).success(
        None, None, None, js="() => document.querySelector('#im-yes')?.focus()"
    )
    yes.click(told(part.confirm), asked, screen, **hush)
    no.click(told(part.cancel), None, screen, **hush)
    standing.refresh(told(part.show), asked, screen, **hush)
    return part, screen, asked
