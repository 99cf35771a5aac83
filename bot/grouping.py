"""Puts questions together that ask the same. Knows texts and their vectors; no models, no storage, no language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.values import Vector

ALIKE = 0.8
"""From which cosine on two questions ask the same."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same.

    Attributes:
        members: places in the list that was grouped, in its order.
        middle: the member that is nearest to all of them; it stands for the group.
    """

    members: tuple[int, ...]
    middle: int


def group_alike(texts: Sequence[str], vectors: Sequence[Vector | None], *, alike: float = ALIKE) -> list[Group]:
    """Group questions, the biggest group first, then the one that comes first.

    Greedy: a question joins the group whose first question is nearest, if its cosine reaches ``alike``, and begins a
    group of its own otherwise. A question without a vector, as in a language that the live bundle does not know, has
    no meaning to compare: it joins only questions with the same words, whatever their case and punctuation.

    Args:
        vectors: a unit vector (dim,) for each text, all of one encoder, or None.

    Raises:
        ValueError: there is not one vector, or None, for each text.
    """
    by_words: dict[str, list[int]] = {}
    leaders: list[Vector] = []
    by_meaning: list[list[int]] = []
    for place, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
        if vector is None:
            by_words.setdefault(_folded(text), []).append(place)
            continue
        cosines = np.stack(leaders) @ vector if leaders else np.zeros(0)
        nearest = int(cosines.argmax()) if len(cosines) else -1
        if nearest >= 0 and cosines[nearest] >= alike:
            by_meaning[nearest].append(place)
        else:
            leaders.append(vector)
            by_meaning.append([place])
    groups = [Group(tuple(members), _middle(members, vectors)) for members in by_meaning]
    groups += [Group(tuple(members), members[0]) for members in by_words.values()]
    return sorted(groups, key=lambda group: (-len(group.members), group.members[0]))


def _middle(members: Sequence[int], vectors: Sequence[Vector | None]) -> int:
    rows = np.stack([vector for place in members if (vector := vectors[place]) is not None])
    return members[int((rows @ rows.sum(axis=0)).argmax())]


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip()
