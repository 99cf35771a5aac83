"""The console's replies: agents propose and edit, reviewers approve and withdraw, one at a time. Knows no SQL.

What is approved here is the version on the screen: if somebody wrote a newer one meanwhile, nothing is approved.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio

from bot.risks import risks_of
from bot.storage.records import ProposedReply, StaffMember, StaffRole, StoredReply
from bot.values import ReplyState
from bot.worker import INDEX_REPLIES
from ui.staff.acts import acts_script, number_of, page_load, text_of
from ui.staff.caller import StaffError, member_of, told
from ui.staff.going_live import going_live
from ui.staff.pieces import found, nothing
from ui.staff.reply_view import render_replies, render_reply_head, render_reply_history
from ui.staff.services import StaffServices

_STATES = [("Proposed", "proposed"), ("Approved", "approved"), ("Withdrawn", "withdrawn")]
Editor = tuple[Any, ...]
"""New values of the editor's components, in the order of ``editor`` in `build_replies`."""


@dataclass(frozen=True, slots=True)
class OpenReply:
    """The reply in the editor, as it was when it was opened."""

    reply_id: str
    version: int


class RepliesPart:
    """One method an event; each asks first who calls."""

    def __init__(self, services: StaffServices) -> None:
        self.services = services
        self.replies = services.store.replies

    def refresh(self, words: str, state: str, opened: OpenReply | None, request: gradio.Request) -> str:
        """The list for a search."""
        return self._list(words, state, opened, member_of(request, self.services))

    def open(self, words: str, state: str, request: gradio.Request, event: gradio.EventData) -> Editor:
        """Put a reply into the editor."""
        member = member_of(request, self.services)
        return self._opened(text_of(event, "id"), words, state, member)

    def new(self, words: str, state: str, request: gradio.Request) -> Editor:
        """Empty the editor for a new reply."""
        member = member_of(request, self.services)
        hidden = gradio.update(visible=False)
        listing = self._list(words, state, None, member)
        return None, listing, render_reply_head(None, None), "", self._intents([]), "", hidden, hidden

    def save(
        self,
        opened: OpenReply | None,
        text: str,
        intents: Sequence[str],
        words: str,
        state: str,
        request: gradio.Request,
    ) -> Editor:
        """Propose the text in the editor: a new reply, or a new version of the open one."""
        member = member_of(request, self.services)
        named = tuple(dict.fromkeys(" ".join(intent.split()) for intent in intents or () if intent.strip()))
        if opened is None:
            reply_id = f"staff-{secrets.token_hex(6)}"
            proposal = ProposedReply(reply_id, text, named, 1, risks_of(text))
            self.replies.propose([proposal], by=member.name)
        else:
            reply_id = opened.reply_id
            self.replies.edit(
                reply_id, text, by=member.name, risky=risks_of(text), intents=named, version=opened.version
            )
        version = self.replies.history(reply_id)[-1].version
        self._record(member, "propose_reply", reply_id, version=version)
        return *self._opened(reply_id, words, state, member), nothing("Proposed. A reviewer can approve it now.")

    def approve_listed(self, words: str, state: str, request: gradio.Request, event: gradio.EventData) -> Editor:
        """Approve the version that a row of the list shows."""
        opened = OpenReply(text_of(event, "id"), number_of(event, "version"))
        return self._approve(opened, None, words, state, request)

    def approve(self, opened: OpenReply | None, text: str, words: str, state: str, request: gradio.Request) -> Editor:
        """Approve the version in the editor; a text that was changed and not proposed is refused."""
        if opened is None:
            raise StaffError("Propose the reply first, then approve it.")
        return self._approve(opened, text, words, state, request)

    def withdraw(self, opened: OpenReply | None, words: str, state: str, request: gradio.Request) -> Editor:
        """Take the open reply from customers."""
        member = member_of(request, self.services, StaffRole.REVIEWER)
        if opened is None:
            raise StaffError("Open a reply first.")
        self.replies.withdraw([opened.reply_id], by=member.name)
        self._record(member, "withdraw_reply", opened.reply_id)
        return *self._opened(opened.reply_id, words, state, member), True

    async def go_live(self, changed: bool, request: gradio.Request) -> AsyncIterator[str]:
        """Encode the approved replies again, and say how far that is."""
        member_of(request, self.services, StaffRole.REVIEWER)
        if not changed:
            yield nothing("It was approved already.")
            return
        async for standing in going_live(self.services, INDEX_REPLIES):
            yield standing

    def _approve(self, opened: OpenReply, text: str | None, words: str, state: str, request: gradio.Request) -> Editor:
        member = member_of(request, self.services, StaffRole.REVIEWER)
        read = self.replies.get(opened.reply_id, opened.version)
        if text is not None and text != read.text:
            raise StaffError("You changed the text: propose it first, then approve it.")
        if not read.intents:
            raise StaffError("Say for which intents it is and propose it again: without one it is never chosen.")
        approval = self.replies.approve([opened.reply_id], by=member.name, version=opened.version)
        if approval.approved:
            detail = {"version": opened.version, "risky": list(read.risky)}
            self._record(member, "approve_reply", opened.reply_id, **detail)
        elif approval.held:
            raise StaffError("It is withdrawn: edit it and propose it again.")
        return *self._opened(opened.reply_id, words, state, member), bool(approval.approved)

    def _opened(self, reply_id: str, words: str, state: str, member: StaffMember) -> Editor:
        history = self.replies.history(reply_id)
        newest = history[-1]
        live = next((reply for reply in history if reply.state is ReplyState.APPROVED), None)
        opened = OpenReply(reply_id, newest.version)
        may = member.role.includes(StaffRole.REVIEWER)
        approve = f"Approve although it has: {', '.join(newest.risky)}" if newest.risky else "Approve"
        return (
            opened,
            self._list(words, state, opened, member),
            render_reply_head(newest, live),
            newest.text,
            self._intents(newest.intents),
            render_reply_history(history),
            gradio.update(value=approve, visible=may and newest.state is ReplyState.PROPOSED),
            gradio.update(visible=may and any(reply.state is not ReplyState.WITHDRAWN for reply in history)),
        )

    def _list(self, words: str, state: str, opened: OpenReply | None, member: StaffMember) -> str:
        wanted = ReplyState(state)
        shown = [
            reply for reply in self._in_state(wanted) if found(words, (reply.text, reply.reply_id, *reply.intents))
        ]
        may = member.role.includes(StaffRole.REVIEWER)
        return render_replies(shown, opened.reply_id if opened else None, may_approve=may)

    def _in_state(self, state: ReplyState) -> list[StoredReply]:
        return sorted(self.replies.in_state(state), key=lambda reply: (-reply.frequency, reply.reply_id))

    def _intents(self, chosen: Sequence[str]) -> Any:
        known = sorted({*self.services.live.current().encoder.intents, *self.services.store.reviews.intents(), *chosen})
        return gradio.update(choices=known, value=list(chosen))

    def _record(self, member: StaffMember, action: str, reply_id: str, **detail: Any) -> None:
        self.services.store.audit.record(member.name, action, subject=reply_id, detail=detail)


