"""Scores of guessed classes. Knows no model and no names of classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score  # type: ignore[import-untyped]


def macro_f1(guesses: NDArray[Any], labels: NDArray[Any]) -> float:
    """Mean F1 over the labels that occur."""
    return float(f1_score(labels, guesses, labels=np.unique(labels), average="macro", zero_division=0))
