"""Which groups of rows train, develop and calibrate. Knows no texts: only keys, labels and a seed.

Each key is placed by a hash of itself and the seed, so that neither the order of the rows nor the run matters.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

DEV_SHARE = 0.1
CALIBRATION_SHARE = 0.1
_ENOUGH_FOR_TWO = 12
_ENOUGH_FOR_ONE = 5


class Part(StrEnum):
    """What a row is for."""

    TRAIN = "train"
    DEV = "dev"
    CALIBRATION = "calibration"


def place_of(key: str, seed: int) -> float:
    """A number in 0..1 that only the key and the seed decide."""
    digest = hashlib.sha256(f"{seed}:{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def split_keys(keys: Iterable[str], *, seed: int, with_dev: bool) -> dict[str, Part]:
    """Hold back about a tenth of the keys for calibration and, if wanted, another for dev.

    At least one of five keys and two of twelve are held back for each; fewer than five all train.
    """
    ordered = sorted(set(keys), key=lambda key: place_of(key, seed))
    calibration = _quota(len(ordered), CALIBRATION_SHARE)
    dev = _quota(len(ordered), DEV_SHARE) if with_dev else 0
    parts = [Part.CALIBRATION] * calibration + [Part.DEV] * dev
    parts += [Part.TRAIN] * (len(ordered) - len(parts))
    return dict(zip(ordered, parts, strict=True))


def split_by_label(groups: Mapping[str, set[str]], *, seed: int, with_dev: bool) -> dict[str, Part]:
    """Split groups so that each label keeps its share of dev and calibration, and a part of train.

    A group with one label is placed within that label; groups with several, as `split_keys` does. Where that leaves a
    label without train rows, one of its groups moves to train.

    Args:
        groups: key -> labels of its rows; a group is never divided.
        seed: of the hash that places a group.
        with_dev: whether to hold back a part for dev as well.
    """
    by_labels: defaultdict[str, list[str]] = defaultdict(list)
    for key, labels in groups.items():
        by_labels[next(iter(labels)) if len(labels) == 1 else ""].append(key)
    parts: dict[str, Part] = {}
    for label in sorted(by_labels):
        parts |= split_keys(by_labels[label], seed=seed, with_dev=with_dev)
    _keep_every_label(parts, groups, seed)
    return parts


def _keep_every_label(parts: dict[str, Part], groups: Mapping[str, set[str]], seed: int) -> None:
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for key, labels in groups.items():
        for label in labels:
            holders[label].append(key)
    for label in sorted(holders):
        if not any(parts[key] is Part.TRAIN for key in holders[label]):
            parts[max(holders[label], key=lambda key: place_of(key, seed))] = Part.TRAIN


def _quota(number: int, share: float) -> int:
    least = 2 if number >= _ENOUGH_FOR_TWO else 1 if number >= _ENOUGH_FOR_ONE else 0
    return max(round(number * share), least)
