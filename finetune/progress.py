"""How a training shows where it stands: a bar on a terminal, plain lines elsewhere. Knows nothing of models."""

import sys
import time
from collections.abc import Callable

from tqdm import tqdm

Report = Callable[[str], None]
"""Takes one line for the person who started the training."""

LINE_SECONDS = 15.0
"""Between two plain lines, so that a log file stays short."""


class StepProgress:
    """Steps done, a smoothed loss and the remaining time."""

    def __init__(self, total: int, done: int, report: Report) -> None:
        """Starts at step ``done`` of ``total``; a bar where stderr is a terminal, else lines through ``report``."""
        self._report = report
        self._total = total
        self._first = done
        self._done = done
        self._smoothed: float | None = None
        self._started = self._last_line = time.monotonic()
        self._bar = tqdm(total=total, initial=done, unit="step", desc="training") if sys.stderr.isatty() else None

    def step(self, loss: float) -> None:
        """One more step with its loss."""
        self._done += 1
        self._smoothed = loss if self._smoothed is None else 0.95 * self._smoothed + 0.05 * loss
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{self._smoothed:.3f}", refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            self._report(self._line())

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()

    def _line(self) -> str:
        pace = (time.monotonic() - self._started) / max(1, self._done - self._first)
        left = pace * (self._total - self._done)
        return f"step {self._done} of {self._total}, loss {self._smoothed:.3f}, {left:.0f} s left"
