"""Which groups of rows train, develop and calibrate. Knows no texts: only keys, labels and a seed.

Each key is placed by a hash of itself and the seed, so that neither the order of the rows nor the run matters.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

DEV_SHARE = 0.1
CALIBRATION_ROWS = 250
"""Held back for calibration where a twentieth of the data is less: a threshold at 5 % risk needs 59 answers without
an error, 93 with one, 124 with two (95 % confidence)."""

_LEAST_FOR_A_BOUND = 59
_MOST = 0.2

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


def calibration_share(number: int) -> float:
    """Share of ``number`` rows to hold back for calibration.

    A twentieth of much data; of less, `CALIBRATION_ROWS` but at most a fifth; a tenth where even that could prove no
    threshold, so that a small desk keeps its rows for training.
    """
    share = min(_MOST, max(0.05, CALIBRATION_ROWS / max(number, 1)))
    return share if share * number >= _LEAST_FOR_A_BOUND else 0.1


def split_keys(keys: Iterable[str], *, seed: int, with_dev: bool, share: float | None = None) -> dict[str, Part]:
    """Hold back a share of the keys for calibration and, if wanted, a tenth for dev.

    At least one of five keys and two of twelve are held back for each; fewer than five all train.

    Args:
        keys: equal ones count once.
        seed: of the hash that places a key.
        with_dev: whether to hold back a part for dev as well.
        share: held back for calibration; by default that of `calibration_share`.
    """
    ordered = sorted(set(keys), key=lambda key: place_of(key, seed))
    calibration = _quota(len(ordered), calibration_share(len(ordered)) if share is None else share)
    dev = _quota(len(ordered), DEV_SHARE) if with_dev else 0
    parts = [Part.CALIBRATION] * calibration + [Part.DEV] * dev
    parts += [Part.TRAIN] * (len(ordered) - len(parts))
    return dict(zip(ordered, parts, strict=True))


def split_by_label(
    groups: Mapping[str, set[str]], *, seed: int, with_dev: bool, share: float | None = None
) -> dict[str, Part]:
    """Split groups so that each label keeps its share of dev and calibration, and a part of train.

    A group with one label is placed within that label; groups with several, as `split_keys` does. Where that leaves a
    label without train rows, one of its groups moves to train.

    Args:
        groups: key -> labels of its rows; a group is never divided.
        seed: of the hash that places a group.
        with_dev: whether to hold back a part for dev as well.
        share: held back for calibration; by default that of `calibration_share`.
    """
    share = calibration_share(len(groups)) if share is None else share
    by_labels: defaultdict[str, list[str]] = defaultdict(list)
    for key, labels in groups.items():
        by_labels[next(iter(labels)) if len(labels) == 1 else ""].append(key)
    parts: dict[str, Part] = {}
    for label in sorted(by_labels):
        parts |= split_keys(by_labels[label], seed=seed, with_dev=with_dev, share=share)
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
