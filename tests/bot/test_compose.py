from datetime import UTC, datetime

import pytest

from bot.compose import compose, fill, variables_of
from bot.phrases import phrase
from bot.policy import Choice, Reason
from bot.values import Action, ApprovedReply, Decision, PassageSource, RankedReply, ReplySource

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def answer(reason: Reason) -> Decision:
    return Decision(Action.ANSWER, reason, 0.9)


def test_compose_fills_an_approved_reply_and_records_what_it_filled() -> None:
    approved = ApprovedReply(
        "r1", 3, "Hello {customer_name}, {order_id} is on its way.", ("order_status",), "Ana", WHEN
    )
    choice = Choice(answer(Reason.APPROVED_REPLY), reply=RankedReply(approved, 0.9, 1))
    values = {"customer_name": "Ida", "order_id": "TT-123456", "unused": "x"}
    composed = compose(choice, locale="en", variables=values)
    assert composed.text == "Hello Ida, TT-123456 is on its way."
    assert composed.sources == (ReplySource("r1", 3, {"customer_name": "Ida", "order_id": "TT-123456"}),)


def test_compose_quotes_literally_with_numbered_citations() -> None:
    text = "Returns are free. You have 45 days. Keep the label."
    source = PassageSource("p1", "returns", "Returns", "kb/returns.md", ((18, 35),))
    composed = compose(
        Choice(answer(Reason.PASSAGE)), locale="en", variables={}, quoted=(source,), passage_texts={"p1": text}
    )
    assert composed.text == "You have 45 days. [1]"
    assert composed.sources == (source,)


def test_compose_names_intents_as_the_desk_does() -> None:
    choice = Choice(Decision(Action.CLARIFY, Reason.CLARIFY_INTENTS, 0.5), options=("order_status", "refund"))
    composed = compose(choice, locale="en", variables={}, intent_titles={"refund": "My refund"})
    assert composed.options == ("Order status", "My refund")


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in ("approved_reply", "passage")])
def test_phrase_has_a_sentence_in_both_languages_for_every_reason(reason: Reason) -> None:
    assert phrase(reason, "en-GB")
    assert phrase(reason, "zh-CN") != phrase(reason, "en-GB")


def test_fill_refuses_a_reply_whose_variable_is_unknown() -> None:
    with pytest.raises(KeyError):
        fill("Your order {order_id}", {})


def test_variables_of_lists_each_name_once() -> None:
    assert variables_of("{a} {b} {a} {not a name}") == ("a", "b")
