from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import MAX_WORDS, Section, cut_sections
from retrieval.text import words
from retrieval.values import Passage


def cut(*sections: Section, max_words: int = MAX_WORDS) -> list[Passage]:
    return cut_sections(sections, document_id="a.md", title="Guide", source_uri="a.md", max_words=max_words)


def test_short_paragraphs_of_one_heading_share_a_passage() -> None:
    passages = cut(Section(("Returns",), ("Send it back.", "We refund you.")))
    assert [(one.title, one.text) for one in passages] == [("Guide > Returns", "Send it back.\nWe refund you.")]


def test_a_passage_never_crosses_a_heading() -> None:
    passages = cut(Section(("A",), ("One.",)), Section(("B",), ("Two.",)))
    assert [one.text for one in passages] == ["One.", "Two."]
    assert [one.position for one in passages] == [0, 1]


def test_long_text_is_cut_between_sentences_into_even_parts() -> None:
    sentence = "The parcel leaves our house on the day after your order was paid."
    passages = cut(Section((), (" ".join([sentence] * 25),)))  # 325 words
    lengths = [len(words(one.text)) for one in passages]
    assert len(passages) == 3
    assert all(one.text.endswith(".") for one in passages)
    assert max(lengths) <= MAX_WORDS
    assert min(lengths) >= 90


def test_a_title_that_the_first_heading_repeats_stands_once() -> None:
    assert cut(Section(("GUIDE", "Shoes"), ("Text.",)))[0].title == "Guide > Shoes"


def test_equal_texts_of_one_document_get_ids_of_their_own() -> None:
    first, second = cut(Section(("A",), ("Same.",)), Section(("B",), ("Same.",)))
    assert first.passage_id != second.passage_id


def test_ids_hang_on_source_and_text_alone() -> None:
    before = cut(Section(("A",), ("Kept.",)))[0]
    after = cut(Section(("New",), ("Added.",)), Section(("A, renamed",), ("Kept.",)))[1]
    elsewhere = cut_sections([Section((), ("Kept.",))], document_id="b.md", title="", source_uri="b.md")[0]
    assert before.passage_id == after.passage_id != elsewhere.passage_id


def test_chinese_sentences_stay_unspaced_and_within_the_bound() -> None:
    passages = cut(Section((), ("请在三十天内寄回商品。" * 40,)))
    assert len(passages) > 1
    assert all(len(one.text) <= MAX_WORDS + 20 and " " not in one.text for one in passages)


def test_text_without_any_stop_or_space_is_cut_too() -> None:
    passages = cut(Section((), ("货" * 500,)))
    assert "".join(one.text for one in passages) == "货" * 500
    assert all(len(one.text) <= MAX_WORDS + 1 for one in passages)


PARAGRAPHS = st.lists(st.text(alphabet="ab .。货\n?", max_size=200), max_size=6)


@given(PARAGRAPHS, st.integers(min_value=1, max_value=30))
def test_cutting_loses_no_letter_and_keeps_the_bound(paragraphs: list[str], bound: int) -> None:
    passages = cut(Section((), tuple(paragraphs)), max_words=bound)
    visible = "".join("".join(paragraphs).split())
    assert "".join("".join(one.text for one in passages).split()) == visible
    assert all(one.text.strip() == one.text != "" for one in passages)
    assert all(len(words(one.text)) <= bound + 1 for one in passages)
    assert len({one.passage_id for one in passages}) == len(passages)
