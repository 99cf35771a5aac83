"""The console's review tab: one bot message at a time, the most useful first. Needs the role reviewer.

Which messages this visit skipped is kept in Gradio's session, all else in the store. Knows no SQL and no order of the
queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import gradio

from bot.reviewing import queue_of, reply_template, save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.records import LoggedDecision, StaffMember, StaffRole
from bot.storage.reviews import CANDIDATES
from retrieval.values import Passage
from ui.staff.acts import acts_script, tab_select
from ui.staff.caller import StaffError, member_of, told
from ui.staff.pieces import notice
from ui.staff.review_view import (
    passage_label,
    render_done,
    render_item,
    render_passage_text,
    render_progress,
    render_saved,
)
from ui.staff.services import StaffServices

NO_PASSAGE = ""
_FOUND_PASSAGES = 8
_TO_THE_TOP = "() => document.querySelector('#st-review-progress')?.scrollIntoView({block: 'start'})"
Screen = tuple[Any, ...]
"""New values of the tab's components, in the order of ``screen`` in `build_review`."""
SCREEN_PARTS = 11


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
        if self._opinion(subject, intent, text, passage_id, note).verdict is Verdict.CORRECTED:
            raise StaffError("You corrected something: save the correction, or undo it and approve.")
        return self._save(visit, Opinion(Verdict.APPROVED, note=_or_none(note)), member)

    def correct(
        self, visit: Visit, intent: str | None, text: str, passage_id: str, note: str, request: gradio.Request
    ) -> Screen:
        """Say what would have been right."""
        member, subject = self._judged(visit, request)
        opinion = self._opinion(subject, intent, text, passage_id, note)
        if opinion.verdict is not Verdict.CORRECTED:
            raise StaffError("Nothing is corrected yet: change the intent or the reply, or mark the right passage.")
        return self._save(visit, opinion, member)

    def reject(self, visit: Visit, intent: str | None, note: str, request: gradio.Request) -> Screen:
        """Say that the message was wrong, without what would have been right; a corrected intent is kept."""
        member, subject = self._judged(visit, request)
        opinion = self._opinion(subject, intent, "", NO_PASSAGE, note)
        return self._save(visit, Opinion(Verdict.REJECTED, opinion.intent, note=opinion.note), member)

    def find(self, visit: Visit, words: str, request: gradio.Request) -> Any:
        """Offer the passages of the live knowledge that a search finds."""
        _, subject = self._judged(visit, request)
        models = self.services.live.current()
        if models.retriever is None:
            raise StaffError("This desk has no knowledge to search.")
        if not words.strip():
            return _choices(subject, ())
        vector = models.encoder.encode([words])[0]
        hits = models.retriever.search(words, vector, _FOUND_PASSAGES)
        return _choices(subject, [found.passage for found in hits])

    def mark(self, visit: Visit, passage_id: str, request: gradio.Request) -> str:
        """Show the text of the passage that is marked."""
        _, subject = self._judged(visit, request)
        return render_passage_text(self._passage(subject, passage_id))

    def _judged(self, visit: Visit, request: gradio.Request) -> tuple[StaffMember, LoggedDecision]:
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if visit.conversation_id is None:
            raise StaffError("No message is open: press Next.")
        return member, self.reviews.subject(visit.conversation_id, visit.sequence)

    def _opinion(self, subject: LoggedDecision, intent: str | None, text: str, passage_id: str, note: str) -> Opinion:
        """What the form says: a correction where it differs from what the bot did, else an approval."""
        named = self._known_intent(intent or "")
        right_intent = named if named and named != _bot_intent(subject) else None
        written = (text or "").strip()
        right_text = written if written not in {"", reply_template(self.services.store, subject)} else None
        passage = self._passage(subject, passage_id)
        verdict = Verdict.CORRECTED if right_intent or right_text or passage else Verdict.APPROVED
        return Opinion(verdict, right_intent, right_text, None, passage, _or_none(note))

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
            gradio.update(choices=self._intents(), value=_bot_intent(subject)),
            reply_template(self.services.store, subject),
            _choices(subject, ()),
            "",
            "",
            "",
        )

    def _screen(self, visit: Visit, progress: str, words: str) -> Screen:
        """The tab without a message."""
        nothing_open = render_done() if progress else ""
        hidden = gradio.update(visible=False)
        return visit, progress, words, nothing_open, hidden, None, "", gradio.update(value=NO_PASSAGE), "", "", ""

    def _progress(self, member: StaffMember, waiting: int) -> str:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.reviews.count(member.name, since_utc=midnight)
        return render_progress(today, self.reviews.count(member.name), waiting, CANDIDATES, self.reviews.agreement())

    def _intents(self) -> list[tuple[str, str]]:
        titles = self.services.settings.intent_titles
        known = {*self.services.live.current().encoder.intents, *self.reviews.intents()}
        return [(f"{titles[name]} ({name})" if name in titles else name, name) for name in sorted(known)]

    def _known_intent(self, written: str) -> str:
        """The intent that is meant: a known one whatever its case or title, else a new one by its words."""
        name = " ".join(written.split())
        by_words = {words.casefold(): intent for label, intent in self._intents() for words in (label, intent)}
        return by_words.get(name.casefold(), name)

    def _passage(self, subject: LoggedDecision, passage_id: str) -> Passage | None:
        if not passage_id:
            return None
        for found in subject.passages:
            if found.passage.passage_id == passage_id:
                return found.passage
        models = self.services.live.current()
        known = models.retriever.passages if models.retriever is not None else ()
        for passage in known:
            if passage.passage_id == passage_id:
                return passage
        raise StaffError("This passage is gone: its article has changed. Search again.")


def build_review(services: StaffServices) -> None:
    """Lay out the tab and wire its events; called inside it."""
    part = ReviewPart(services)
    visit = gradio.State(Visit())
    plain: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
    progress = gradio.HTML("", js_on_load=acts_script(), apply_default_css=False, elem_id="st-review-progress")
    said = gradio.HTML("", **plain, elem_id="st-review-said")
    item = gradio.HTML("", **plain, elem_id="st-review-item")
    with gradio.Column(visible=False, elem_id="st-review-form") as form:
        with gradio.Row(elem_id="st-review-acts"):
            approve = gradio.Button("Approve (a)", variant="primary", elem_id="st-approve", min_width=110)
            correct = gradio.Button("Save correction", elem_id="st-correct", min_width=130)
            reject = gradio.Button("Reject (x)", variant="stop", elem_id="st-reject", min_width=110)
            skip = gradio.Button("Next (n)", elem_id="st-next", min_width=110)
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
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    screen = [visit, progress, said, item, form, intent, text, passage, note, words, marked]
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
    passage.input(told(part.mark), [visit, passage], marked, **hush)


def _bot_intent(subject: LoggedDecision) -> str | None:
    return subject.ranking[0].intent if subject.ranking else None


def _choices(subject: LoggedDecision, more: Sequence[Passage]) -> Any:
    """The choice of the right passage: none, those that a search found, those that the bot retrieved."""
    rows = [("None marked", NO_PASSAGE)]
    rows += [(f"Search: {passage_label(passage)}", passage.passage_id) for passage in more]
    searched = {passage.passage_id for passage in more}
    rows += [
        (f"{found.rank}. {passage_label(found.passage, found.score)}", found.passage.passage_id)
        for found in subject.passages
        if found.passage.passage_id not in searched
    ]
    return gradio.update(choices=rows, value=NO_PASSAGE)


def _or_none(text: str | None) -> str | None:
    return text.strip() or None if text else None