def build_replies(services: StaffServices) -> None:
    """Lay out the part and wire its events; called inside its tab."""
    part = RepliesPart(services)
    opened, changed = gradio.State(None), gradio.State(False)
    with gradio.Row(elem_classes="st-columns"):
        with gradio.Column(scale=2, min_width=300):
            words = gradio.Textbox(label="Search replies", placeholder="Words of text or intent", max_lines=1)
            state = gradio.Dropdown(_STATES, value="proposed", label="Show", elem_id="st-reply-state")
            new = gradio.Button("New reply", size="sm", elem_id="st-reply-new")
            listing = gradio.HTML(
                "", js_on_load=acts_script("open", "approve"), apply_default_css=False, elem_id="st-replies"
            )
        with gradio.Column(scale=3, min_width=320):
            head = gradio.HTML(render_reply_head(None, None), js_on_load=None, apply_default_css=False)
            text = gradio.Textbox(label="Text", lines=5, max_lines=15, elem_id="st-reply-text")
            intents = gradio.Dropdown(
                [],
                multiselect=True,
                allow_custom_value=True,
                label="Intents that it answers",
                elem_id="st-reply-intents",
            )
            with gradio.Row():
                save = gradio.Button("Propose", variant="primary", elem_id="st-reply-propose")
                approve = gradio.Button("Approve", visible=False, elem_id="st-reply-approve")
                withdraw = gradio.Button("Withdraw", variant="stop", visible=False, elem_id="st-reply-withdraw")
            live = gradio.HTML("", js_on_load=None, apply_default_css=False, elem_id="st-reply-live")
            with gradio.Accordion("History", open=False):
                history = gradio.HTML("", js_on_load=None, apply_default_css=False)
    hush: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    where, editor = [words, state], [opened, listing, head, text, intents, history, approve, withdraw]
    listed = told(part.refresh), [words, state, opened], listing
    page_load()(*listed, **hush)
    gradio.on([words.change, state.change], *listed, trigger_mode="always_last", **hush)
    listing.open(told(part.open), where, editor, **hush)
    new.click(told(part.new), where, editor, **hush)
    save.click(told(part.save), [opened, text, intents, *where], [*editor, live], **hush)
    saving = (
        listing.approve(told(part.approve_listed), where, [*editor, changed], **hush),
        approve.click(told(part.approve), [opened, text, *where], [*editor, changed], **hush),
        withdraw.click(told(part.withdraw), [opened, *where], [*editor, changed], **hush),
    )
    for saved in saving:
        saved.success(part.go_live, changed, live, **hush)
