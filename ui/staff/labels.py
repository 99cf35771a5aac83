"""The console's tab of label findings: worst first, one key a verdict. Needs the role reviewer.

Which findings this visit skipped is kept in Gradio's session, all else in the store. Knows no SQL and no audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio

from bot.errors import LabelFindingNotFoundError
from bot.label_findings import ABOUT_ROWS, KeptFinding, LabelVerdict, RowPlace
from bot.label_reviewing import judge_finding
from bot.storage.records import StaffMember, StaffRole
from bot.training_rows import texts_of
from bot.values import Role
from ui.staff.acts import acts_script, number_of, tab_select
from ui.staff.caller import StaffError, member_of, told
from ui.staff.labels_view import OPEN, render_finding, render_list, render_progress
from ui.staff.pieces import notice
from ui.staff.services import StaffServices

LISTED = 20
Screen = tuple[Any, ...]
"""New values of the tab's components, in the order of ``screen`` in `build_labels`."""

_SAID = {
    LabelVerdict.KEEP: "Kept as it is.",
    LabelVerdict.CHANGE: "Label changed.",
    LabelVerdict.DROP: "Taken out of training.",
}


@dataclass(frozen=True, slots=True)
class LabelVisit:
    """Where one visit of the tab is: the open finding, and those that were skipped."""

    finding_id: int | None = None
    skipped: frozenset[int] = frozenset()


class LabelsPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices) -> None:
        self.services = services
        self.findings = services.store.label_findings

    def start(self, visit: LabelVisit, request: gradio.Request) -> Screen:
        """Show the worst finding, and the list."""
        member = member_of(request, self.services)
        if not member.role.includes(StaffRole.REVIEWER):
            return self._screen(visit, [], None, notice("Judging labels needs the role reviewer.", bad=True))
        return self._next(visit)

    def skip(self, visit: LabelVisit, request: gradio.Request) -> Screen:
        """Show the next finding and leave this one for another visit."""
        member_of(request, self.services, StaffRole.REVIEWER)
        if visit.finding_id is not None:
            visit = LabelVisit(None, visit.skipped | {visit.finding_id})
        return self._next(visit)

    def open(self, visit: LabelVisit, request: gradio.Request, event: gradio.EventData) -> Screen:
        """Show a finding of the list."""
        member_of(request, self.services, StaffRole.REVIEWER)
        wanted = number_of(event, "finding")
        return self._next(replace(visit, finding_id=wanted, skipped=visit.skipped - {wanted}))

    def keep(self, visit: LabelVisit, request: gradio.Request) -> Screen:
        """Say that the label is right, or that the trouble of an intent was seen."""
        member, kept = self._judged(visit, request)
        return self._save(kept, LabelVerdict.KEEP, None, visit, member)

    def take(self, visit: LabelVisit, request: gradio.Request) -> Screen:
        """Take the suggested label."""
        member, kept = self._judged_row(visit, request)
        if kept.finding.suggested is None:
            raise StaffError("There is no suggestion: choose the right intent.")
        return self._save(kept, LabelVerdict.CHANGE, kept.finding.suggested, visit, member)

    def change(self, visit: LabelVisit, intent: str | None, request: gradio.Request) -> Screen:
        """Give the row the intent that was chosen."""
        member, kept = self._judged_row(visit, request)
        name = " ".join((intent or "").split())
        if not name:
            raise StaffError("Choose the right intent first.")
        if name == kept.finding.given:
            return self._save(kept, LabelVerdict.KEEP, None, visit, member)
        return self._save(kept, LabelVerdict.CHANGE, name, visit, member)

    def drop(self, visit: LabelVisit, request: gradio.Request) -> Screen:
        """Take the row out of training."""
        member, kept = self._judged_row(visit, request)
        return self._save(kept, LabelVerdict.DROP, None, visit, member)

    def _judged(self, visit: LabelVisit, request: gradio.Request) -> tuple[StaffMember, KeptFinding]:
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if visit.finding_id is None:
            raise StaffError("No finding is open: press Next.")
        return member, self.findings.get(visit.finding_id)

    def _judged_row(self, visit: LabelVisit, request: gradio.Request) -> tuple[StaffMember, KeptFinding]:
        member, kept = self._judged(visit, request)
        if kept.finding.kind not in ABOUT_ROWS:
            raise StaffError("This finding is about an intent as a whole: mark it as seen, and review its rows.")
        return member, kept

    def _save(
        self, kept: KeptFinding, verdict: LabelVerdict, intent: str | None, visit: LabelVisit, member: StaffMember
    ) -> Screen:
        store, about_row = self.services.store, kept.finding.row is not None
        judge_finding(store, kept.finding_id, verdict, reviewer=member.name, intent=intent)
        detail = {"verdict": verdict.value, "kind": kept.finding.kind.value, "intent": intent}
        store.audit.record(member.name, "label_verdict", subject=str(kept.finding_id), detail=detail)
        return self._next(replace(visit, finding_id=None), notice(_SAID[verdict] if about_row else "Marked as seen."))

    def _next(self, visit: LabelVisit, words: str = "") -> Screen:
        listed = self.findings.waiting(limit=LISTED, without=visit.skipped)
        opened = self._opened(visit) or (listed[0] if listed else None)
        return self._screen(replace(visit, finding_id=opened.finding_id if opened else None), listed, opened, words)

    def _opened(self, visit: LabelVisit) -> KeptFinding | None:
        try:
            kept = self.findings.get(visit.finding_id) if visit.finding_id is not None else None
        except LabelFindingNotFoundError:
            return None
        return kept if kept is not None and kept.verdict is None else None

    def _screen(
        self, visit: LabelVisit, listed: Sequence[KeptFinding], opened: KeptFinding | None, words: str
    ) -> Screen:
        counts = self.findings.counts()
        waiting = sum(number for (_, verdict), number in counts.items() if verdict is None)
        shown = [opened, *listed] if opened else list(listed)
        texts = self._texts([place for kept in shown for place in (kept.finding.row, *kept.finding.examples) if place])
        row = opened is not None and opened.finding.kind in ABOUT_ROWS
        return (
            visit,
            render_progress(waiting, counts.total() - waiting),
            words,
            render_finding(opened, texts) if opened else "",
            gradio.update(visible=opened is not None),
            gradio.update(value="Keep (k)" if row else "Seen (k)"),
            *(gradio.update(visible=row) for _ in range(3)),
            gradio.update(choices=self._intents(), value=None, visible=row),
            render_list(listed, texts, visit.finding_id),
        )

    def _texts(self, places: Sequence[RowPlace]) -> dict[RowPlace, str]:
        texts = texts_of(self.services.desk, places)
        for place in places:
            if place.conversation_id is not None and place.sequence is not None and place not in texts:
                asked = self._asked(place.conversation_id, place.sequence)
                if asked:  # else erased a moment ago, and the page says that the row is gone
                    texts[place] = asked
        return texts

    def _asked(self, conversation_id: str, sequence: int) -> str:
        """What the customer said before a bot message, since anybody else did."""
        log = self.services.store.conversations.messages_after(conversation_id, 0)
        said: list[str] = []
        for logged in log:
            if logged.sequence == sequence:
                break
            said = [*said, logged.message.text] if logged.message.role is Role.CUSTOMER else []
        return "\n".join(said)

    def _intents(self) -> list[tuple[str, str]]:
        titles = self.services.settings.intent_titles
        known = {*self.services.live.current().encoder.intents, *self.services.store.reviews.intents()}
        return [(f"{titles[name]} ({name})" if name in titles else name, name) for name in sorted(known)]


