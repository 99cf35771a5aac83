"""Replayed replies that differ, in the console: riskiest first, one key a verdict. Needs the role reviewer.

What people call worse holds the next run of the same candidate back; better and same settle a risky difference.
"""

from dataclasses import dataclass, replace
from typing import Any

import gradio

from bot.errors import ReplyNotFoundError
from bot.improvement import Difference, DifferenceVerdict, Run
from bot.storage.records import StaffMember, StaffRole
from ui.staff.acts import acts_script, text_of
from ui.staff.caller import StaffError, member_of, told
from ui.staff.improve_difference_view import render_difference, render_no_difference, render_progress
from ui.staff.opened_transcript import opened_transcript
from ui.staff.services import StaffServices

_RUNS = 20
_MOST = 1000
"""So many turns a replay answers again at most by default; of more only the riskiest are looked at here."""

Screen = tuple[Any, ...]
"""New values of the components, in the order of ``screen`` in `build_differences`."""


@dataclass(frozen=True, slots=True)
class Look:
    """Which difference is on the screen, and which one was judged last, for taking it back."""

    run_id: int | None = None
    place: tuple[str, int] | None = None
    judged: tuple[str, int] | None = None


class DifferencesPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices) -> None:
        self.services = services
        self.replays = services.store.replays

    def show(self, look: Look, wanted: int | None, request: gradio.Request) -> Screen:
        """Show the first difference that nobody judged, of the wanted run or of the newest that has any."""
        member_of(request, self.services, StaffRole.REVIEWER)
        run = self._run(wanted)
        if run is not None and look.run_id == run.run_id and look.place is not None:
            return self._screen(look, run)
        return self._screen(Look(run.run_id if run else None), run)

    def judge(self, verdict: DifferenceVerdict, look: Look, request: gradio.Request) -> Screen:
        """Keep a verdict and show the next difference that has none."""
        member, run = self._judging(look, request)
        place = self._place(look)
        self._keep(run, place, verdict, member)
        return self._screen(replace(look, judged=place), run, after=True)

    def better(self, look: Look, request: gradio.Request) -> Screen:
        """The new bundle's reply is better."""
        return self.judge(DifferenceVerdict.BETTER, look, request)

    def same(self, look: Look, request: gradio.Request) -> Screen:
        """Both are as good."""
        return self.judge(DifferenceVerdict.SAME, look, request)

    def worse(self, look: Look, request: gradio.Request) -> Screen:
        """The new bundle's reply is worse."""
        return self.judge(DifferenceVerdict.WORSE, look, request)

    def undo(self, look: Look, request: gradio.Request) -> Screen:
        """Take the last verdict back, or that on the screen where none was given in this visit."""
        member, run = self._judging(look, request)
        place = look.judged or self._place(look)
        self._keep(run, place, None, member)
        return self._screen(replace(look, place=place, judged=None), run)

    def step(self, by: int, look: Look, request: gradio.Request) -> Screen:
        """Show the next or the previous one, judged or not."""
        _, run = self._judging(look, request)
        found = self.replays.of(run.run_id, limit=_MOST)
        here = _index(found, look.place)
        there = min(max((here if here is not None else 0) + by, 0), len(found) - 1)
        return self._screen(replace(look, place=_place_of(found[there]) if found else None), run)

    def next(self, look: Look, request: gradio.Request) -> Screen:
        """Show the next one."""
        return self.step(1, look, request)

    def previous(self, look: Look, request: gradio.Request) -> Screen:
        """Show the one before."""
        return self.step(-1, look, request)

    def transcript(self, request: gradio.Request, event: gradio.EventData) -> str:
        """Show the whole conversation."""
        member_of(request, self.services, StaffRole.REVIEWER)
        return opened_transcript(self.services, text_of(event, "id"))

    def _judging(self, look: Look, request: gradio.Request) -> tuple[StaffMember, Run]:
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if look.run_id is None:
            raise StaffError("No difference is open.")
        return member, self.services.store.runs.get(look.run_id)

    def _place(self, look: Look) -> tuple[str, int]:
        if look.place is None:
            raise StaffError("No difference is open.")
        return look.place

    def _keep(self, run: Run, place: tuple[str, int], verdict: DifferenceVerdict | None, member: StaffMember) -> None:
        self.replays.judge(run.run_id, *place, verdict, by=member.name)
        detail = {"run": run.run_id, "sequence": place[1], "verdict": verdict.value if verdict else None}
        self.services.store.audit.record(member.name, "judge_difference", subject=place[0], detail=detail)

    def _run(self, wanted: int | None) -> Run | None:
        if wanted is not None:
            return self.services.store.runs.get(wanted)
        return next((run for run in self._compared()), None)

    def _compared(self) -> list[Run]:
        """The newest runs that have differences."""
        return [run for run in self.services.store.runs.newest(_RUNS) if self.replays.verdicts(run.run_id)]

    def _screen(self, look: Look, run: Run | None, *, after: bool = False) -> Screen:
        found = self.replays.of(run.run_id, limit=_MOST) if run else []
        choices = [
            (f"Run {it.run_id} · {it.started_utc:%Y-%m-%d %H:%M} · {it.state}", it.run_id) for it in self._compared()
        ]
        choice = gradio.update(choices=choices, value=run.run_id if run else None, visible=bool(choices))
        if run is None or not found:
            hidden = gradio.update(visible=False)
            return replace(look, place=None), choice, "", render_no_difference(run), hidden, ""
        here = _wanted(found, look.place, after=after)
        shown = found[here]
        messages = self.services.store.conversations.messages_after(shown.conversation_id, 0)
        risky = self.services.settings.improve.replay_risk
        body = render_difference(shown, (here + 1, len(found)), messages, self._source, risky)
        progress = render_progress(self.replays.verdicts(run.run_id))
        return replace(look, place=_place_of(shown)), choice, progress, body, gradio.update(visible=True), ""

    def _source(self, source_id: str) -> str:
        retriever = self.services.live.current().retriever
        known = retriever.passages if retriever is not None else ()
        title = next((passage.title for passage in known if passage.passage_id == source_id), None)
        if title is not None:
            return f"article “{title}”"
        try:
            self.services.store.replies.history(source_id)
        except ReplyNotFoundError:
            return f"a passage or reply that is gone by now ({source_id})"
        return f"approved reply {source_id}"


