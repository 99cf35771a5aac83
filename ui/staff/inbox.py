"""The inbox tab: what an agent does with conversations. All state is in the store; the page says what it has open."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio

from bot.errors import BotError, ConversationNotFoundError
from bot.handoff import Move
from bot.storage.inbox import InboxItem
from bot.storage.records import StaffMember
from bot.summary import summarise
from retrieval.errors import RetrievalError
from ui.staff.caller import StaffError, member_of, told
from ui.staff.conversation_view import LISTS, Opened, render_conversation, render_list, render_side
from ui.staff.services import StaffServices
from ui.staff.suggestions import Suggestions, suggest

_COMPOSER = (
    '<form id="st-composer" hidden><label for="st-answer" class="st-hidden">Your answer</label>'
    '<textarea id="st-answer" rows="3" placeholder="Write your answer (r)"></textarea>'
    '<button class="st-button st-primary" type="submit">Send</button></form>'
    '<p id="st-live" class="st-hidden" role="status" aria-live="polite"></p>'
)
_REMEMBERED = 256


def build_inbox(services: StaffServices) -> None:
    """The tab's components and events."""
    plain: dict[str, Any] = {"js_on_load": None, "apply_default_css": False, "padding": False}
    script = Path(__file__).with_name("console.js").read_text(encoding="utf-8")
    with gradio.Row(elem_id="st-inbox"):
        with gradio.Column(elem_id="st-left", min_width=0):
            lines = gradio.HTML("", elem_id="st-list", **plain)
        with gradio.Column(elem_id="st-middle", min_width=0):
            pane = gradio.HTML("", elem_id="st-conversation", **plain)
            desk = gradio.HTML(_COMPOSER, js_on_load=script, apply_default_css=False, padding=False, elem_id="st-desk")
        with gradio.Column(elem_id="st-right", min_width=0):
            side = gradio.HTML("", elem_id="st-aside", **plain)
    handlers = InboxHandlers(services)
    listen: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}
    desk.refresh(handlers.refresh, None, [lines, pane, side], **listen)
    desk.act(handlers.act, None, [lines, pane, side], **listen)


class InboxHandlers:
    """Each event finds its agent anew and shows the inbox as it then is."""

    def __init__(self, services: StaffServices) -> None:
        self._services = services
        self._suggested = lru_cache(maxsize=_REMEMBERED)(self._suggest)

    @told
    def refresh(self, request: gradio.Request, event: gradio.EventData) -> tuple[str, str, str]:
        """Show what the page has open."""
        return self._shown(member_of(request, self._services), _data(event), "")

    @told
    def act(self, request: gradio.Request, event: gradio.EventData) -> tuple[str, str, str]:
        """Do one thing, write it on the audit log, and show what became of it."""
        member, data = member_of(request, self._services), _data(event)
        opened, action = data.get("open", ""), data.get("act", "")
        self._do(action, opened, member, data)
        named = {"canned_put", "canned_remove", "label", "unlabel"}
        detail = {"name": data.get("name", "")[:100]} if action in named else {}
        self._services.store.audit.record(member.name, action, subject=opened or None, detail=detail)
        if opened:
            self._services.delivery.announce(opened)
        return self._shown(member, data, data.get("nonce", ""))

    def _do(self, action: str, opened: str, member: StaffMember, data: dict[str, str]) -> None:
        store, text, name = self._services.store, data.get("text", ""), data.get("name", "")
        match action:
            case Move.TAKE_OVER | Move.HAND_BACK | Move.RELEASE | Move.CLOSE:
                self._move(opened, Move(action), member)
            case "answer":
                store.conversations.append_agent(opened, text, agent=member.name)
            case "note":
                store.notes.add(opened, text, author=member.name)
            case "label":
                store.notes.label(opened, name, author=member.name)
            case "unlabel":
                store.notes.unlabel(opened, name)
            case "canned_put":
                store.canned.put(name, text, by=member.name)
            case "canned_remove":
                store.canned.remove(name)
            case _:
                raise StaffError("The page asked for something unknown. Reload it.")

    def _move(self, opened: str, move: Move, member: StaffMember) -> None:
        item = self._services.store.inbox.get(opened)
        if move is Move.TAKE_OVER and item.agent is not None:
            mine = item.agent == member.name
            raise StaffError("You have this conversation already." if mine else f"{item.agent} was faster and has it.")
        self._services.store.ownership.move(opened, move, by=member.name)

    def _shown(self, member: StaffMember, data: dict[str, str], done: str) -> tuple[str, str, str]:
        which = data.get("list", "")
        which = which if which in LISTS else "waiting"
        opened = self._open(data.get("open", ""))
        current = opened.item.conversation_id if opened else ""
        store = self._services.store
        angry = frozenset(self._services.settings.alerts.negative_moods)
        items, now = self._items(which, member), datetime.now(UTC)
        lines = render_list(which, items, store.inbox.count_waiting(), current, now, angry)
        canned = store.canned.everything() if opened else []
        return lines, render_conversation(opened, member.name, done), render_side(opened, canned)

    def _items(self, which: str, member: StaffMember) -> list[InboxItem]:
        inbox = self._services.store.inbox
        if which == "mine":
            return inbox.of_agent(member.name)
        if which == "all":
            return inbox.newest()
        alerts = self._services.settings.alerts
        return inbox.waiting(angry=alerts.negative_moods, counts=timedelta(minutes=alerts.anger_counts_minutes))

    def _open(self, conversation_id: str) -> Opened | None:
        store = self._services.store
        if not conversation_id:
            return None
        try:
            item, transcript = store.inbox.get(conversation_id), store.transcripts.open(conversation_id)
        except ConversationNotFoundError:  # its customer erased it
            return None
        decisions = [transcript.decisions[sequence] for sequence in sorted(transcript.decisions)]
        variables = self._services.settings.variables
        return Opened(
            item=item,
            messages=transcript.messages,
            summary=summarise(transcript.messages, decisions, item.handoff_reason, variables),
            notes=store.notes.of(conversation_id),
            labels=store.notes.labels(conversation_id),
            suggestions=self._suggested(conversation_id, len(transcript.messages), item.locale),
        )

    def _suggest(self, conversation_id: str, count: int, locale: str) -> Suggestions:
        """Suggestions for a conversation of so many messages; the count is what makes the memory forget."""
        messages = self._services.store.conversations.messages_after(conversation_id, 0)[:count]
        try:
            return suggest(self._services, messages, locale)
        except (BotError, RetrievalError):  # the agent can work without them
            return Suggestions()


def _data(event: gradio.EventData) -> dict[str, str]:
    """The event's texts; the browser sends them, so all else is left out."""
    data = event._data
    if not isinstance(data, dict):
        raise StaffError("The page sent something unknown. Reload it.")
    return {key: value for key, value in data.items() if isinstance(key, str) and isinstance(value, str)}
