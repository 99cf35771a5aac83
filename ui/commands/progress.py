"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Progress = Callable[[int, int], None]
_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Gives a function that is told (done, all); total 0 means that the end is not known."""
    if not sys.stderr.isatty():
        yield _lines(title)
        return
    with tqdm(desc=title, file=sys.stderr, delay=0.5) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        yield show


def _lines(title: str) -> Progress:
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{title}: {done} of {total or '?'}", file=sys.stderr, flush=True)  # noqa: T201

    return show
