from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calibration import PassageCurve
from bot.policy import CERTAIN, Reason, Rules, TurnState, action_without_knowledge, choose, decide
from bot.values import Action, ApprovedReply, Evidence, IntentScore, RankedReply, Understanding
from retrieval.values import Passage, RetrievedPassage

RULES = Rules(reply=0.8, passage=0.6, out_of_scope=0.5, handoff_intents=frozenset({"talk_to_person"}))


def understood(
    *ranking: tuple[str, float], out_of_scope: float | None = 0.1, foreign: str | None = None
) -> Understanding:
    return Understanding(tuple(IntentScore(*pair) for pair in ranking), out_of_scope, None, None, foreign)


def passage(score: float, document: str = "returns", rank: int = 1) -> RetrievedPassage:
    return RetrievedPassage(Passage(f"p-{document}", document, document.title(), "Text.", "kb", 0), score, rank)


def reply(intent: str, score: float = 0.7) -> RankedReply:
    approved = ApprovedReply("r1", 1, "You can follow it online.", (intent,), "Ana", datetime(2026, 1, 1, tzinfo=UTC))
    return RankedReply(approved, score, 1)


def evidence(
    understanding: Understanding, passages: tuple[RetrievedPassage, ...] = (), replies: tuple[RankedReply, ...] = ()
) -> Evidence:
    return Evidence(understanding, passages, replies)


def test_decide_answers_with_the_approved_reply_of_a_sure_intent() -> None:
    seen = evidence(understood(("order_status", 0.9)), replies=(reply("order_status"),))
    choice = decide(seen, TurnState(), RULES)
    assert (choice.decision.action, choice.decision.reason) == (Action.ANSWER, Reason.APPROVED_REPLY)
    assert choice.reply == reply("order_status")


def test_decide_quotes_a_passage_that_is_nearer_than_the_reply_of_the_intent() -> None:
    near, far = reply("delivery_time", 0.71), reply("delivery_time", 0.69)
    for ranked, reason in ((near, Reason.APPROVED_REPLY), (far, Reason.PASSAGE)):
        seen = evidence(understood(("delivery_time", 0.99)), (passage(0.7),), (ranked,))
        assert decide(seen, TurnState(), RULES).decision.reason == reason


def test_decide_lets_no_passage_that_may_never_be_quoted_silence_a_reply() -> None:
    seen = evidence(understood(("a", 0.99)), (passage(0.9),), (reply("a", 0.4),))
    assert decide(seen, TurnState(), replace(RULES, passage=None)).decision.reason == Reason.APPROVED_REPLY


def test_decide_quotes_the_article_that_the_customer_picked_whatever_the_curve_says() -> None:
    rules = replace(RULES, passage_curve=PassageCurve(bias=-9.0, score=1.0, lead=1.0, scope=-9.0), passage=0.99)
    seen = evidence(understood(out_of_scope=0.9), (passage(CERTAIN), passage(CERTAIN, rank=2)))
    assert decide(seen, TurnState(clarifications=1), rules).decision.reason == Reason.PASSAGE


def test_decide_asks_back_where_the_nearer_passage_is_not_sure() -> None:
    seen = evidence(understood(("a", 0.99), ("b", 0.0)), (passage(0.5),), (reply("a", 0.4),))
    assert decide(seen, TurnState(), RULES).decision.reason == Reason.CLARIFY_INTENTS


def test_decide_believes_a_passage_by_its_lead_over_other_articles() -> None:
    rules = replace(RULES, passage_curve=PassageCurve(bias=-3.0, score=2.0, lead=20.0, scope=-2.0), passage=0.8)
    alone = evidence(understood(), (passage(0.6), passage(0.3, "shipping", 2)))
    rival = evidence(understood(), (passage(0.6), passage(0.58, "shipping", 2)))
    assert decide(alone, TurnState(), rules).decision.reason == Reason.PASSAGE
    assert decide(rival, TurnState(), rules).decision.reason == Reason.CLARIFY_ARTICLES


def test_decide_asks_back_where_the_customer_has_said_too_little() -> None:
    rules = replace(RULES, clarify_intents=frozenset({"unclear"}))
    ranking = (("unclear", 0.9), ("a", 0.05), ("talk_to_person", 0.03), ("b", 0.02))
    choice = decide(evidence(understood(*ranking), (passage(0.9),)), TurnState(), rules)
    assert (choice.decision.reason, choice.options) == (Reason.CLARIFY_INTENTS, ("a", "b"))


def test_choose_takes_the_message_alone_where_that_settles_the_turn() -> None:
    alone = evidence(understood(("thanks", 0.9)), replies=(reply("thanks"),))
    joined = evidence(understood(("care", 0.9)), (passage(0.9),))
    seen, choice = choose((alone, joined), TurnState(), RULES)
    assert seen is alone
    assert choice.decision.reason == Reason.APPROVED_REPLY


def test_choose_looks_at_the_context_where_the_message_alone_settles_nothing() -> None:
    alone = evidence(understood(("a", 0.3), ("b", 0.2), out_of_scope=0.9), (passage(0.1),))
    joined = evidence(understood(("care", 0.6)), (passage(0.9),))
    seen, choice = choose((alone, joined), TurnState(), RULES)
    assert seen is joined
    assert choice.decision.reason == Reason.PASSAGE


def test_choose_asks_back_by_the_context_where_nothing_settles_the_turn() -> None:
    alone = evidence(understood(("a", 0.3), ("b", 0.2), out_of_scope=0.9))
    joined = evidence(understood(("care", 0.3), ("b", 0.2)))
    seen, choice = choose((alone, joined), TurnState(), RULES)
    assert seen is joined
    assert choice.options == ("care", "b")


