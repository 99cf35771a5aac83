"""Near-duplicates against a plain comparison of all pairs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.cleaning import comparable
from finetune.duplicates import LEAK_SIMILARITY, NEAR_TOKENS, SAME_SIMILARITY, NearDuplicates, unique_indices

WORDS = [f"word{letter}" for letter in "abcdefghijklmnop"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)


def _overlap(one: str, other: str) -> float:
    first, second = set(comparable(one).split()), set(comparable(other).split())
    return len(first & second) / len(first | second)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=12), TEXTS, st.sampled_from([LEAK_SIMILARITY, SAME_SIMILARITY]))
def test_find_gives_all_that_a_plain_comparison_gives(known: list[str], asked: str, similarity: float) -> None:
    index: NearDuplicates[int] = NearDuplicates(similarity)
    for number, text in enumerate(known):
        index.add(number, text)
    long = len(asked.split()) >= NEAR_TOKENS
    expected = {
        number
        for number, text in enumerate(known)
        if text == asked or (long and len(text.split()) >= NEAR_TOKENS and _overlap(text, asked) >= similarity)
    }
    found = set(index.find(asked))
    assert expected <= found
    short = {number for number in found - expected if min(len(known[number].split()), len(asked.split())) < NEAR_TOKENS}
    assert not short


@pytest.mark.parametrize("change", ["one more word now", "one word replaced", "a typo in it"])
def test_small_changes_of_a_long_text_are_found(change: str) -> None:
    text = "can you please tell me when my parcel will arrive"
    changed = {
        "one more word now": text + " now",
        "one word replaced": text.replace("parcel", "package"),
        "a typo in it": text.replace("arrive", "arive").replace("please", "plese"),
    }[change]
    index: NearDuplicates[str] = NearDuplicates(LEAK_SIMILARITY)
    index.add("x", text)
    assert index.find(changed) == ["x"]
    assert index.find("can you please tell me how to change a password today") == []


def test_texts_of_other_labels_do_not_count() -> None:
    rows = [("a", "Where is it?"), ("b", "where is it"), ("a", "where is IT"), ("a", "where was it")]
    assert [repeats for _, repeats in unique_indices(rows)] == [False, False, True, False]


def test_many_rows_take_seconds() -> None:
    generator = random.Random(1)
    rows = [(n % 50, " ".join(generator.choices(WORDS, k=10)) + f" {n}") for n in range(3000)]
    assert sum(not repeats for _, repeats in unique_indices(rows)) > 2500
