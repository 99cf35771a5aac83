"""How much memory one state of a desk takes: ``python -m bot.resident DESK BUNDLE KNOWLEDGE REPLIES``.

Loads the state, encodes a text, prints the peak resident size as JSON. An empty argument stands for no snapshot.
"""

import json
import resource
import sys
from pathlib import Path

from bot.desk import Desk
from bot.live import Models, load_models
from bot.values import Versions

_STATUS = Path("/proc/self/status")
_PEAK = "VmHWM:"


def loaded(directory: Path, bundle: str, knowledge: str, replies: str) -> Models:
    """Load a state of a desk, and use it once.

    Raises:
        BotError: a part cannot be used.
        RetrievalError: the knowledge snapshot cannot be used.
    """
    desk = Desk(directory)
    models = load_models(desk, desk.settings(), Versions(bundle, knowledge or None, replies or None))
    models.encoder.understand(["where is my order"])
    return models


def peak_mb() -> float:
    """The most resident memory (MB) that this process has taken.

    Linux counts it for the program alone; what ``getrusage`` tells there includes the parent that started it.
    """
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(_PEAK))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    models = loaded(Path(sys.argv[1]), *sys.argv[2:5])
    sys.stdout.write(json.dumps({"peak_mb": peak_mb()}) + "\n")
