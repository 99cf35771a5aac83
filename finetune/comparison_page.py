"""A comparison of two bundles as one HTML page for the engineer's own machine. Runs no model."""

import os
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from finetune.comparison import Comparison
from finetune.errors import DataError
from finetune.plots import change_plot, reliability_plot

PAGE = "index.html"

_MOST_INTENTS = 30
"""In the picture: half of them the worst losses, half the best gains."""

_MOST_ROWS = 500


def write_page(directory: Path, comparison: Comparison, source: str) -> Path:
    """Writes ``index.html``; the folder is for its owner alone, because the page holds the rows' texts.

    Args:
        directory: made here; must be absent or empty.
        source: where the rows came from, for people.

    Raises:
        DataError: something is there already.
    """
    if directory.exists() and any(directory.iterdir()):
        raise DataError(f"{directory}: something is there already; give an empty or new --out")
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    pages = Environment(loader=PackageLoader("finetune"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = pages.get_template("compare.html").render(
        found=comparison,
        sides=(comparison.before, comparison.after),
        source=source,
        names=sorted({*comparison.before.metrics, *comparison.after.metrics}),
        own_names=sorted({*comparison.before.manifest.metrics, *comparison.after.manifest.metrics}),
        plots=_plots(comparison),
        shown=comparison.changed[:_MOST_ROWS],
    )
    page = directory / PAGE
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return page


def _plots(comparison: Comparison) -> dict[str, str]:
    """SVG pictures by their captions."""
    before, after = comparison.before, comparison.after
    plots: dict[str, str] = {}
    moved = [change for change in comparison.intents if change.after != change.before]
    if len(moved) > _MOST_INTENTS:
        moved = moved[: _MOST_INTENTS // 2] + moved[-_MOST_INTENTS // 2 :]
    if moved:
        names, points = [change.intent for change in moved], [change.points for change in moved]
        plots["Points of accuracy, after - before"] = change_plot(names, points)
    for name, side in (("Before", before), ("After", after)):
        if side.result is not None:
            plots[name] = reliability_plot(side.result.confidences, side.result.right)
    return plots
