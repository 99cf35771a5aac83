"""The console's review tab: one bot message at a time, the most useful first. Needs the role reviewer.

Which messages this visit skipped is kept in Gradio's session, all else in the store. Knows no SQL and no order of the
queue.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import gradio

from bot.compose import intent_title
from bot.effects import effects_of
from bot.reviewing import queue_of, reply_template, save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.records import LoggedDecision, StaffMember, StaffRole
from bot.storage.reviews import CANDIDATES
from ui.staff.acts import acts_script, tab_select, text_of
from ui.staff.caller import StaffError, member_of, told
from ui.staff.effects_view import render_effects
from ui.staff.opened_transcript import opened_transcript
from ui.staff.pieces import notice
from ui.staff.review_form import NO_PASSAGE, ReviewForm, bot_intent, or_none, passage_choices
from ui.staff.review_view import (
    render_done,
    render_item,
    render_passage_text,
    render_progress,
    render_saved,
)
from ui.staff.services import StaffServices

_FOUND_PASSAGES = 8
_KEEP, _KEPT = "Keep as golden (g)", "✓ Kept as golden (g)"
_TO_THE_TOP = "() => document.querySelector('#st-review-progress')?.scrollIntoView({block: 'start'})"
_TO_THE_EFFECTS = "() => document.querySelector('#st-effects-list')?.scrollIntoView({block: 'nearest'})"
Screen = tuple[Any, ...]
"""New values of the tab's components, in the order of ``screen`` in `build_review`."""
SCREEN_PARTS = 14


@dataclass(frozen=True, slots=True)
class Visit:
    """Where one visit of the tab is: the message on the screen, and those that were skipped."""

    conversation_id: str | None = None
    sequence: int = 0
    skipped: frozenset[tuple[str, int]] = frozenset()


class ReviewPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices) -> None:
        self.services = services
        self.reviews = services.store.reviews
        self.form = ReviewForm(services)

    def start(self, visit: Visit, request: gradio.Request) -> Screen:
        """Show the first message; one that is open already stays as it is."""
        member = member_of(request, self.services)
        if visit.conversation_id is not None:
            return (gradio.skip(),) * SCREEN_PARTS
        if not member.role.includes(StaffRole.REVIEWER):
            return self._screen(visit, "", notice("Reviewing needs the role reviewer.", bad=True))
        return self._next(visit, member)

    def skip(self, visit: Visit, request: gradio.Request) -> Screen:
        """Show the next message and leave this one for another visit."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if visit.conversation_id is not None:
            visit = replace(visit, skipped=visit.skipped | {(visit.conversation_id, visit.sequence)})
        return self._next(visit, member)

    def approve(
        self, visit: Visit, intent: str | None, text: str, passage_id: str, note: str, request: gradio.Request
    ) -> Screen:
        """Say that the bot did well."""
        member, subject = self._judged(visit, request)
        if self.form.opinion(subject, intent, text, passage_id, note).verdict is Verdict.CORRECTED:
            raise StaffError("You corrected something: save the correction, or undo it and approve.")
        return self._save(visit, Opinion(Verdict.APPROVED, note=or_none(note)), member)

    def correct(
        self, visit: Visit, intent: str | None, text: str, passage_id: str, note: str, request: gradio.Request
    ) -> Screen:
        """Say what would have been right."""
        member, subject = self._judged(visit, request)
        opinion = self.form.opinion(subject, intent, text, passage_id, note)
        if opinion.verdict is not Verdict.CORRECTED:
            raise StaffError("Nothing is corrected yet: change the intent or the reply, or mark the right passage.")
        return self._save(visit, opinion, member)

    def reject(self, visit: Visit, intent: str | None, note: str, request: gradio.Request) -> Screen:
        """Say that the message was wrong, without what would have been right; a corrected intent is kept."""
        member, subject = self._judged(visit, request)
        opinion = self.form.opinion(subject, intent, "", NO_PASSAGE, note)
        return self._save(visit, Opinion(Verdict.REJECTED, opinion.intent, note=opinion.note), member)

    def find(self, visit: Visit, words: str, request: gradio.Request) -> Any:
        """Offer the passages of the live knowledge that a search finds."""
        _, subject = self._judged(visit, request)
        models = self.services.live.current()
        if models.retriever is None:
            raise StaffError("This desk has no knowledge to search.")
        if not words.strip():
            return passage_choices(subject, ())
        vector = models.encoder.encode([words])[0]
        hits = models.retriever.search(words, vector, _FOUND_PASSAGES)
        return passage_choices(subject, [found.passage for found in hits])

    def mark(self, visit: Visit, passage_id: str, request: gradio.Request) -> str:
        """Show the text of the passage that is marked."""
        _, subject = self._judged(visit, request)
        return render_passage_text(self.form.passage(subject, passage_id))

    def effects(
        self, visit: Visit, intent: str | None, text: str, passage_id: str, note: str, request: gradio.Request
    ) -> str:
        """Say which past answers the correction in the form would change; nothing is saved."""
        _, subject = self._judged(visit, request)
        opinion = self.form.opinion(subject, intent, text, passage_id, note)
        if opinion.verdict is not Verdict.CORRECTED:
            raise StaffError("Nothing is corrected yet: change the intent or the reply, and look at the effects then.")
        services = self.services
        found = effects_of(services.store, services.assistant, services.live.current(), subject, opinion)
        return render_effects(found, partial(intent_title, titles=services.settings.intent_titles))

    def transcript(self, request: gradio.Request, event: gradio.EventData) -> str:
        """Show a conversation that would change."""
        member_of(request, self.services, StaffRole.REVIEWER)
        return opened_transcript(self.services, text_of(event, "id"))

    def keep(self, visit: Visit, request: gradio.Request) -> Any:
        """Keep the open message in the golden set, or leave it to the split again."""
        member, subject = self._judged(visit, request)
        golden, place = self.services.store.golden, (subject.conversation_id, subject.sequence)
        kept = None if golden.marks().get(place) else True
        golden.mark(*place, kept, by=member.name)
        detail = {"sequence": subject.sequence, "kept": kept}
        self.services.store.audit.record(member.name, "golden_mark", subject=subject.conversation_id, detail=detail)
        return _golden_button(kept)

    def _judged(self, visit: Visit, request: gradio.Request) -> tuple[StaffMember, LoggedDecision]:
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if visit.conversation_id is None:
            raise StaffError("No message is open: press Next.")
        return member, self.reviews.subject(visit.conversation_id, visit.sequence)

    def _save(self, visit: Visit, opinion: Opinion, member: StaffMember) -> Screen:
        conversation_id = visit.conversation_id or ""
        saved = save_opinion(self.services.store, conversation_id, visit.sequence, opinion, reviewer=member.name)
        detail = {"sequence": visit.sequence, "verdict": opinion.verdict.value, "proposed": saved.opinion.reply_id}
        self.services.store.audit.record(member.name, "review", subject=conversation_id, detail=detail)
        return self._next(visit, member, notice(render_saved(saved)))

    def _next(self, visit: Visit, member: StaffMember, words: str = "") -> Screen:
        queue = queue_of(self.services.store, member.name)
        progress = self._progress(member, len(queue))
        open_items = [item for item in queue if (item.conversation_id, item.sequence) not in visit.skipped]
        if not open_items:
            return self._screen(replace(visit, conversation_id=None), progress, words)
        item = open_items[0]
        subject = self.reviews.subject(item.conversation_id, item.sequence)
        messages = self.services.store.conversations.messages_after(item.conversation_id, 0)
        return (
            replace(visit, conversation_id=item.conversation_id, sequence=item.sequence),
            progress,
            words,
            render_item(item, subject, messages),
            gradio.update(visible=True),
            gradio.update(choices=self.form.intents(), value=bot_intent(subject)),
            reply_template(self.services.store, subject),
            passage_choices(subject, ()),
            "",
            "",
            "",
            _golden_button(self.services.store.golden.marks().get((item.conversation_id, item.sequence))),
            "",
            "",
        )

    def _screen(self, visit: Visit, progress: str, words: str) -> Screen:
        """The tab without a message."""
        nothing_open = render_done() if progress else ""
        hidden = gradio.update(visible=False)
        empty = gradio.update(value=NO_PASSAGE)
        return visit, progress, words, nothing_open, hidden, None, "", empty, "", "", "", _golden_button(None), "", ""

    def _progress(self, member: StaffMember, waiting: int) -> str:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.reviews.count(member.name, since_utc=midnight)
        return render_progress(today, self.reviews.count(member.name), waiting, CANDIDATES, self.reviews.agreement())


def build_review(services: StaffServices) -> None:
    """Lay out the tab and wire its events; called inside it."""
    part = ReviewPart(services)
    visit = gradio.State(Visit())
    plain: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
    progress = gradio.HTML("", js_on_load=acts_script(), apply_default_css=False, elem_id="st-review-progress")
    said = gradio.HTML("", **plain, elem_id="st-review-said")
    item = gradio.HTML("", **plain, elem_id="st-review-item")
    with gradio.Column(visible=False, elem_id="st-review-form") as form:
        approve, correct, reject, show, keep, skip = _buttons()
        scripted = {**plain, "js_on_load": acts_script("transcript")}
        shown = gradio.HTML("", **scripted, elem_id="st-effects-list")
        whole = gradio.HTML("", **plain, elem_id="st-effects-transcript")
        intent, text, note, words, passage, marked = _fields(plain)
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    screen = [visit, progress, said, item, form, intent, text, passage, note, words, marked, keep, shown, whole]
    filled = [visit, intent, text, passage, note]
    tab_select()(told(part.start), visit, screen, **hush)
    judged = (
        approve.click(told(part.approve), filled, screen, **hush),
        correct.click(told(part.correct), filled, screen, **hush),
        reject.click(told(part.reject), [visit, intent, note], screen, **hush),
        skip.click(told(part.skip), visit, screen, **hush),
    )
    for done in judged:
        done.success(None, None, None, js=_TO_THE_TOP)
    words.submit(told(part.find), [visit, words], passage, **hush)
    reckoned = show.click(told(part.effects), filled, shown, **{**hush, "show_progress": "full"}, concurrency_limit=1)
    reckoned.success(None, None, None, js=_TO_THE_EFFECTS)
    shown.transcript(told(part.transcript), None, whole, **hush)
    keep.click(told(part.keep), visit, keep, **hush)
    passage.input(told(part.mark), [visit, passage], marked, **hush)


def _buttons() -> tuple[gradio.Button, ...]:
    """Approve, save a correction, reject, show effects, keep as golden, next."""
    with gradio.Row(elem_id="st-review-acts"):
        return (
            gradio.Button("Approve (a)", variant="primary", elem_id="st-approve", min_width=110),
            gradio.Button("Save correction", elem_id="st-correct", min_width=130),
            gradio.Button("Reject (x)", variant="stop", elem_id="st-reject", min_width=110),
            gradio.Button("Show effects (e)", elem_id="st-effects", min_width=130),
            gradio.Button(_KEEP, elem_id="st-golden", min_width=130),
            gradio.Button("Next (n)", elem_id="st-next", min_width=110),
        )


def _fields(plain: dict[str, Any]) -> tuple[Any, ...]:
    """Right intent, right reply, note; words to search by, passages found, the marked one's text."""
    with gradio.Row(elem_classes="st-columns"):
        with gradio.Column(min_width=300):
            intent = gradio.Dropdown(
                [], label="Right intent (i)", info="Search, or write a new one", allow_custom_value=True,
                elem_id="st-intent",
            )  # fmt: skip
            text = gradio.Textbox(
                label="Right reply (c)", info="A changed text is proposed under your name", lines=4, max_lines=14,
                elem_id="st-correct-reply",
            )  # fmt: skip
            note = gradio.Textbox(label="Note for colleagues", max_lines=3, elem_id="st-note")
        with gradio.Column(min_width=300):
            words = gradio.Textbox(
                label="Search the knowledge", placeholder="Words, then Enter", max_lines=1, elem_id="st-find"
            )
            passage = gradio.Radio([], label="Right passage", elem_id="st-passage", value=NO_PASSAGE)
            marked = gradio.HTML("", **plain, elem_id="st-marked")
    return intent, text, note, words, passage, marked


def _golden_button(kept: bool | None) -> Any:
    """The button with the state of the open message."""
    return gradio.update(value=_KEPT if kept else _KEEP, variant="primary" if kept else "secondary")
