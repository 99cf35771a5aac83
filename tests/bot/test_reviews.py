"""The order of the review queue against an independent model, and kappa against scikit-learn."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reviews import (
    SAMPLE_PLACE,
    Opinion,
    Review,
    ReviewItem,
    Verdict,
    Why,
    agreement,
    cohen_kappa,
    in_order,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WHYS = st.sets(st.sampled_from(list(Why)), min_size=1).map(lambda found: tuple(why for why in Why if why in found))
ITEMS = st.lists(
    st.builds(ReviewItem, st.just("c"), st.integers(1, 10_000), WHYS, st.none(), st.booleans()),
    max_size=40,
    unique_by=lambda item: item.sequence,
)


def item(number: int, *why: Why, shared: bool = False) -> ReviewItem:
    return ReviewItem(f"c{number}", 2, why, 0.5, shared)


def review(number: int, reviewer: str, verdict: Verdict, intent: str | None = None, minutes: int = 0) -> Review:
    return Review(f"c{number}", 2, reviewer, Opinion(verdict, intent), "bot", NOON + timedelta(minutes=minutes))


def test_a_disliked_uncertain_message_comes_before_a_disliked_one_and_a_sample_last() -> None:
    sample, handed, unsure, disliked, both = (
        item(1, Why.SAMPLE),
        item(2, Why.HANDED_OFF),
        item(3, Why.UNCERTAIN),
        item(4, Why.DISLIKED),
        item(5, Why.DISLIKED, Why.UNCERTAIN),
    )
    assert in_order([sample, handed, unsure, disliked, both], "ann") == [both, disliked, unsure, handed, sample]


@given(ITEMS, st.sampled_from(["ann", "bob"]))
def test_queue_keeps_every_item_and_every_fifth_place_for_the_sample(items: list[ReviewItem], reviewer: str) -> None:
    queue = in_order(items, reviewer)
    assert sorted(queue, key=lambda one: one.sequence) == sorted(items, key=lambda one: one.sequence)
    weights = {Why.DISLIKED: 3, Why.UNCERTAIN: 2, Why.HANDED_OFF: 1, Why.SAMPLE: 0}
    worth = {one.sequence: sum(weights[why] for why in one.why) for one in items}
    useful = [worth[one.sequence] for one in queue if worth[one.sequence]]
    assert useful == sorted(useful, reverse=True)
    samples = sum(not worth[one.sequence] for one in items)
    for place, one in enumerate(queue):
        seen = sum(not worth[other.sequence] for other in queue[:place])
        rest_useful = any(worth[other.sequence] for other in queue[place:])
        expected_sample = samples > seen and (not rest_useful or place % SAMPLE_PLACE == SAMPLE_PLACE - 1)
        assert (worth[one.sequence] == 0) == expected_sample


def test_two_reviewers_meet_shared_items_in_one_order_and_others_in_their_own() -> None:
    items = [item(number, Why.UNCERTAIN, shared=number % 2 == 0) for number in range(40)]
    ann, bob = in_order(items, "ann"), in_order(items, "bob")
    assert [one.shared for one in ann] == [True] * 20 + [False] * 20
    assert ann[:20] == bob[:20]
    assert set(ann[20:25]) != set(bob[20:25])
    assert in_order(reversed(items), "ann") == ann


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    numbers = random.Random(seed)
    pairs = [(numbers.choice("abc"), numbers.choice("abcc")) for _ in range(200)]
    pairs += [("a", "a")] * seed * 30
    expected = metrics.cohen_kappa_score(*zip(*pairs, strict=True))
    assert cohen_kappa(pairs) == pytest.approx(expected, abs=1e-12)


def test_kappa_is_not_defined_without_items_or_with_one_label_only() -> None:
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a"), ("a", "a")]) is None
    assert cohen_kappa([("a", "b"), ("b", "a")]) == -1


def test_agreement_counts_the_two_earliest_reviews_and_the_intents_that_both_gave() -> None:
    reviews = [
        review(1, "bob", Verdict.APPROVED),
        review(1, "ann", Verdict.APPROVED, minutes=1),
        review(1, "cy", Verdict.REJECTED, minutes=2),
        review(2, "ann", Verdict.CORRECTED, "refund"),
        review(2, "bob", Verdict.REJECTED),
        review(3, "ann", Verdict.CORRECTED, "refund"),
        review(3, "bob", Verdict.CORRECTED, "refund"),
        review(4, "ann", Verdict.APPROVED),
    ]
    found = agreement(reviews)
    assert (found.messages, found.intents, found.intent_kappa) == (3, 2, 1.0)
    # Agreed on 2 of 3; by chance 1/9 approved, 1/9 x 2 corrected.
    assert found.verdict_kappa == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
