from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text import normalise, sentences, words

ANY_TEXT = st.text(alphabet=st.characters())  # lone surrogates included


def test_normalise_composes_letters_and_joins_white_space() -> None:
    assert normalise("  Cafe\u0301\u00a0\n\tau lait ") == "Café au lait"


def test_normalise_drops_what_cannot_be_seen_or_stored() -> None:
    assert normalise("or\u00adder\x00 \ufeffno\u200b.\ud800") == "order no.\ufffd"


@given(ANY_TEXT)
def test_normalise_is_idempotent_and_storable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert "\n" not in once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't  RE-send order #A12!", ["dont", "re", "send", "order", "a12"]),
        ("Straße", ["strasse"]),
        ("退货政策", ["退货", "货政", "政策"]),
        ("返品はコーヒー", ["返品", "品は", "はコ", "コー", "ーヒ", "ヒー"]),
        ("買iPhone嗎", ["買", "iphone", "嗎"]),
        ("ＡＢＣ１２", ["abc12"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("😀 … !", []),
    ],
)
def test_words_of_several_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(ANY_TEXT)
def test_words_hold_no_white_space_and_are_found_in_any_case(text: str) -> None:
    found = words(text)
    assert all(word and not any(map(str.isspace, word)) for word in found)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_ascii_gives_the_same_words_beside_another_script(text: str) -> None:
    assert [*words(text), "货"] == words(f"{text} 货")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay by card. We also take cash! Really?", ["Pay by card.", "We also take cash!", "Really?"]),
        ("Ask Dr. Smith, e.g. by mail. Thanks.", ["Ask Dr. Smith, e.g. by mail.", "Thanks."]),
        ("It costs 3.50 euros. Shipping is 2.", ["It costs 3.50 euros.", "Shipping is 2."]),
        ("第一句。第二句！「第三句。」完", ["第一句。", "第二句！", "「第三句。」", "完"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("First item\nSecond item", ["First item", "Second item"]),
        ("Wait... what", ["Wait... what"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(ANY_TEXT)
def test_sentences_cover_all_visible_text_in_order(text: str) -> None:
    spans = sentences(text)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    outside = text
    for start, end in reversed(spans):
        outside = outside[:start] + outside[end:]
    assert outside.strip() == ""
