"""A `frontdesk serve` that is killed, stopped and started again at one address. Knows no clients and no metric."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.served_desk import free_port, memory_mb
from tests.benchmarks.shop_desk import environment
from tests.benchmarks.workplace import ROOT

_POLL_S, _PATIENCE_S, _END_S = 0.03, 120.0, 60.0


class DeskProcess:
    """The server of one desk; what it says goes to a file of its own.

    Attributes:
        url: its address, the same after each start.
        log: what it printed, over all starts.
    """

    def __init__(self, desk: Path, log: Path, *, wrapper: Sequence[str] = ()) -> None:
        """Prepares it.

        Args:
            desk: its directory.
            log: made anew.
            wrapper: a command that runs the server's command, such as ``unshare``.
        """
        self._port = free_port()
        self._command = [*wrapper, sys.executable, "-m", "ui.cli", "serve", "--no-worker"]
        self._command += ["--port", str(self._port), "--desk", str(desk)]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.log = log
        log.write_bytes(b"")

    @property
    def process_id(self) -> int:
        """The running server's id."""
        return self._running().pid

    def start(self) -> float:
        """Starts it and waits until it is ready.

        Returns:
            Seconds that this took.

        Raises:
            BenchmarkError: it ended or did not get ready.
        """
        started = time.monotonic()
        with self.log.open("ab") as said:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=environment(), stdout=said, stderr=said, start_new_session=True
            )
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > started + _PATIENCE_S:
                raise BenchmarkError(f"the server did not get ready; see {self.log}")
            time.sleep(_POLL_S)
        return time.monotonic() - started

    def kill(self) -> None:
        """Kill -9, and nothing of it is left."""
        process = self._running()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_S)
        self._process = None

    def wait_dead(self) -> None:
        """Waits for a server that somebody else kills."""
        self._running().wait(_END_S)
        self._process = None

    def stop(self) -> float:
        """SIGTERM, as an operator or systemd sends it.

        Returns:
            Seconds until the process was gone.
        """
        process, started = self._running(), time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(_END_S)
        self._process = None
        return time.monotonic() - started

    def close(self) -> None:
        """Ends it where it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Resident memory now, or at its highest (``VmHWM``)."""
        return memory_mb(self.process_id, field)

    def processor_s(self) -> float:
        """Processor seconds that it has taken so far."""
        words = Path(f"/proc/{self.process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise BenchmarkError("the server does not run")
        return self._process

    def _is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5).status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False
