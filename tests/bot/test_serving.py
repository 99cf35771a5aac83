"""A real server in a process of its own, talked to over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from bot.desk import Desk
from tests.benchmarks.served_desk import Visitor

_SERVER = """
import atexit, json, sys
from pathlib import Path
names = Path(sys.argv[2])
atexit.register(lambda: names.write_text(json.dumps(sorted(sys.modules))))
from ui.server import run_server
run_server(Path(sys.argv[1]), None, 0, with_worker=False)
"""


class Server:
    """A running server: where it listens, and what it had imported once it has ended."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._modules = folder / "modules.json"
        command = [sys.executable, "-c", _SERVER, str(desk.directory), str(self._modules)]
        environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.url = line.split()[4]

    def end(self) -> set[str]:
        """Stop it as an operator would; gives the names of all modules that it had loaded."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return set(json.loads(self._modules.read_text()))


@pytest.fixture
def server(desk: Desk, tmp_path: Path) -> Iterator[Server]:
    running = Server(desk, tmp_path)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            httpx2.get(f"{running.url}/healthz", timeout=2)
            break
        except httpx2.TransportError:
            time.sleep(0.1)
    yield running
    running.process.kill()
    running.process.wait(10)


def test_a_turn_over_http_loads_neither_torch_nor_transformers(server: Server) -> None:
    ready = httpx2.get(f"{server.url}/readyz", timeout=10).json()
    assert ready["provider"] == "CPUExecutionProvider"
    visitor = Visitor(server.url)
    assert "You can follow your parcel under My account." in visitor.say("where is my order")
    visitor.close()
    modules = server.end()
    assert {"onnxruntime", "tokenizers", "faiss"} <= modules
    assert not modules & {"torch", "transformers", "sentence_transformers", "datasets", "finetune"}


def test_a_port_in_use_is_one_line_and_exit_status_2(server: Server, desk: Desk) -> None:
    port = server.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "ui.cli", "serve", "--no-worker", "--port", port, "--desk", str(desk.directory)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("frontdesk: cannot listen on 127.0.0.1:")
