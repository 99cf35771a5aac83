"""Who tests and who trains."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.composition import OUT_OF_SCOPE
from finetune.dialogues import Dialogue
from finetune.examples import IntentExample
from finetune.gates.packs import held_back, injection_pack, out_of_scope_pack
from finetune.gates.split import GoldenSet, golden_split, is_golden_customer
from finetune.reviewed import ReviewedConversation, ReviewedTurn

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def conversation(name: str, customer: str, *intents: str | None) -> ReviewedConversation:
    turns = tuple(
        ReviewedTurn(name, 2 * place, f"{name} {place}", (), intent, None, None, NOON, NOON)
        for place, intent in enumerate(intents, start=1)
    )
    return ReviewedConversation(name, customer, (), Dialogue(name, ()), turns)


people = st.lists(st.sampled_from("abcdefghijklmnop"), max_size=30)
marks = st.dictionaries(st.tuples(st.integers(0, 29), st.sampled_from([2, 4])), st.booleans(), max_size=8)


@given(people, marks, st.floats(0, 1))
def test_no_customer_is_on_both_sides(
    customers: list[str], by_place: dict[tuple[int, int], bool], share: float
) -> None:
    reviewed = [conversation(f"c{place}", name, "returns", "refund") for place, name in enumerate(customers)]
    found = golden_split(reviewed, (), {(f"c{at}", two): kept for (at, two), kept in by_place.items()}, share)
    testing = {row.customer for row in found.rows}
    assert testing <= found.customers
    training = {one.customer for one in reviewed if one.customer not in found.side.customers}
    assert not testing & training
    assert found.conversations == {one.conversation_id for one in reviewed if one.customer in found.customers}
    assert {text for text, _ in found.side.texts} == {row.text for row in found.rows}


@given(st.text(min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_growing_share_takes_nobody_back_into_training(customer: str, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert is_golden_customer(customer, high) or not is_golden_customer(customer, low)


def test_the_share_is_that_of_the_customers() -> None:
    assert 60 < sum(is_golden_customer(f"customer {number}", 0.1) for number in range(1000)) < 140


@pytest.fixture
def trio() -> list[ReviewedConversation]:
    return [
        conversation("c1", "ann", "returns", None, "refund"),
        conversation("c2", "ann", "refund"),
        conversation("c3", "bob", OUT_OF_SCOPE, "returns"),
    ]


def split(reviewed: list[ReviewedConversation], marked: dict[tuple[str, int], bool], share: float = 0.0) -> GoldenSet:
    return golden_split(reviewed, [IntentExample("from the file", "refund")], marked, share)


def test_one_mark_takes_all_of_a_customer_out_of_training(trio: list[ReviewedConversation]) -> None:
    found = split(trio, {("c1", 2): True})
    assert [(row.text, row.customer) for row in found.rows] == [
        ("from the file", None),
        ("c1 1", "ann"),
        ("c1 3", "ann"),
        ("c2 1", "ann"),
    ]
    assert (found.customers, found.conversations) == ({"ann"}, {"c1", "c2"})


def test_what_staff_keep_out_neither_tests_nor_trains(trio: list[ReviewedConversation]) -> None:
    found = split(trio, {("c1", 2): False}, share=1.0)
    assert "c1 1" not in {row.text for row in found.rows}
    assert "ann" in found.side.customers


def test_what_is_out_of_scope_goes_into_its_own_pack(trio: list[ReviewedConversation]) -> None:
    found = split(trio, {}, share=1.0)
    assert [row.text for row in found.out_of_scope] == ["c3 1"]
    assert found.pack == ("c3 1", *out_of_scope_pack())
    assert "c3 1" in {text for text, _ in found.side.texts}
    held = golden_split((), (), {}, 0.5, [f"nonsense {number}" for number in range(40)])
    assert 5 < len(held.out_of_scope) < 35


def test_held_back_texts_are_so_by_their_words() -> None:
    texts = [f"nonsense {number}" for number in range(200)]
    held = held_back(texts, 0.2)
    assert 20 < len(held) < 60
    assert [text.upper() for text in held] == held_back([text.upper() for text in texts], 0.2)


def test_packs_are_there_and_hold_no_text_twice() -> None:
    for pack in (injection_pack(), out_of_scope_pack()):
        assert len(set(pack)) == len(pack) >= 60
