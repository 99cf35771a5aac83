"""Fair clocks: compared runs take turns, and the middle counts. Knows nothing of what runs."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

PAUSE_S = 0.05
"""Between two blocks: threads of the one before must have stopped spinning."""


def taking_turns(
    runs: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 15,
    calls: int = 10,
    clock: Callable[[], float] | None = None,
) -> dict[str, float]:
    """Median milliseconds of one call, by name; the runs go A B A B, a block of calls each.

    Args:
        runs: what to time.
        rounds: how often each has its turn; one more, not counted, warms up.
        calls: in a block; the block's mean is one measurement.
        clock: gives seconds; for tests.
    """
    now = clock or time.perf_counter
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            time.sleep(PAUSE_S if clock is None else 0)
            started = now()
            for _ in range(calls):
                run()
            if number:
                measured[name].append((now() - started) / calls * 1000)
    return {name: statistics.median(values) for name, values in measured.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]
