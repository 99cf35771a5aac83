"""Replayed differences in the console: shown side by side as text, judged by reviewers, kept for the next run."""

import json
from typing import Any

import pytest

from bot.errors import MessageNotFoundError
from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, Said
from ui.staff.caller import StaffError
from ui.staff.improve_difference_view import KEYS
from ui.staff.improve_differences import DifferencesPart, Look

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">'


@pytest.fixture
def part(staff_desk: Any) -> DifferencesPart:
    return DifferencesPart(staff_desk.services)


def replayed(desk: Any, *risks: float) -> tuple[int, list[tuple[str, int]]]:
    """A run with a difference for each risk, in the order of risk."""
    store, places, found = desk.services.store, [], []
    passage = desk.services.live.current().retriever.passages[0]
    before = Said("answer", "passage", HOSTILE, 0.9, HOSTILE, (passage.passage_id,))
    after = Said("handoff", "out_of_scope", None, 0.4, "A person will help.", ("r-track", "gone"))
    for risk in risks:
        conversation = store.conversations.start(channel="web", locale="en").conversation_id
        said = desk.services.assistant.reply(conversation, f"where is my order {HOSTILE}", "m1")
        places.append((conversation, said.sequence))
        found.append(Difference(*places[-1], DifferenceKind.ANSWERS_NO_MORE, risk, before, after))
    run_id = store.runs.start(by="ana", parent_bundle=None)
    store.replays.replace(run_id, found)
    return run_id, places


def test_the_riskiest_is_shown_first_with_both_replies_as_text(part: DifferencesPart, staff_desk: Any) -> None:
    run_id, places = replayed(staff_desk, 0.9, 0.2)
    look, _, progress, body, verdicts = part.show(Look(), None, staff_desk.request("reviewer"))[:5]
    assert (look.run_id, look.place) == (run_id, places[0])
    assert "1 of 2" in body
    assert "risk 0.90, risky" in body
    assert "hands off" in body
    assert "approved reply r-track" in body
    assert "gone by now (gone)" in body
    assert "article “" in body
    assert "<script" not in body
    assert "<img" not in body
    assert body.count("&lt;script&gt;") == 3  # the customer's, the live bundle's, its intent
    assert json.dumps(KEYS).replace('"', "&quot;") in progress
    assert verdicts["visible"]


def test_verdicts_are_kept_logged_lead_on_and_can_be_taken_back(part: DifferencesPart, staff_desk: Any) -> None:
    run_id, places = replayed(staff_desk, 0.9, 0.5, 0.2)
    request, replays = staff_desk.request("reviewer"), staff_desk.services.store.replays
    look = part.show(Look(), None, request)[0]
    look = part.worse(look, request)[0]
    assert look.place == places[1]
    look = part.next(look, request)[0]
    look = part.better(look, request)[0]
    assert look.place == places[1]  # the one that was passed over
    screen = part.same(look, request)
    assert "<b>3</b> of 3 judged" in screen[2]
    assert [found.verdict for found in replays.of(run_id)] == [
        DifferenceVerdict.WORSE,
        DifferenceVerdict.SAME,
        DifferenceVerdict.BETTER,
    ]
    assert staff_desk.actions()[0] == ("reviewer", "judge_difference", places[1][0])
    look = part.undo(screen[0], request)[0]
    assert (look.place, replays.verdicts(run_id)[None]) == (places[1], 1)
    assert "where is my order" in part.transcript(request, staff_desk.event(id=places[0][0]))


def test_a_difference_whose_message_was_erased_is_passed_over(part: DifferencesPart, staff_desk: Any) -> None:
    run_id, places = replayed(staff_desk, 0.9, 0.5)
    request, store = staff_desk.request("reviewer"), staff_desk.services.store
    look = part.show(Look(), None, request)[0]
    store.erasing.erase([places[0][0]])
    with pytest.raises(MessageNotFoundError):
        part.better(look, request)
    assert part.show(look, run_id, request)[0].place == places[1]


def test_without_differences_the_tab_says_so(part: DifferencesPart, staff_desk: Any) -> None:
    request = staff_desk.request("reviewer")
    look, _, _, body, verdicts, _ = part.show(Look(), None, request)
    assert "No run has replayed" in body
    assert not verdicts["visible"]
    with pytest.raises(StaffError, match="No difference"):
        part.better(look, request)


@pytest.mark.parametrize("name", [None, "agent"])
def test_only_reviewers_judge(part: DifferencesPart, staff_desk: Any, name: str | None) -> None:
    run_id, places = replayed(staff_desk, 0.9)
    look, request = Look(run_id, places[0]), staff_desk.request(name)
    for call in (
        lambda: part.show(Look(), None, request),
        lambda: part.better(look, request),
        lambda: part.undo(look, request),
        lambda: part.next(look, request),
        lambda: part.transcript(request, staff_desk.event(id=places[0][0])),
    ):
        with pytest.raises(StaffError):
            call()
    assert staff_desk.services.store.replays.verdicts(run_id)[None] == 1