def build_labels(services: StaffServices) -> None:
    """Lay out the tab and wire its events; called inside it."""
    part = LabelsPart(services)
    visit = gradio.State(LabelVisit())
    plain: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
    progress = gradio.HTML("", js_on_load=acts_script(), apply_default_css=False, elem_id="st-labels-progress")
    said = gradio.HTML("", **plain, elem_id="st-labels-said")
    item = gradio.HTML("", **plain, elem_id="st-labels-item")
    with gradio.Column(visible=False, elem_id="st-labels-form") as form:
        with gradio.Row(elem_id="st-labels-acts"):
            keep = gradio.Button("Keep (k)", elem_id="st-label-keep", min_width=110)
            take = gradio.Button("Take suggestion (t)", variant="primary", elem_id="st-label-take", min_width=150)
            drop = gradio.Button("Drop (d)", variant="stop", elem_id="st-label-drop", min_width=110)
            skip = gradio.Button("Next (n)", elem_id="st-label-next", min_width=110)
        with gradio.Row(elem_id="st-labels-other"):
            intent = gradio.Dropdown(
                [], label="Another intent (i)", info="Search, or write a new one; then Save intent", scale=4,
                allow_custom_value=True, elem_id="st-label-intent",
            )  # fmt: skip
            change = gradio.Button("Save intent", elem_id="st-label-change", min_width=130, scale=1)
    listed = gradio.HTML("", js_on_load=acts_script(OPEN), apply_default_css=False, elem_id="st-labels-list")
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    screen = [visit, progress, said, item, form, keep, take, drop, change, intent, listed]
    tab_select()(told(part.start), visit, screen, **hush)
    keep.click(told(part.keep), visit, screen, **hush)
    take.click(told(part.take), visit, screen, **hush)
    drop.click(told(part.drop), visit, screen, **hush)
    skip.click(told(part.skip), visit, screen, **hush)
    change.click(told(part.change), [visit, intent], screen, **hush)
    getattr(listed, OPEN)(told(part.open), visit, screen, **hush)
