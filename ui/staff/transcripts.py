"""The tab of transcripts: filter, list, paging, an open conversation, links to export. Knows no SQL and no routes."""

from typing import Any

import gradio

from bot.errors import ReplyNotFoundError
from bot.storage.records import StaffMember
from bot.storage.transcript_records import Thumb, TranscriptCursor, TranscriptFilter, TranscriptPage
from bot.values import Action, Owner
from ui.staff.acts import open_tab_script, page_load
from ui.staff.caller import StaffError, member_of, told
from ui.staff.services import StaffServices
from ui.staff.transcript_query import FIELDS, filter_from, form_values, query_of
from ui.staff.transcript_view import list_html, total_html, transcript_html

_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ANY = ""

# Keys count only while a conversation of the list has the focus, so that no other typing is taken away.
_KEYS = """
element.addEventListener('click', (event) => {
  const row = event.target.closest('.tr-row');
  if (!row) return;
  element.querySelectorAll('.tr-row').forEach((other) => other.removeAttribute('aria-current'));
  row.setAttribute('aria-current', 'true');
  trigger('click', { conversation: row.dataset.conversation });
});
element.addEventListener('keydown', (event) => {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey || !(step || event.key === 'Home' || event.key === 'End')) return;
  const rows = [...element.querySelectorAll('.tr-row')];
  const here = rows.indexOf(document.activeElement);
  if (here < 0) return;
  event.preventDefault();
  const next = step ? rows[here + step] : rows[event.key === 'Home' ? 0 : rows.length - 1];
  if (next) next.focus();
});
"""


def build_transcripts(services: StaffServices) -> None:
    """The tab's components and events."""
    fields = _form()
    with gradio.Row(elem_id="tr-bar"):
        find = gradio.Button("Find", variant="primary", elem_id="tr-find", scale=0)
        clear = gradio.Button("Clear", elem_id="tr-clear", scale=0)
        total = gradio.HTML("", apply_default_css=False, elem_id="tr-total", padding=False)
        links = gradio.HTML("", apply_default_css=False, elem_id="tr-links", padding=False)
    with gradio.Row(elem_id="tr-panes"):
        with gradio.Column(scale=2, min_width=320):
            listed = gradio.HTML("", apply_default_css=False, js_on_load=_KEYS, elem_id="tr-listed", padding=False)
            with gradio.Row():
                back = gradio.Button("← Back", elem_id="tr-back", interactive=False, size="sm")
                more = gradio.Button("More →", elem_id="tr-more", interactive=False, size="sm")
        with gradio.Column(scale=3, min_width=320):
            talk = gradio.HTML(_HINT, apply_default_css=False, elem_id="tr-opened", padding=False)
    place = gradio.State(_Place())

    tab = _Tab(services)
    shown = [listed, total, links, back, more, place]
    find.click(tab.find, fields, shown, **_HIDDEN)
    fields[0].submit(tab.find, fields, shown, **_HIDDEN)
    clear.click(tab.clear, None, [*fields, *shown], **_HIDDEN)
    more.click(tab.more, [place], shown, **_HIDDEN)
    back.click(tab.back, [place], shown, **_HIDDEN)
    listed.click(tab.open, None, [talk], **_HIDDEN)
    page_load()(tab.asked, None, fields, **_HIDDEN).success(None, None, None, js=open_tab_script("transcripts"))
    around = gradio.context.Context.block
    if isinstance(around, gradio.Tab):
        around.select(tab.enter, fields, [*(fields[FIELDS.index(name)] for name in _CHOSEN), *shown], **_HIDDEN)


_CHOSEN = ("intent", "label", "version", "channel", "mood")
_HINT = (
    '<p class="st-empty">Choose a conversation. In the list, <kbd>j</kbd> and <kbd>k</kbd> or the arrow keys move, '
    "<kbd>Enter</kbd> opens.</p>"
)


def _form() -> list[Any]:
    """The filter's fields in the order of `FIELDS`."""
    with gradio.Row():
        text = gradio.Textbox(label="Words", placeholder="all of these words in one message", max_lines=1, scale=3)
        since = gradio.DateTime(label="Started from (UTC)", type="string", timezone="UTC", elem_id="tr-from")
        until = gradio.DateTime(label="Started before (UTC)", type="string", timezone="UTC", elem_id="tr-until")
    with gradio.Row():
        intent = _dropdown("Intent")
        action = _dropdown("Action", [action.value for action in Action])
        mood = _dropdown("Mood")
        feedback = _dropdown("Feedback", [thumb.value for thumb in Thumb])
        label = _dropdown("Label")
        owner = _dropdown("Owner", [owner.value for owner in Owner])
    with gradio.Accordion("More filters", open=False), gradio.Row():
        least = gradio.Number(label="Confidence from", value=None, minimum=0, maximum=1, step=0.05)
        most = gradio.Number(label="Confidence to", value=None, minimum=0, maximum=1, step=0.05)
        version = _dropdown("Bundle version")
        channel = _dropdown("Channel")
    return [text, since, until, intent, action, least, most, feedback, label, version, channel, owner, mood]


