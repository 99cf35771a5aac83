"""A real `frontdesk serve` in a process of its own: when it is ready, what it weighs. Knows no metric."""

import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.shop_desk import environment

_POLL_S, _PATIENCE_S = 0.02, 120.0


@dataclass(frozen=True, slots=True)
class ServedDesk:
    """A running server.

    Attributes:
        ready_s: from the start of the process until /readyz said so and the page had come.
    """

    url: str
    process_id: int
    ready_s: float

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Resident memory now (``VmRSS``) or at its highest (``VmHWM``), from Linux's own account."""
        return memory_mb(self.process_id, field)


@contextmanager
def serve(tree: Path, desk: Path) -> Iterator[ServedDesk]:
    """Starts the server of a desk without a worker, and ends it.

    Raises:
        BenchmarkError: it ended or did not get ready.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "ui.cli", "serve", "--no-worker", "--port", str(port), "--desk", str(desk)]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=tree, env=environment(), stdout=subprocess.DEVNULL)
    try:
        _wait(process, f"{url}/readyz")
        if httpx2.get(f"{url}/chat/").status_code != httpx2.codes.OK:
            raise BenchmarkError("the chat page does not come; see what the server says")
        yield ServedDesk(url, process.pid, time.monotonic() - started)
    finally:
        process.terminate()
        process.wait(30)


class Visitor:
    """A browser as the server sees it: cookies, the page, and messages through Gradio's queue."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, headers={"Origin": url}, timeout=60)
        self._session = secrets.token_hex(6)
        page = self._client.get("/chat/").raise_for_status().text
        self._client.post("/conversation").raise_for_status()
        config, _ = json.JSONDecoder().raw_decode(page.split("window.gradio_config = ", 1)[1])
        self._deliver = next(
            row["id"] for row in config["dependencies"] if any(event == "deliver" for _, event in row["targets"])
        )

    def say(self, text: str) -> str:
        """Sends a message and waits; gives the page as it is then.

        Raises:
            BenchmarkError: the server took the message and gave no page.
        """
        body = {
            "data": [],
            "event_data": {"text": text, "id": secrets.token_hex(8)},
            "fn_index": self._deliver,
            "session_hash": self._session,
        }
        self._client.post("/chat/gradio_api/queue/join", json=body).raise_for_status()
        address = "/chat/gradio_api/queue/data"
        with self._client.stream("GET", address, params={"session_hash": self._session}) as events:
            for line in events.iter_lines():
                event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if event.get("msg") == "process_completed" and event["success"]:
                    return json.dumps(event["output"])
        raise BenchmarkError("the server ended the stream without an answer; see what it says")

    def close(self) -> None:
        """Leaves."""
        self._client.close()


def memory_mb(process_id: int, field: str) -> float:
    """One figure of Linux's own account of a process, such as ``VmRSS``."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise BenchmarkError(f"the server ended with exit status {process.returncode}; see what it says")
        try:
            if httpx2.get(address, timeout=2).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(_POLL_S)
    raise BenchmarkError(f"the server was not ready after {_PATIENCE_S:.0f} s")


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
