"""How two replies differ, and how risky that is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improvement import DifferenceKind, Said
from bot.policy import Reason
from finetune.gates.differences import Word, kind_of, risk_of


def answer(source: str = "r1", intent: str = "returns", confidence: float = 0.9) -> Said:
    return Said("answer", "approved_reply", intent, confidence, f"text of {source}", (source,))


def asks(intent: str = "returns", reason: str = "clarify_intents") -> Said:
    return Said("clarify", reason, intent, 0.4, "Which?", ())


def hands_off(reason: str = "out_of_scope") -> Said:
    return Said("handoff", reason, "returns", 1.0, "A colleague.", ())


NOBODY = Word()


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (answer(), answer(), None),
        (answer(), answer(confidence=0.6), None),
        (asks("returns"), asks("refund"), None),
        (answer(), answer("r2"), DifferenceKind.OTHER_ANSWER),
        (asks(), answer(), DifferenceKind.ANSWERS_ANEW),
        (hands_off(), answer(), DifferenceKind.ANSWERS_ANEW),
        (answer(), hands_off(), DifferenceKind.ANSWERS_NO_MORE),
        (asks(), hands_off(), DifferenceKind.OTHER_HANDLING),
        (hands_off("out_of_scope"), hands_off("not_understood"), DifferenceKind.OTHER_HANDLING),
    ],
)
def test_kinds_are_what_a_customer_would_see(before: Said, after: Said, kind: DifferenceKind | None) -> None:
    assert kind_of(before, after) is kind


def test_people_come_before_scores_and_the_worst_first() -> None:
    said = answer("r1"), answer("r2")
    risks = [
        risk_of(hands_off(Reason.ASKED_FOR_PERSON), asks(), NOBODY),
        risk_of(*said, Word(told=("r1",), approved=True)),
        risk_of(*said, Word(told=("r1",), liked=True)),
        risk_of(hands_off("out_of_scope"), answer("r2"), NOBODY),
        risk_of(answer("r1"), answer("r2", "refund"), NOBODY),
        risk_of(asks(), answer("r2", "refund"), NOBODY),
        risk_of(answer("r1"), asks(), NOBODY),
        risk_of(*said, NOBODY),
        risk_of(*said, Word(told=("r1",), wrong=True)),
        risk_of(asks(), hands_off("not_understood"), NOBODY),
        risk_of(*said, Word(told=("r1",), wrong=True, wanted=frozenset({"r2"}))),
    ]
    assert all(one >= two for one, two in pairwise(risks)), risks
    assert risks[0] > risks[3] > risks[-1]


def test_an_answer_that_people_found_wrong_must_not_come_back() -> None:
    wrong = Word(told=("r2",), wrong=True)
    assert risk_of(asks(), answer("r2"), wrong) == risk_of(answer("r1"), answer("r2"), wrong) == 0.9


def test_the_intent_that_reviewers_name_counts_for_and_against() -> None:
    word = Word(intent="refund")
    assert risk_of(answer("r1", "returns"), answer("r2", "refund"), word) == 0.05
    assert risk_of(answer("r2", "refund"), answer("r1", "returns"), word) == 0.85


def test_a_model_that_fails_is_at_the_top() -> None:
    assert risk_of(answer(), hands_off(Reason.MODEL_FAILURE), NOBODY) == 0.95


says = st.builds(
    Said,
    st.sampled_from(["answer", "clarify", "handoff"]),
    st.sampled_from([reason.value for reason in Reason]),
    st.sampled_from(["returns", "refund", None]),
    st.floats(0, 1),
    st.sampled_from(["a", "b"]),
    st.sampled_from([(), ("r1",), ("r2",)]),
)
words = st.builds(
    Word,
    st.sampled_from([(), ("r1",)]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([frozenset(), frozenset({"r2"})]),
    st.sampled_from(["returns", None]),
)


@given(says, says, words)
def test_risks_are_shares(before: Said, after: Said, word: Word) -> None:
    assert 0 <= risk_of(before, after, word) <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_doubt_makes_an_answer_riskier(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert risk_of(asks(), answer(confidence=low), NOBODY) >= risk_of(asks(), answer(confidence=high), NOBODY)
