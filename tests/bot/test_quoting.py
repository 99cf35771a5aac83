from hypothesis import given
from hypothesis import strategies as st

from bot.quoting import choose_spans, quote

SPANS = [(0, 5), (6, 11), (12, 17), (18, 23)]


def test_choose_spans_takes_a_short_passage_whole() -> None:
    assert choose_spans([(0, 5), (6, 11)], [0.9, 0.0]) == ((0, 11),)


def test_choose_spans_takes_the_best_sentence_and_those_near_it() -> None:
    assert choose_spans(SPANS, [0.1, 0.9, 0.2, 0.8]) == ((6, 11), (18, 23))


def test_choose_spans_joins_neighbours() -> None:
    assert choose_spans(SPANS, [0.1, 0.9, 0.88, 0.2]) == ((6, 17),)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=20))
def test_choose_spans_stays_in_order_inside_the_text_and_holds_the_best(scores: list[float]) -> None:
    spans = [(10 * index, 10 * index + 9) for index in range(len(scores))]
    chosen = choose_spans(spans, scores)
    best = scores.index(max(scores)) * 10
    assert list(chosen) == sorted(chosen)
    assert any(start <= best < end for start, end in chosen)


def test_quote_shows_what_is_left_out() -> None:
    assert quote("One. Two. Three.", [(0, 4), (10, 16)]) == "One. … Three."
