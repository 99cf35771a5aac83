import numpy as np
import pytest

from bot.grouping import group_alike
from bot.values import Vector


def at(degrees: float) -> Vector:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], dtype=np.float32)


def test_near_questions_are_one_group_and_its_middle_stands_for_it() -> None:
    groups = group_alike(["left", "mid", "right", "far"], [at(0), at(15), at(30), at(90)])
    assert [(group.members, group.middle) for group in groups] == [((0, 1, 2), 1), ((3,), 3)]


def test_a_question_joins_the_nearest_group_not_the_first_one() -> None:
    groups = group_alike(["a", "b", "c"], [at(0), at(50), at(35)], alike=0.8)
    assert [group.members for group in groups] == [(1, 2), (0,)]


def test_questions_without_a_vector_are_grouped_by_their_words_alone() -> None:
    texts = ["Wo ist mein Paket?", "wo ist  mein paket", "Wo bleibt es", "wo ist mein Paket", "?!"]
    groups = group_alike(texts, [None, None, None, at(0), None])
    assert [group.members for group in groups] == [(0, 1), (2,), (3,), (4,)]


def test_every_question_is_in_one_group_the_biggest_first() -> None:
    rng = np.random.default_rng(3)
    vectors = [at(float(angle)) for angle in rng.uniform(0, 360, 200)]
    groups = group_alike([""] * 200, vectors)
    assert sorted(place for group in groups for place in group.members) == list(range(200))
    assert [len(group.members) for group in groups] == sorted((len(group.members) for group in groups), reverse=True)
    for group in groups:
        leader = vectors[group.members[0]]
        assert all(float(leader @ vectors[place]) >= 0.8 - 1e-6 for place in group.members)


def test_nothing_is_no_group_and_unequal_lists_are_refused() -> None:
    assert group_alike([], []) == []
    with pytest.raises(ValueError, match="zip"):
        group_alike(["a"], [])