def build_differences(services: StaffServices) -> tuple[DifferencesPart, list[Any], Any]:
    """Lay out the part and wire its own events; called inside its tab.

    Returns:
        The part, its screen, and the state that its events begin from.
    """
    part = DifferencesPart(services)
    look = gradio.State(Look())
    plain: dict[str, Any] = {"apply_default_css": False, "padding": False}
    chosen = gradio.Dropdown([], label="Run", elem_id="im-difference-run", visible=False)
    progress = gradio.HTML("", js_on_load=acts_script(), elem_id="im-progress", **plain)
    with gradio.Row(visible=False, elem_id="im-verdicts") as verdicts:
        better = gradio.Button("Better (b)", variant="primary", elem_id="im-better", min_width=96)
        same = gradio.Button("Same (s)", elem_id="im-same", min_width=96)
        worse = gradio.Button("Worse (w)", variant="stop", elem_id="im-worse", min_width=96)
        previous = gradio.Button("Previous (p)", elem_id="im-previous", min_width=96)
        following = gradio.Button("Next (n)", elem_id="im-next", min_width=96)
        undo = gradio.Button("Take back (u)", elem_id="im-undo", min_width=96)
    body = gradio.HTML("", js_on_load=acts_script("transcript"), elem_id="im-difference", **plain)
    whole = gradio.HTML("", js_on_load=None, elem_id="im-transcript", **plain)
    screen = [look, chosen, progress, body, verdicts, whole]
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    chosen.input(told(part.show), [look, chosen], screen, **hush)
    for button, handler in (
        (better, part.better), (same, part.same), (worse, part.worse),
        (previous, part.previous), (following, part.next), (undo, part.undo),
    ):  # fmt: skip
        button.click(told(handler), look, screen, **hush)
    body.transcript(told(part.transcript), None, whole, **hush)
    return part, screen, look


def _place_of(found: Difference) -> tuple[str, int]:
    return found.conversation_id, found.sequence


def _index(found: list[Difference], place: tuple[str, int] | None) -> int | None:
    return next((index for index, it in enumerate(found) if _place_of(it) == place), None)


def _wanted(found: list[Difference], place: tuple[str, int] | None, *, after: bool) -> int:
    """Which one to show: the place itself, or the next that nobody judged, from there on and then from the start."""
    here = _index(found, place)
    if here is not None and not after:
        return here
    start = 0 if here is None else here + 1
    order = [*range(start, len(found)), *range(start)]
    return next((index for index in order if found[index].verdict is None), here or 0)