def test_decide_never_sends_a_reply_of_another_intent() -> None:
    seen = evidence(understood(("order_status", 0.9), ("cancel", 0.1)), replies=(reply("cancel"),))
    assert decide(seen, TurnState(), RULES).decision.action is Action.CLARIFY


def test_decide_quotes_a_passage_that_reaches_its_threshold() -> None:
    choice = decide(evidence(understood(("order_status", 0.4)), (passage(0.6),)), TurnState(), RULES)
    assert choice.decision.reason == Reason.PASSAGE
    assert choice.passages == (passage(0.6),)


def test_decide_quotes_although_out_of_scope_if_something_was_found() -> None:
    seen = evidence(understood(("order_status", 0.9), out_of_scope=0.9), (passage(0.7),), (reply("order_status"),))
    assert decide(seen, TurnState(), RULES).decision.reason == Reason.PASSAGE


def test_decide_hands_off_out_of_scope_with_nothing_found() -> None:
    choice = decide(evidence(understood(("a", 0.5), ("b", 0.4), out_of_scope=0.9), (passage(0.1),)), TurnState(), RULES)
    assert (choice.decision.action, choice.decision.reason) == (Action.HANDOFF, Reason.OUT_OF_SCOPE)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (evidence(understood(("talk_to_person", 0.7)), (passage(0.9),)), TurnState()),
        (evidence(understood(("a", 0.99)), (passage(0.9),), (reply("a"),)), TurnState(asked_for_person=True)),
    ],
)
def test_decide_hands_off_whoever_asks_for_a_person_whatever_was_found(seen: Evidence, state: TurnState) -> None:
    assert decide(seen, state, RULES).decision.reason == Reason.ASKED_FOR_PERSON


def test_decide_offers_the_two_likeliest_intents_and_never_the_hand_off_itself() -> None:
    ranking = (("a", 0.4), ("talk_to_person", 0.3), ("b", 0.2))
    choice = decide(evidence(understood(*ranking)), TurnState(), RULES)
    assert (choice.decision.reason, choice.options) == (Reason.CLARIFY_INTENTS, ("a", "b"))


def test_decide_offers_two_different_articles_where_no_intents_are_known() -> None:
    found = (passage(0.4), passage(0.3, rank=2), passage(0.2, "shipping", 3))
    choice = decide(evidence(understood(), found), TurnState(), RULES)
    assert (choice.decision.reason, choice.options) == (Reason.CLARIFY_ARTICLES, ("Returns", "Shipping"))


def test_decide_hands_off_when_it_has_just_asked_back_and_still_does_not_understand() -> None:
    choice = decide(evidence(understood(("a", 0.4), ("b", 0.3))), TurnState(clarifications=1), RULES)
    assert choice.decision.reason == Reason.NOT_UNDERSTOOD


def test_decide_hands_off_a_foreign_turn_with_nothing_found_and_offers_articles_otherwise() -> None:
    foreign = understood(out_of_scope=None, foreign="script Han")
    assert decide(evidence(foreign), TurnState(), RULES).decision.reason == Reason.FOREIGN_LANGUAGE
    assert decide(evidence(foreign, (passage(0.3),)), TurnState(), RULES).decision.reason == Reason.CLARIFY_ARTICLES


def test_decide_never_quotes_for_a_foreign_turn_because_keyword_scores_are_not_calibrated() -> None:
    foreign = understood(out_of_scope=None, foreign="script Han")
    assert decide(evidence(foreign, (passage(0.95),)), TurnState(), RULES).decision.action is Action.CLARIFY


def test_decide_never_answers_without_a_threshold() -> None:
    rules = replace(RULES, reply=None, passage=None)
    seen = evidence(understood(("a", 1.0), ("b", 0.0)), (passage(1.0),), (reply("a"),))
    assert decide(seen, TurnState(), rules).decision.action is Action.CLARIFY


@given(probability=st.floats(0, 1), scope=st.floats(0, 1) | st.none(), score=st.floats(0, 1), asked=st.integers(0, 3))
def test_decide_answers_only_what_reaches_a_threshold_and_is_grounded(
    probability: float, scope: float | None, score: float, asked: int
) -> None:
    seen = evidence(understood(("a", probability), ("b", 0.0), out_of_scope=scope), (passage(score),), (reply("a"),))
    choice = decide(seen, TurnState(clarifications=asked), RULES)
    if choice.decision.action is Action.ANSWER:
        by_reply = choice.reply is not None and probability >= 0.8 and (scope is None or scope < 0.5)
        assert by_reply or (choice.passages and score >= 0.6)
    if choice.decision.action is Action.CLARIFY:
        assert asked < 1


def test_action_without_knowledge_follows_the_same_rules() -> None:
    assert action_without_knowledge(understood(("a", 0.9)), RULES) is Action.ANSWER
    assert action_without_knowledge(understood(("a", 0.7)), RULES) is Action.CLARIFY
    assert action_without_knowledge(understood(("a", 0.9), out_of_scope=0.6), RULES) is Action.HANDOFF
    assert action_without_knowledge(understood(("talk_to_person", 0.6)), RULES) is Action.HANDOFF
    rules = replace(RULES, clarify_intents=frozenset({"unclear"}))
    assert action_without_knowledge(understood(("unclear", 0.9)), rules) is Action.CLARIFY


def test_decide_hands_off_where_two_intents_that_need_a_person_are_likely_together() -> None:
    rules = replace(RULES, handoff_intents=frozenset({"talk_to_person", "unresolved_case"}))
    seen = evidence(understood(("a", 0.45), ("talk_to_person", 0.3), ("unresolved_case", 0.25)))
    assert decide(seen, TurnState(), rules).decision.reason == Reason.ASKED_FOR_PERSON
