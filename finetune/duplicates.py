"""Finds equal and nearly equal texts among many. Knows neither labels nor what becomes of what it finds.

Two texts of at least ``NEAR_TOKENS`` words each are near-duplicates when their sets of words overlap enough
(Jaccard) or their letters do (normalised InDel similarity); shorter ones only when they are equal. MinHash with
locality-sensitive hashing (Broder 1997; Indyk and Motwani 1998) proposes candidates, each of which is then compared
exactly, so that nothing is found wrongly.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]
from rapidfuzz import fuzz

from finetune.cleaning import comparable

Key = TypeVar("Key", bound=Hashable)

NEAR_TOKENS = 8
LEAK_SIMILARITY = 0.75
"""One word in eight replaced still counts: used for rows that must not be learnt at all."""

SAME_SIMILARITY = 0.9
"""Hardly anything differs: used where a near-duplicate only wastes training time."""

_LETTER_SIMILARITY = {LEAK_SIMILARITY: 90.0, SAME_SIMILARITY: 95.0}
# Bands and rows: a pair at the wanted similarity is missed less than once in 10,000 times.
_BANDS = {LEAK_SIMILARITY: (32, 4), SAME_SIMILARITY: (16, 6)}


class NearDuplicates(Generic[Key]):
    """Texts under keys; asks for those that equal a text or nearly do."""

    def __init__(self, similarity: float) -> None:
        """Start empty.

        Args:
            similarity: ``LEAK_SIMILARITY`` or ``SAME_SIMILARITY``.
        """
        bands, rows = _BANDS[similarity]
        self._similarity = similarity
        self._letters = _LETTER_SIMILARITY[similarity]
        self._blank = MinHash(num_perm=bands * rows, scheme="affine32")
        self._index = MinHashLSH(num_perm=bands * rows, params=(bands, rows))
        self._equal: defaultdict[str, list[Key]] = defaultdict(list)
        self._long: list[tuple[str, frozenset[str]]] = []

    def add(self, key: Key, text: str) -> None:
        """Keep a text under a key; several texts may share one."""
        form = comparable(text)
        self._equal[form].append(key)
        tokens = form.split(" ")
        if len(self._equal[form]) == 1 and len(tokens) >= NEAR_TOKENS:
            self._index.insert(len(self._long), self._hashed(frozenset(tokens)), check_duplication=False)
            self._long.append((form, frozenset(tokens)))

    def find(self, text: str) -> list[Key]:
        """Keys of equal texts, then those of near-duplicates, in the order in which they were added."""
        form = comparable(text)
        found = list(self._equal.get(form, ()))
        tokens = form.split(" ")
        if self._long and len(tokens) >= NEAR_TOKENS:
            distinct = frozenset(tokens)
            for candidate in sorted(self._index.query(self._hashed(distinct))):
                other, other_tokens = self._long[candidate]
                if other != form and self._near(form, distinct, other, other_tokens):
                    found.extend(self._equal[other])
        return found

    def _near(self, form: str, tokens: frozenset[str], other: str, other_tokens: frozenset[str]) -> bool:
        shared = len(tokens & other_tokens)
        if shared >= self._similarity * (len(tokens) + len(other_tokens) - shared):
            return True
        return fuzz.ratio(form, other, score_cutoff=self._letters) > 0

    def _hashed(self, tokens: frozenset[str]) -> MinHash:
        hashed = self._blank.copy()
        hashed.update_batch([token.encode() for token in tokens])
        return hashed


def unique_indices(labelled: Iterable[tuple[Hashable, str]]) -> Iterator[tuple[int, bool]]:
    """Positions of (label, text) to keep, in order, or to drop.

    A text goes where an earlier one of the same label equals it or nearly does; texts of other labels do not count.

    Yields:
        (position, whether it repeats an earlier one).
    """
    seen: defaultdict[Hashable, NearDuplicates[int]] = defaultdict(lambda: NearDuplicates(SAME_SIMILARITY))
    for position, (label, text) in enumerate(labelled):
        repeats = bool(seen[label].find(text))
        if not repeats:
            seen[label].add(position, text)
        yield position, repeats
