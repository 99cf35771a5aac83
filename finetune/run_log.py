"""What a run of ``improve`` says while it works: to the person at the terminal, and to the database for the console."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.storage.store import Store
from finetune.progress import Report

_PAUSE_S = 1.0
"""Between two notes of how far a step is."""


@dataclass
class RunLog:
    """The voice of one run.

    Attributes:
        say: takes one line for the person who waits.
        clock: seconds that only grow.
    """

    store: Store
    run_id: int
    say: Report
    clock: Callable[[], float] = time.monotonic
    _step: str = field(default="", init=False)
    _noted: float = field(default=float("-inf"), init=False)

    def step(self, name: str) -> None:
        """A new step begins."""
        self._step, self._noted = name, self.clock()
        self.say(f"==> {name}")
        self.store.runs.step(self.run_id, name)

    def progress(self, done: int, total: int) -> None:
        """The step is so far; noted at most once a second, and at its end."""
        now = self.clock()
        if now - self._noted >= _PAUSE_S or done == total:
            self._noted = now
            self.store.runs.step(self.run_id, self._step, done, total)

    def line(self, text: str) -> None:
        """Something to know about the step; the console shows the latest."""
        self.say(f"    {text}")
        self.store.runs.step(self.run_id, f"{self._step}: {text}")
