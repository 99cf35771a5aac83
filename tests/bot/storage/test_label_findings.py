"""Findings of label audits on both databases: replaced, judged, traced to messages, and gone with them."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import InvalidTextError, LabelFindingNotFoundError
from bot.label_findings import Finding, FindingKind, LabelVerdict, RowPlace
from bot.label_reviewing import judge_finding
from bot.production import disappointing
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.store import Store
from bot.values import Action

WRONG, OVERLAP = FindingKind.MISLABELLED, FindingKind.OVERLAP
FILED = RowPlace("f" * 64, "intents.csv")


@pytest.fixture
def said(store: Store, make_reply: Any, make_evidence: Any) -> Callable[..., RowPlace]:
    """A conversation in which the bot says something after each of some texts; gives the first bot message."""

    def talk(*texts: str, action: Action = Action.ANSWER, helpful: bool | None = None) -> RowPlace:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        sequences = []
        for number, text in enumerate(texts):
            asked = store.conversations.append_customer(conversation_id, text, f"m{number}")
            made = make_reply(action=action)
            told = store.conversations.append_reply(conversation_id, made, make_evidence(), answers=asked.sequence)
            sequences.append(told.sequence)
        if helpful is not None:
            store.conversations.add_feedback(conversation_id, sequences[0], helpful=helpful)
        return RowPlace("", None, conversation_id, sequences[0])

    return talk


def test_findings_come_worst_first_and_the_judged_ones_are_not_asked_again(store: Store, said: Any) -> None:
    place = said("When?")
    doubtful = Finding(WRONG, "delivery", "returns", 0.5, place, figures={"chance_given": 0.1})
    filed = Finding(WRONG, "returns", "delivery", 0.9, FILED)
    pair = Finding(OVERLAP, "delivery", "returns", 0.2, None, (place, FILED), {"rows": 9.0})
    gone = Finding(WRONG, "returns", "delivery", 1.0, RowPlace("", None, "no such conversation", 2))
    assert store.label_findings.replace([doubtful, filed, pair, gone], tuple(FindingKind)) == 3
    waiting = store.label_findings.waiting()
    assert [kept.finding for kept in waiting] == [filed, doubtful, pair]
    store.label_findings.judge(waiting[0].finding_id, LabelVerdict.DROP, by="rea")
    assert store.label_findings.replace([filed, doubtful], [WRONG]) == 1
    assert [kept.finding for kept in store.label_findings.waiting()] == [doubtful, pair]
    assert store.label_findings.counts() == {(WRONG, None): 1, (WRONG, LabelVerdict.DROP): 1, (OVERLAP, None): 1}
    relabelled = Finding(WRONG, "payment", "delivery", 0.9, FILED)
    assert store.label_findings.replace([relabelled], [WRONG]) == 1


def test_a_verdict_on_a_message_becomes_a_review_that_says_only_the_intent(store: Store, said: Any) -> None:
    place = said("When?")
    where = place.conversation_id, place.sequence
    save_opinion(store, *where, Opinion(Verdict.CORRECTED, "other", "Ask us.", note="a note"), reviewer="rea")
    store.label_findings.replace([Finding(WRONG, "delivery", "returns", 0.5, place)], [WRONG])
    (kept,) = store.label_findings.waiting()
    judged = judge_finding(store, kept.finding_id, LabelVerdict.CHANGE, reviewer="rea", intent="returns")
    assert (judged.verdict, judged.intent, judged.judged_by) == (LabelVerdict.CHANGE, "returns", "rea")
    (review,) = store.reviews.of(*where)
    assert (review.opinion.intent, review.opinion.reply_text, review.opinion.note) == ("returns", "Ask us.", "a note")
    judge_finding(store, kept.finding_id, LabelVerdict.KEEP, reviewer="ann")
    by_ann = store.reviews.of(*where)[1].opinion
    assert (by_ann.verdict, by_ann.intent, by_ann.reply_text) == (Verdict.CORRECTED, "delivery", None)
    assert store.label_findings.overrides().turns == {where: "delivery"}
    judge_finding(store, kept.finding_id, LabelVerdict.DROP, reviewer="ann")
    assert store.reviews.of(*where)[1].opinion.verdict is Verdict.REJECTED
    assert store.label_findings.overrides().turns == {where: None}


def test_verdicts_on_rows_of_files_become_overrides(store: Store) -> None:
    other = RowPlace("e" * 64, "dialogues.jsonl")
    store.label_findings.replace([Finding(WRONG, "a", "b", 0.9, FILED), Finding(WRONG, "a", "b", 0.8, other)], [WRONG])
    first, second = store.label_findings.waiting()
    judge_finding(store, first.finding_id, LabelVerdict.CHANGE, reviewer="rea", intent="b")
    judge_finding(store, second.finding_id, LabelVerdict.DROP, reviewer="rea")
    rows = store.label_findings.overrides().rows
    assert rows == {("intents.csv", "f" * 64, "a"): "b", ("dialogues.jsonl", "e" * 64, "a"): None}


def test_a_change_names_a_label_and_nothing_else_does(store: Store) -> None:
    store.label_findings.replace([Finding(WRONG, "a", "b", 0.9, FILED)], [WRONG])
    (kept,) = store.label_findings.waiting()
    for verdict, intent in ((LabelVerdict.CHANGE, None), (LabelVerdict.KEEP, "b")):
        with pytest.raises(InvalidTextError, match="label"):
            store.label_findings.judge(kept.finding_id, verdict, by="rea", intent=intent)
    with pytest.raises(LabelFindingNotFoundError, match="load the list again"):
        judge_finding(store, kept.finding_id + 1, LabelVerdict.KEEP, reviewer="rea")


def test_findings_go_with_their_conversation_also_as_examples(store: Store, said: Any) -> None:
    place = said("When?")
    pair = Finding(OVERLAP, "delivery", "returns", 0.2, None, (place, FILED))
    store.label_findings.replace([Finding(WRONG, "delivery", "returns", 0.5, place), pair], tuple(FindingKind))
    store.erasing.erase([place.conversation_id or ""])
    (left,) = store.label_findings.waiting()
    assert left.finding.examples == (FILED,)


def test_turns_tell_rephrasing_thumbs_and_instant_hand_offs(store: Store, said: Any, clock: Any) -> None:
    said("where is my parcel", "so where is my parcel", "thanks", helpful=False)
    said("give me a person", action=Action.HANDOFF)
    said("what", action=Action.CLARIFY)
    turns = list(store.intent_outcomes.since(clock.now))
    assert [turn.rephrased for turn in turns] == [True, False, False, False, True]
    assert [turn.disliked for turn in turns] == [True] + [False] * 4
    assert [turn.handed_off and turn.first for turn in turns] == [False, False, False, True, False]
    assert {turn.intent for turn in turns} == {"delivery"}
    assert disappointing(turns) == []
    clock.advance(days=1)
    assert list(store.intent_outcomes.since(clock.now)) == []
