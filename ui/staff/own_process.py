"""Starts a `frontdesk` command in a process of its own, whose output goes to a file of the desk. Knows no command.

The process outlives the server: what it does is told by the database and by the desk, not by this file.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.desk import Desk

FOLDER = "logs"
_TAIL_BYTES = 4000


@dataclass
class OwnProcess:
    """One kind of command of a desk, at most one of this server at a time.

    Attributes:
        name: of the command and of its file, ``logs/NAME.log``.
        expected: exit statuses that are no failure.
        program: what runs the command.
    """

    desk: Desk
    name: str
    expected: frozenset[int] = frozenset({0})
    program: tuple[str, ...] = (sys.executable, "-m", "ui.cli")
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def log(self) -> Path:
        """Where its output goes, one run after the other."""
        return self.desk.directory / FOLDER / f"{self.name}.log"

    @property
    def running(self) -> bool:
        """Whether one that was started here still runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, arguments: Sequence[str]) -> bool:
        """Start the command with its arguments and ``--desk``; False where one runs already.

        Raises:
            OSError: the file cannot be written, or the process cannot be started.
        """
        with self._lock:
            if self.running:
                return False
            self.log.parent.mkdir(exist_ok=True)
            command = [*self.program, self.name, *arguments, "--desk", str(self.desk.directory.resolve())]
            with self.log.open("ab") as log:
                log.write(f"--- {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
                log.flush()
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
            threading.Thread(target=self._process.wait, daemon=True, name=f"{self.name}-ends").start()
            return True

    @property
    def failure(self) -> str | None:
        """The last line that a failed one said; None while it runs, and where none was started or none failed."""
        status = self._process.poll() if self._process is not None else None
        if status is None or status in self.expected:
            return None
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines and not lines[-1].startswith("--- ") else f"it ended with status {status}"
