"""Surge detection on made-up desks with planted surges: false alarms a week over all series, and delay of detection.

The other methods' thresholds are chosen on desks of other seeds so that they raise as many false alarms as the
product's usual sensitivity; all of them are then compared on the reporting desks. A picture shows the trade-off.
"""

from collections.abc import Callable, Iterable, Mapping

import matplotlib as mpl
import numpy as np

from bot.surges import THRESHOLDS, Sensitivity
from tests.benchmarks.alert_desks import make_desk
from tests.benchmarks.alert_methods import (
    Alarms,
    Outcome,
    Watched,
    cusum_alarms,
    ears_alarms,
    false_a_week,
    judge,
    watch,
    window_alarms,
)
from tests.benchmarks.workplace import ROOT, Workplace

SIZES = (200, 1000, 5000)
"""Turns a day."""
CHOOSING, REPORTING = 100, 50_000
"""First seeds. Those from 9000 were reported twice while the detector still changed, so they report no more."""
METHODS: Mapping[str, tuple[Alarms, tuple[float, ...]]] = {
    "cusum": (cusum_alarms, (6.0, 7.0, 8.0, 9.0, 10.5, 12.0, 15.0)),
    "windows": (window_alarms, (3.0, 3.4, 3.8, 4.2, 4.8, 5.5)),
    "ears_c2": (ears_alarms, (5.0, 6.0, 7.5, 9.0, 11.0, 14.0)),
}
PICTURE = ROOT / "tests" / "benchmarks" / "results" / "alerts.png"


def measure(place: Workplace) -> dict[str, float]:
    """Metrics ``alerts_*``: the product at its three sensitivities, the other methods at equal false alarms."""
    desks = 1 if place.smoke else 6
    choosing, reporting = _desks(CHOOSING, desks), _desks(REPORTING, desks)
    wanted = false_a_week(_outcomes(choosing, cusum_alarms, THRESHOLDS[Sensitivity.NORMAL]))
    metrics: dict[str, float] = {}
    for level, threshold in THRESHOLDS.items():
        metrics |= _figures(f"alerts_{level}", _outcomes(reporting, cusum_alarms, threshold))
    metrics |= _by_kind("alerts_normal", _outcomes(reporting, cusum_alarms, THRESHOLDS[Sensitivity.NORMAL]))
    for name in ("windows", "ears_c2"):
        threshold = _threshold(choosing, METHODS[name][0], wanted)
        metrics |= _figures(f"alerts_{name}", _outcomes(reporting, METHODS[name][0], threshold))
    if not place.smoke:
        _draw(reporting)
    return metrics


def _desks(seed: int, each: int) -> list[Watched]:
    return [watch(make_desk(seed + number, turns)) for turns in SIZES for number in range(each)]


def _outcomes(desks: Iterable[Watched], alarms: Alarms, threshold: float) -> list[Outcome]:
    return [judge(desk, alarms(desk, threshold)) for desk in desks]


def _threshold(desks: list[Watched], alarms: Alarms, false_alarms: float) -> float:
    low, high = 0.0, 40.0
    for _ in range(9):
        middle = (low + high) / 2
        more = false_a_week(_outcomes(desks, alarms, middle)) > false_alarms
        low, high = (middle, high) if more else (low, middle)
    return high


def _figures(name: str, outcomes: list[Outcome]) -> dict[str, float]:
    delays = [hours for one in outcomes for hours in one.delays_h if hours is not None]
    return {
        f"{name}_false_a_week": false_a_week(outcomes),
        f"{name}_found": _found(outcomes, lambda *_: True),
        f"{name}_delay_h_median": float(np.median(delays)),
        f"{name}_delay_h_mean": float(np.mean(delays)),
    }


def _by_kind(name: str, outcomes: list[Outcome]) -> dict[str, float]:
    by_kind: dict[str, float] = {}
    for turns in SIZES:
        here = [one for one in outcomes if one.desk.turns_a_day == turns]
        by_kind[f"{name}_false_a_week_{turns}_turns"] = false_a_week(here)
        by_kind[f"{name}_found_{turns}_turns"] = _found(here, lambda *_: True)
    for factor in (1.5, 2.0, 3.0, 5.0):
        words = f"{factor:g}".replace(".", "_")
        if factor < 5:
            by_kind[f"{name}_found_mood_times_{words}"] = _found(outcomes, lambda m, f, w=factor: m and f == w)
        if factor > 1.5:
            by_kind[f"{name}_found_intent_times_{words}"] = _found(outcomes, lambda m, f, w=factor: not m and f == w)
    return by_kind


def _found(outcomes: list[Outcome], wanted: Callable[[bool, float], bool]) -> float:
    """Share of planted surges that were found while they lasted, of those that are wanted (mood?, factor)."""
    judged = [
        hours is not None
        for one in outcomes
        for planted, hours in zip(one.desk.planted, one.delays_h, strict=True)
        if wanted(planted.series == one.desk.intents.shape[1], planted.factor)
    ]
    return sum(judged) / len(judged) if judged else 0.0


def _draw(desks: list[Watched]) -> None:
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, (alarms, thresholds) in METHODS.items():
        runs = [_figures("x", _outcomes(desks, alarms, threshold)) for threshold in thresholds]
        false_alarms = [run["x_false_a_week"] for run in runs]
        for axis, key, scale in ((axes[0], "x_found", 100), (axes[1], "x_delay_h_median", 1)):
            axis.plot(false_alarms, [scale * run[key] for run in runs], marker="o", label=name)
    for axis, title in zip(axes, ("Surges found, %", "Delay of those found, hours (median)"), strict=True):
        axis.set(title=title, xlabel="False alarms a week, all series of a desk", xlim=(0, 3), ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(PICTURE, dpi=110)
    pyplot.close(figure)
