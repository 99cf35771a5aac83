"""Curves as SVG texts, ready to stand in a page. Knows arrays; knows no model and no file."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bot.calibration import Scores

_BINS = 10
_BLUE, _GREY, _RED = "#2563eb", "#9ca3af", "#b91c1c"

Flags = NDArray[np.bool_]


def reliability_plot(confidences: Scores, right: Flags) -> str:
    """How often guesses of each confidence are right; on the diagonal, confidence may be taken at its word."""
    figure, axes = _figure("Reliability", "confidence", "accuracy")
    places = np.minimum((confidences * _BINS).astype(int), _BINS - 1)
    filled = np.unique(places)
    accuracy = [right[places == place].mean() for place in filled]
    confidence = [confidences[places == place].mean() for place in filled]
    counts = np.array([(places == place).sum() for place in filled])
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1)
    axes.plot(confidence, accuracy, color=_BLUE, linewidth=1)
    axes.scatter(confidence, accuracy, s=10 + 120 * counts / counts.max(), color=_BLUE)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    return _svg(figure)


def risk_coverage_plot(confidences: Scores, right: Flags, threshold: float | None, risk: float) -> str:
    """Share of wrong answers against the share that is answered, surest first (El-Yaniv and Wiener 2010)."""
    figure, axes = _figure("Risk and coverage", "answered share", "wrong among answered")
    wrong = ~right[np.argsort(-confidences, kind="stable")]
    answered = np.arange(1, len(wrong) + 1)
    risks = np.cumsum(wrong) / answered
    axes.plot(answered / len(wrong), risks, color=_BLUE)
    axes.axhline(risk, color=_GREY, linestyle="--", linewidth=1)
    if threshold is not None:
        axes.axvline(float((confidences >= threshold).mean()), color=_GREY, linewidth=1)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, max(2 * risk, float(risks[len(risks) // 20 :].max())) * 1.1)
    return _svg(figure)


def confusion_plot(matrix: NDArray[np.int64], intents: Sequence[str]) -> str:
    """A confusion matrix as a heat map; give only as many intents as one can read.

    Args:
        matrix: counts, row = labelled, column = guessed, shape (n, n).
        intents: n names.
    """
    side = 2.5 + 0.28 * len(intents)
    figure, axes = _figure("Confusions", "guessed", "labelled", side=side)
    axes.imshow(np.sqrt(matrix), cmap="Blues")
    axes.set_xticks(range(len(intents)), intents, rotation=90, fontsize=7, parse_math=False)
    axes.set_yticks(range(len(intents)), intents, fontsize=7, parse_math=False)
    half = matrix.max() / 3
    for row, column in zip(*np.nonzero(matrix), strict=True):
        count = int(matrix[row, column])
        colour = "white" if count > half else "black"
        axes.text(column, row, str(count), ha="center", va="center", fontsize=6, color=colour)
    return _svg(figure)


def change_plot(names: Sequence[str], points: Sequence[float]) -> str:
    """Gains and losses by name, in the order given from the top down.

    Args:
        names: of what changed.
        points: percentage points, below 0 where something was lost.
    """
    figure, axes = _figure("Change by intent", "percentage points", "")
    figure.set_size_inches(7, 1.5 + 0.24 * len(names))
    places = np.arange(len(names))
    axes.barh(places, points, color=[_BLUE if value > 0 else _RED for value in points])
    axes.axvline(0, color=_GREY, linewidth=1)
    axes.set_yticks(places, names, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    return _svg(figure)


def _figure(title: str, horizontal: str, vertical: str, side: float = 4.0) -> tuple[Figure, Axes]:
    # Built without pyplot, which would keep every figure and pick a window system.
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    return figure, axes


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "frontdesk"}):  # else the same curve has other names in each process
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
