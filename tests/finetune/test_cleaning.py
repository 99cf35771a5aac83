"""Texts made comparable and freed of signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.cleaning import clean_text, comparable, strip_signature


def test_clean_text_resolves_entities_and_invisible_characters() -> None:
    assert clean_text("Fish &amp; chips\u200b\n  to\tgo\x07") == "Fish & chips to go"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("We are on it. *TMT", "We are on it."),
        ("We are on it ^AB", "We are on it"),
        ("We are on it.^RachelM", "We are on it."),
        ("We are on it. 1/2 *TMT", "We are on it."),
        ("We are on it. ^AB (2/2)", "We are on it."),
        ("We are on it. - Kim", "We are on it."),
        ("We are on it. -KT", "We are on it."),
        ("We are on it. Kind regards, Kim Miller", "We are on it."),
        ("^AB", ""),
        ("Fly to New York - Boston", "Fly to New York - Boston"),
        ("I *sigh*", "I *sigh*"),
        ("Open 24/7", "Open 24/7"),
        ("All the best to you", "All the best to you"),
    ],
)
def test_strip_signature(text: str, rest: str) -> None:
    assert strip_signature(text) == rest


def test_comparable_ignores_case_punctuation_and_space_only() -> None:
    assert comparable(" Where's MY order?? ") == comparable("wheres my\u00a0order")
    assert comparable("my order") != comparable("order my")
    assert comparable("😀") != comparable("😢")


def test_hostile_texts_do_not_stall_the_patterns() -> None:
    for text in (" " * 100_000 + "x", "x" + " " * 100_000, "best A " * 20_000, "1/1 " * 25_000):
        strip_signature(text)
    assert strip_signature("^A " * 30_000) == ""


@given(st.text(max_size=60))
def test_stripping_twice_is_stripping_once(text: str) -> None:
    once = strip_signature(clean_text(text))
    assert strip_signature(once) == once
