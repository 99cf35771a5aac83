"""Reviews on both databases: who said what last, what is still to be looked at, and what becomes of corrections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ConversationNotFoundError, InvalidTextError, MessageNotFoundError
from bot.reviewing import queue_of, reply_template, save_opinion
from bot.reviews import Opinion, ReviewItem, Verdict, Why
from bot.storage import reviews as module
from bot.storage.records import ProposedReply
from bot.storage.store import Store
from bot.values import Action, Decision, Evidence, Reply, ReplyState, Understanding
from retrieval.values import Passage

Say = Callable[..., tuple[str, int]]
APPROVED = Opinion(Verdict.APPROVED)
PASSAGE = Passage("p9", "returns", "Returns", "Within 45 days.", "returns.md", 0)


@pytest.fixture
def say(store: Store, make_reply: Any, make_evidence: Any) -> Say:
    """Lets the bot say something in a conversation of its own."""

    def answer(
        text: str = "Two days.",
        *,
        confidence: float = 0.9,
        action: Action = Action.ANSWER,
        helpful: bool | None = None,
        reason: str = "approved_reply",
        sources: Any = None,
        evidence: Evidence | None = None,
    ) -> tuple[str, int]:
        conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
        asked = store.conversations.append_customer(conversation_id, "When?", "m1")
        made: Reply = make_reply(text, action, confidence)
        made = replace(made, decision=Decision(action, reason, confidence))
        if sources is not None:
            made = replace(made, sources=sources)
        told = store.conversations.append_reply(
            conversation_id, made, evidence or make_evidence(), answers=asked.sequence
        )
        if helpful is not None:
            store.conversations.add_feedback(conversation_id, told.sequence, helpful=helpful)
        return conversation_id, told.sequence

    return answer


@pytest.fixture
def no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_EVERY", 2**32)
    monkeypatch.setattr(module, "SHARED_EVERY", 2**32)


@pytest.fixture
def all_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_EVERY", 1)
    monkeypatch.setattr(module, "SHARED_EVERY", 1)


def keys(items: list[ReviewItem]) -> list[tuple[str, int]]:
    return [(item.conversation_id, item.sequence) for item in items]


def test_a_later_review_of_the_same_reviewer_replaces_the_first(store: Store, say: Say, clock: Any) -> None:
    where = say()
    store.reviews.put(*where, APPROVED, reviewer="ann")
    clock.advance(minutes=1)
    corrected = Opinion(Verdict.CORRECTED, "returns", "Ask us.", "r9", PASSAGE, "it asked for shoes")
    store.reviews.put(*where, corrected, reviewer="ann")
    store.reviews.put(*where, Opinion(Verdict.REJECTED), reviewer="bob")
    first, second = store.reviews.of(*where)
    assert (first.reviewer, first.opinion, first.bot_intent) == ("ann", corrected, "delivery")
    assert (first.right_intent, second.right_intent) == ("returns", None)
    assert (first.reviewed_utc, second.reviewer) == (clock.now, "bob")
    assert store.reviews.count("ann") == 1


@pytest.mark.parametrize(
    "opinion",
    [
        Opinion(Verdict.CORRECTED),
        Opinion(Verdict.CORRECTED, note="wrong"),
        Opinion(Verdict.APPROVED, intent="returns"),
        Opinion(Verdict.CORRECTED, intent=" "),
        Opinion(Verdict.CORRECTED, reply_text="a\0"),
        Opinion(Verdict.REJECTED, note="\ud800"),
    ],
)
def test_an_opinion_that_does_not_fit_is_refused(store: Store, say: Say, opinion: Opinion) -> None:
    where = say()
    with pytest.raises(InvalidTextError):
        store.reviews.put(*where, opinion, reviewer="ann")
    assert store.reviews.of(*where) == []


def test_only_messages_of_the_bot_are_reviewed(store: Store, say: Say) -> None:
    conversation_id, _ = say()
    with pytest.raises(MessageNotFoundError):
        store.reviews.put(conversation_id, 1, APPROVED, reviewer="ann")
    with pytest.raises(MessageNotFoundError):
        store.reviews.subject(conversation_id, 1)
    with pytest.raises(ConversationNotFoundError):
        store.reviews.put("nobody", 2, APPROVED, reviewer="ann")


def test_queue_says_why_each_message_is_there_and_leaves_the_rest_out(
    store: Store, say: Say, no_sample: None, clock: Any
) -> None:
    old = say(confidence=0.1)
    clock.advance(days=31)
    say(), say(helpful=True)
    nothing_read = Evidence(Understanding((), None, None, None), (), ())
    say(action=Action.HANDOFF, reason="asked_for_person", evidence=nothing_read)
    wanted = {
        say(helpful=False): (Why.DISLIKED,),
        say(confidence=0.3): (Why.UNCERTAIN,),
        say(confidence=float("nan")): (Why.UNCERTAIN,),
        say(action=Action.CLARIFY): (Why.UNCERTAIN,),
        say(action=Action.HANDOFF, reason="asked_for_person"): (Why.HANDED_OFF,),
        say(action=Action.HANDOFF, confidence=0.2, helpful=False): (Why.DISLIKED, Why.UNCERTAIN, Why.HANDED_OFF),
    }
    found = {(item.conversation_id, item.sequence): item.why for item in queue_of(store, "ann")}
    assert found == wanted
    assert old not in found
    assert keys(queue_of(store, "ann"))[0] == list(wanted)[-1]


def test_what_somebody_judged_is_no_longer_asked_of_others(store: Store, say: Say, no_sample: None) -> None:
    where, other = say(confidence=0.1), say(confidence=0.2)
    store.reviews.put(*where, APPROVED, reviewer="ann")
    assert keys(queue_of(store, "ann")) == keys(queue_of(store, "bob")) == [other]


def test_a_shared_message_is_asked_of_two_and_then_of_nobody(store: Store, say: Say, all_shared: None) -> None:
    where = say(confidence=0.1)
    store.reviews.put(*where, APPROVED, reviewer="ann")
    assert queue_of(store, "ann") == []
    assert keys(queue_of(store, "bob")) == [where]
    store.reviews.put(*where, Opinion(Verdict.REJECTED), reviewer="bob")
    assert queue_of(store, "cy") == []
    assert (store.reviews.agreement().messages, store.reviews.agreement().verdict_kappa) == (1, 0.0)


def test_sample_and_shared_are_the_same_rows_on_every_database(store: Store, say: Say) -> None:
    said = [say() for _ in range(120)]  # messages of the bot have the even row numbers
    items = store.reviews.waiting("ann")
    rows = [2 * (number + 1) for number in range(120)]
    sample = [row * 2_654_435_761 % 2**32 < 2**32 // 20 for row in rows]
    shared = [row * 2_246_822_519 % 2**32 < 2**32 // 5 for row in rows]
    expected = [where for where, chosen in zip(said, sample, strict=True) if chosen]
    assert sorted(keys(items)) == sorted(expected)
    assert 2 <= len(items) <= 12
    by_place = dict(zip(said, shared, strict=True))
    assert all(item.shared == by_place[item.conversation_id, item.sequence] for item in items)
    assert 12 <= sum(shared) <= 36


def test_two_reviewers_at_once_lose_nothing(store: Store, say: Say, no_sample: None) -> None:
    places = [say(confidence=0.1) for _ in range(12)]

    def judge(reviewer: str) -> None:
        for where in places:
            store.reviews.put(*where, Opinion(Verdict.REJECTED), reviewer=reviewer)
            store.reviews.put(*where, APPROVED, reviewer=reviewer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(judge, ["ann", "bob", "ann", "bob"]))
    for where in places:
        assert [review.opinion for review in store.reviews.of(*where)] == [APPROVED, APPROVED]
    assert store.reviews.agreement().messages == 12


def test_all_reviews_are_listed_from_a_time_on(
    store: Store, say: Say, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REVIEWS_A_PAGE", 2)
    store.reviews.put(*say(), APPROVED, reviewer="ann")
    clock.advance(hours=1)
    places = [say() for _ in range(5)]
    for where in places:
        store.reviews.put(*where, APPROVED, reviewer="ann")
    assert [(review.conversation_id, review.sequence) for review in store.reviews.since(clock.now)] == places
    assert store.reviews.count("ann", since_utc=clock.now) == 5


def test_a_corrected_reply_edits_the_approved_one_that_the_bot_used(store: Store, say: Say) -> None:
    store.replies.propose([ProposedReply("r1", "Order {order_id}: two days.", ("delivery",), 7)])
    store.replies.edit("r1", "Order {order_id} takes two days.", by="cy")
    store.replies.approve(["r1"], by="cy")
    where = say("Order 77 takes two days.")
    assert reply_template(store, store.reviews.subject(*where)) == "Order {order_id} takes two days."
    text = "Order {order_id} takes 3 days."
    saved = save_opinion(store, *where, Opinion(Verdict.CORRECTED, reply_text=text), reviewer="ann")
    (proposal,) = store.replies.proposed()
    assert saved.opinion.reply_id == "r1" == store.reviews.of(*where)[0].opinion.reply_id
    assert (proposal.reply_id, proposal.version, proposal.text, proposal.created_by) == ("r1", 3, text, "ann")
    assert (proposal.risky, proposal.intents, proposal.frequency) == (("date",), ("delivery",), 7)
    assert [reply.version for reply in store.replies.approved()] == [2]


def test_a_reply_that_was_chosen_wrongly_stays_and_the_correction_is_one_of_its_own(store: Store, say: Say) -> None:
    store.replies.propose([ProposedReply("r1", "It takes a while.", ("delivery",))])
    where = say()
    saved = save_opinion(store, *where, Opinion(Verdict.CORRECTED, "returns", "Send it back."), reviewer="ann")
    again = save_opinion(store, *where, Opinion(Verdict.CORRECTED, "returns", "Just send it back."), reviewer="ann")
    assert again.opinion.reply_id == saved.opinion.reply_id != "r1"
    mine = store.replies.history(str(saved.opinion.reply_id))
    assert [(reply.version, reply.text, reply.state) for reply in mine] == [
        (1, "Send it back.", ReplyState.WITHDRAWN),
        (2, "Just send it back.", ReplyState.PROPOSED),
    ]
    assert mine[-1].intents == ("returns",)
    assert len(store.replies.history("r1")) == 1


def test_a_correction_without_an_approved_reply_is_proposed_once(store: Store, say: Say) -> None:
    where, other = say(sources=()), say(sources=())
    opinion = Opinion(Verdict.CORRECTED, reply_text="We ship within 2 days.")
    first = save_opinion(store, *where, opinion, reviewer="ann")
    second = save_opinion(store, *other, opinion, reviewer="bob")
    assert first.opinion.reply_id == second.opinion.reply_id
    (proposal,) = store.replies.proposed()
    assert (proposal.created_by, proposal.version, proposal.risky) == ("ann", 1, ("date",))
    assert proposal.intents == ("delivery",)
    assert store.replies.approved() == []


def test_a_thumb_down_does_not_drown_in_newer_unsure_messages(
    store: Store, say: Say, no_sample: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CANDIDATES", 2)
    disliked = say(helpful=False)
    unsure = [say(confidence=0.1) for _ in range(5)]
    queue = keys(queue_of(store, "ann"))
    assert queue[0] == disliked
    assert sorted(queue[1:]) == sorted(unsure[-2:])
