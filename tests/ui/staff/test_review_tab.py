"""The review tab: what it shows, what its buttons do, and who may press them."""

import json
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest

from bot.effects import Effect, EffectKind, Effects
from bot.reviews import Opinion, Verdict
from bot.values import ReplyState
from ui.staff.caller import StaffError, told
from ui.staff.effects_view import render_effects
from ui.staff.review import NO_PASSAGE, ReviewPart, Visit
from ui.staff.review_view import KEYS

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \"'> zqxv?"


TRACK = "You can follow your parcel under My account."


class Tags(HTMLParser):
    """Collects what a browser would see as elements and attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def ask(desk: Any, text: str, *, helpful: bool | None = False) -> tuple[str, int]:
    store = desk.services.store
    conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
    told_back = desk.services.assistant.reply(conversation_id, text, uuid4().hex)
    if helpful is not None:
        store.conversations.add_feedback(conversation_id, told_back.sequence, helpful=helpful, comment=HOSTILE)
    return conversation_id, told_back.sequence


@pytest.fixture
def part(staff_desk: Any) -> ReviewPart:
    return ReviewPart(staff_desk.services)


def start(part: ReviewPart, desk: Any) -> tuple[Visit, str]:
    screen = part.start(Visit(), desk.request("reviewer"))
    return screen[0], screen[3]


def test_first_message_is_shown_with_its_reason_context_and_thought(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    screen = part.start(Visit(), staff_desk.request("reviewer"))
    visit, progress, _, item, form, intent, text, passages = screen[:8]
    assert (visit.conversation_id, visit.sequence) == where
    assert "The customer disliked it" in item
    assert "where is my order" in item
    assert "r-track, version 1" in item
    assert "order_status" in item
    assert "<b>1</b> waiting" in progress
    assert (form["visible"], intent["value"]) == (True, "order_status")
    assert text == "You can follow your parcel under My account."
    assert passages["choices"][0][1] == NO_PASSAGE
    assert len(passages["choices"]) > 1


def test_what_customers_wrote_is_shown_as_text(part: ReviewPart, staff_desk: Any) -> None:
    ask(staff_desk, HOSTILE)
    _, item = start(part, staff_desk)
    seen = Tags(item)
    assert not {"script", "img"} & seen.names
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert item.count("&lt;script&gt;") == 2  # the message and the comment


def test_approval_is_saved_logged_and_leads_to_the_next(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    request = staff_desk.request("reviewer")
    screen = part.approve(visit, "order_status", "", NO_PASSAGE, " fine ", request)
    (review,) = staff_desk.services.store.reviews.of(*where)
    assert (review.reviewer, review.opinion) == ("reviewer", Opinion(Verdict.APPROVED, note="fine"))
    assert screen[0].conversation_id is None
    assert "Nothing waits for you" in screen[3]
    assert "<b>1</b> by you today" in screen[1]
    assert staff_desk.actions()[0] == ("reviewer", "review", where[0])
    assert "fine" not in str(staff_desk.services.store.audit.newest()[0].detail)


def test_correction_proposes_the_reply_and_keeps_intent_and_passage(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    request = staff_desk.request("reviewer")
    found = part.find(visit, "return label", request)
    passage_id = next(value for label, value in found["choices"] if label.startswith("Search: Returns"))
    assert "45 days" in part.mark(visit, passage_id, request)
    screen = part.correct(visit, "Return_Item", "Send it back within 45 days.", passage_id, "", request)
    (review,) = staff_desk.services.store.reviews.of(*where)
    assert (review.opinion.intent, review.opinion.verdict) == ("return_item", Verdict.CORRECTED)
    assert review.opinion.passage is not None
    assert "45 days" in review.opinion.passage.text
    proposal = staff_desk.services.store.replies.history(str(review.opinion.reply_id))[-1]
    assert (proposal.text, proposal.created_by, proposal.state) == (
        "Send it back within 45 days.",
        "reviewer",
        ReplyState.PROPOSED,
    )
    assert proposal.risky == ("date",)
    assert str(review.opinion.reply_id) in screen[2]


def test_a_new_intent_may_be_named_and_is_offered_from_then_on(part: ReviewPart, staff_desk: Any) -> None:
    ask(staff_desk, "where is my order")
    ask(staff_desk, "my card was declined")
    visit, _ = start(part, staff_desk)
    screen = part.correct(visit, " gift  card ", "", NO_PASSAGE, "", staff_desk.request("reviewer"))
    assert ("gift card", "gift card") in screen[5]["choices"]


def test_approve_refuses_a_form_that_corrects_and_correct_one_that_does_not(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    request = staff_desk.request("reviewer")
    with pytest.raises(StaffError, match="save the correction"):
        part.approve(visit, "return_item", "", NO_PASSAGE, "", request)
    with pytest.raises(StaffError, match="Nothing is corrected"):
        part.correct(visit, "order_status", "", NO_PASSAGE, "", request)
    with pytest.raises(StaffError, match="is gone"):
        part.correct(visit, "", "", "no such passage", "", request)
    assert staff_desk.services.store.reviews.of(*where) == []


def test_skipped_messages_come_back_with_another_visit_only(part: ReviewPart, staff_desk: Any) -> None:
    ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    screen = part.skip(visit, staff_desk.request("reviewer"))
    assert screen[0].conversation_id is None
    with pytest.raises(StaffError, match="press Next"):
        part.reject(screen[0], None, "", staff_desk.request("reviewer"))
    assert start(part, staff_desk)[0].conversation_id is not None


def test_rejecting_keeps_a_corrected_intent(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    part.reject(visit, "return_item", "", staff_desk.request("admin"))
    (review,) = staff_desk.services.store.reviews.of(*where)
    assert (review.opinion.verdict, review.right_intent) == (Verdict.REJECTED, "return_item")


@pytest.mark.parametrize("name", [None, "agent"])
def test_only_reviewers_judge(part: ReviewPart, staff_desk: Any, name: str | None) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    request = staff_desk.request(name)
    for call in (
        lambda: part.approve(visit, "", "", NO_PASSAGE, "", request),
        lambda: part.correct(visit, "x", "", NO_PASSAGE, "", request),
        lambda: part.reject(visit, None, "", request),
        lambda: part.skip(visit, request),
        lambda: part.find(visit, "x", request),
        lambda: part.mark(visit, "x", request),
    ):
        with pytest.raises(StaffError):
            told(call)()
    assert staff_desk.services.store.reviews.of(*where) == []
    if name:
        assert "where is my order" not in str(part.start(Visit(), request))


def test_every_key_has_its_control(part: ReviewPart, staff_desk: Any) -> None:
    ask(staff_desk, "where is my order")
    progress = part.start(Visit(), staff_desk.request("reviewer"))[1]
    assert json.dumps(KEYS).replace('"', "&quot;") in progress
    assert set(KEYS) == {"a", "x", "i", "c", "n", "e", "g"}


def test_effects_of_the_correction_in_the_form_are_shown_and_nothing_is_saved(
    part: ReviewPart, staff_desk: Any
) -> None:
    where = ask(staff_desk, "where is my order")
    ask(staff_desk, f"where is my order {HOSTILE}", helpful=None)
    visit, _ = start(part, staff_desk)
    request = staff_desk.request("reviewer")
    with pytest.raises(StaffError, match="Nothing is corrected yet"):
        part.effects(visit, "order_status", "", NO_PASSAGE, "", request)
    shown = part.effects(visit, "order_status", f"{TRACK} <img src=x>", NO_PASSAGE, "", request)
    assert "of 2</b> past answers would change" in shown
    assert f">{TRACK}<" in shown
    assert "no answer any more" in shown  # these words lie too far from the question
    better = part.effects(visit, "order_status", "You can follow your parcel under My account now.", "", "", request)
    assert "account now.<" in better
    assert "new words" in better
    estimate = part.effects(visit, "return_item", "", NO_PASSAGE, "", request)
    assert "no answer changes at once" in estimate
    assert staff_desk.services.store.reviews.of(*where) == []
    assert staff_desk.services.store.replies.proposed()[0].reply_id == "r-hidden"
    assert "where is my order" in part.transcript(request, staff_desk.event(id=where[0]))


def test_effects_are_shown_as_text() -> None:
    effect = Effect("c1", 2, EffectKind.NEW_WORDS, HOSTILE, HOSTILE, HOSTILE)
    pulled = Effect("c2", 2, EffectKind.PULLED, HOSTILE, HOSTILE, HOSTILE, 0.91)
    shown = render_effects(Effects(9, (effect,), (pulled,), True), str)
    assert not {"script", "img"} & Tags(shown).names
    assert shown.count("&lt;script&gt;") == 6
    assert "nearness 0.91" in shown


def test_a_message_is_kept_as_golden_and_given_back(part: ReviewPart, staff_desk: Any) -> None:
    where = ask(staff_desk, "where is my order")
    visit, _ = start(part, staff_desk)
    request, golden = staff_desk.request("reviewer"), staff_desk.services.store.golden
    assert "✓ Kept" in part.keep(visit, request)["value"]
    assert golden.marks() == {where: True}
    assert "✓ Kept" in part.start(Visit(), request)[11]["value"]
    assert part.keep(visit, request)["value"] == "Keep as golden (g)"
    assert golden.marks() == {}
    assert staff_desk.actions()[0] == ("reviewer", "golden_mark", where[0])
    with pytest.raises(StaffError):
        part.keep(visit, staff_desk.request("agent"))
