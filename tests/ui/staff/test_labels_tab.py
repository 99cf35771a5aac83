"""The tab of label findings: what it shows, what its keys do, and who may press them."""

from typing import Any
from uuid import uuid4

import pytest

from bot.label_findings import Finding, FindingKind, LabelVerdict, RowPlace, row_fingerprint
from bot.reviews import Verdict
from ui.staff.caller import StaffError
from ui.staff.labels import LabelsPart, LabelVisit

HOSTILE = "<script>alert(1)</script> where is my order"
FILED = "my parcel is late"


@pytest.fixture
def part(staff_desk: Any) -> LabelsPart:
    return LabelsPart(staff_desk.services)


@pytest.fixture
def place(staff_desk: Any) -> RowPlace:
    """A message of the log and a row of a file wait for a verdict, and an intent that is too thin."""
    services = staff_desk.services
    conversation_id = services.store.conversations.start(channel="web", locale="en").conversation_id
    told = services.assistant.reply(conversation_id, HOSTILE, uuid4().hex)
    folder = services.desk.directory / "training"
    folder.mkdir(exist_ok=True)
    (folder / "intents.csv").write_text(f"text,intent\n{FILED},return_item\n", encoding="utf-8")
    live = RowPlace("", None, conversation_id, told.sequence)
    findings = [
        Finding(FindingKind.MISLABELLED, "return_item", "order_status", 0.9, live, figures={"chance_suggested": 0.8}),
        Finding(
            FindingKind.MISLABELLED, "return_item", "order_status", 0.8, RowPlace(row_fingerprint(FILED), "intents.csv")
        ),
        Finding(FindingKind.THIN, "gift_card", None, 0.7, figures={"rows": 2, "least": 10}),
    ]
    services.store.label_findings.replace(findings, tuple(FindingKind))
    return live


def test_worst_finding_is_open_with_its_words_as_text_and_the_rest_listed(
    part: LabelsPart, staff_desk: Any, place: RowPlace
) -> None:
    screen = part.start(LabelVisit(), staff_desk.request("reviewer"))
    assert "<b>3</b> waiting" in screen[1]
    assert "&lt;script&gt;alert(1)" in screen[3]
    assert "<script" not in screen[3] + screen[10]
    assert "rather order_status (80%)" in screen[3]
    assert FILED in screen[10]
    assert "gift_card has 2 rows, fewer than 10" in screen[10]
    assert [update["visible"] for update in screen[6:9]] == [True] * 3


def test_taking_a_suggestion_is_a_review_of_the_message_and_leads_to_the_next(
    part: LabelsPart, staff_desk: Any, place: RowPlace
) -> None:
    request, store = staff_desk.request("reviewer"), staff_desk.services.store
    visit = part.start(LabelVisit(), request)[0]
    screen = part.take(visit, request)
    (review,) = store.reviews.of(place.conversation_id, place.sequence)
    assert (review.opinion.verdict, review.opinion.intent) == (Verdict.CORRECTED, "order_status")
    assert "Label changed." in screen[2]
    assert FILED in screen[3]
    assert staff_desk.actions()[0][:2] == ("reviewer", "label_verdict")
    screen = part.drop(screen[0], request)
    assert store.label_findings.overrides().rows == {("intents.csv", row_fingerprint(FILED), "return_item"): None}
    assert screen[5]["value"] == "Seen (k)"
    for refused in (part.take, part.drop):
        with pytest.raises(StaffError, match="intent as a whole"):
            refused(screen[0], request)
    screen = part.keep(screen[0], request)
    assert "No finding waits" in screen[10]
    with pytest.raises(StaffError, match="press Next"):
        part.keep(screen[0], request)


def test_another_intent_is_chosen_or_the_same_one_kept(part: LabelsPart, staff_desk: Any, place: RowPlace) -> None:
    request, findings = staff_desk.request("admin"), staff_desk.services.store.label_findings
    visit = part.start(LabelVisit(), request)[0]
    with pytest.raises(StaffError, match="Choose the right intent"):
        part.change(visit, " ", request)
    screen = part.change(visit, " refund_status ", request)
    assert findings.get(visit.finding_id).intent == "refund_status"
    opened = screen[0].finding_id
    part.change(screen[0], "return_item", request)
    assert findings.get(opened).verdict is LabelVerdict.KEEP


def test_skipped_findings_come_back_with_another_visit_or_from_the_list(
    part: LabelsPart, staff_desk: Any, place: RowPlace
) -> None:
    request = staff_desk.request("reviewer")
    first = part.start(LabelVisit(), request)[0]
    second = part.skip(first, request)[0]
    assert second.finding_id != first.finding_id
    back = part.open(second, request, staff_desk.event(finding=str(first.finding_id)))[0]
    assert back.finding_id == first.finding_id
    staff_desk.services.store.erasing.erase([place.conversation_id])
    assert part.start(back, request)[0].finding_id == second.finding_id


def test_labels_are_for_reviewers(part: LabelsPart, staff_desk: Any, place: RowPlace) -> None:
    agent = staff_desk.request("agent")
    screen = part.start(LabelVisit(), agent)
    assert "needs the role reviewer" in screen[2]
    assert FILED not in str(screen)
    visit = LabelVisit(1)
    for event in (part.keep, part.take, part.drop, part.skip):
        with pytest.raises(StaffError, match="role reviewer"):
            event(visit, agent)
    with pytest.raises(StaffError, match="login has ended"):
        part.keep(visit, staff_desk.request(None))