def _dropdown(label: str, values: list[str] | None = None) -> gradio.Dropdown:
    return gradio.Dropdown(_choices(values or []), value=_ANY, label=label, min_width=140, allow_custom_value=True)


def _choices(values: list[str] | tuple[str, ...]) -> list[tuple[str, str]]:
    return [("any", _ANY), *((value, value) for value in values)]


class _Place:
    """Which filter is shown, and the cursors of the pages that lead here; the first page has None."""

    def __init__(self, wanted: TranscriptFilter | None = None) -> None:
        self.wanted = wanted or TranscriptFilter()
        self.pages: list[TranscriptCursor | None] = [None]
        self.following: TranscriptCursor | None = None
        self.total = ""


class _Tab:
    """One method an event. Every role may read all transcripts."""

    def __init__(self, services: StaffServices) -> None:
        self._services = services

    @told
    def enter(self, request: gradio.Request, *fields: Any) -> list[Any]:
        self._member(request)
        choices = self._services.store.transcripts.choices()
        found = (choices.intents, choices.labels, choices.bundle_versions, choices.channels, choices.moods)
        return [*(gradio.update(choices=_choices(values)) for values in found), *self._page(_Place(_wanted(fields)))]

    @told
    def asked(self, request: gradio.Request) -> list[Any]:
        """What the page's address asks for, as values of the form; links of alerts come so."""
        self._member(request)
        return list(form_values(filter_from(dict(request.query_params))))

    @told
    def find(self, request: gradio.Request, *fields: Any) -> list[Any]:
        self._member(request)
        return self._page(_Place(_wanted(fields)))

    @told
    def clear(self, request: gradio.Request) -> list[Any]:
        self._member(request)
        empty: list[Any] = [_ANY, None, None, _ANY, _ANY, None, None, _ANY, _ANY, _ANY, _ANY, _ANY, _ANY]
        return [*empty, *self._page(_Place())]

    @told
    def more(self, place: _Place, request: gradio.Request) -> list[Any]:
        self._member(request)
        if place.following is not None:
            place.pages.append(place.following)
        return self._page(place)

    @told
    def back(self, place: _Place, request: gradio.Request) -> list[Any]:
        self._member(request)
        if len(place.pages) > 1:
            place.pages.pop()
        return self._page(place)

    @told
    def open(self, event: gradio.EventData, request: gradio.Request) -> str:
        self._member(request)
        chosen = getattr(event, "conversation", None)
        if not isinstance(chosen, str):
            raise StaffError("Choose a conversation of the list.")
        return transcript_html(self._services.store.transcripts.open(chosen), self._reply_text)

    def _member(self, request: gradio.Request) -> StaffMember:
        return member_of(request, self._services)

    def _page(self, place: _Place) -> list[Any]:
        page: TranscriptPage = self._services.store.transcripts.page(place.wanted, place.pages[-1])
        place.following = page.following
        if page.total is not None:
            place.total = total_html(page.total, searched=bool(place.wanted.text))
        return [
            list_html(page),
            place.total,
            _links(place.wanted),
            gradio.update(interactive=len(place.pages) > 1),
            gradio.update(interactive=page.following is not None),
            place,
        ]

    def _reply_text(self, reply_id: str, version: int) -> str | None:
        try:
            return self._services.store.replies.get(reply_id, version).text
        except ReplyNotFoundError:
            return None


def _wanted(fields: tuple[Any, ...]) -> TranscriptFilter:
    return filter_from(dict(zip(FIELDS, fields, strict=True)))


def _links(wanted: TranscriptFilter) -> str:
    """Exports with placeholders, and behind them the same with all that customers wrote."""
    query = query_of(wanted).replace("&", "&amp;")
    personal = f"{query}&amp;personal=yes" if query else "personal=yes"
    return "".join(
        f'<a class="tr-export" href="../export.{ending}?{asked}" download title="{title}">{label} {ending.upper()}</a>'
        for asked, label, title in (
            (query, "Export", "names, addresses and numbers are placeholders"),
            (personal, "With personal data:", "every word as it was written; the audit log says so"),
        )
        for ending in ("csv", "jsonl")
    )
