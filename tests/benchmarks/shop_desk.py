"""The demo desk, made by scripts/demo itself in a copy of the tree. Knows no metric.

The copy borrows the packages of the interpreter that runs the benchmark: what is measured is the demo, not pip.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.assistant import Assistant
from bot.desk import Desk
from bot.live import Models, load_models
from bot.settings import Settings
from bot.storage.migrate import upgrade
from bot.storage.store import Store
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.workplace import ROOT, Workplace

SHOP = ROOT / "scripts" / "demo_shop"


@dataclass(frozen=True, slots=True)
class DemoTree:
    """A copy of the tree with a prepared demo.

    Attributes:
        seconds: what `scripts/demo --prepare-only` took in this very call.
    """

    directory: Path
    seconds: float

    @property
    def desk(self) -> Path:
        """The demo's desk."""
        return self.directory / ".demo" / "desk"


@dataclass(frozen=True)
class OpenDesk:
    """The demo's live models with a log of its own, so that the demo's log stays as it is."""

    settings: Settings
    models: Models
    assistant: Assistant


def prepare_demo(place: Workplace, *, anew: bool = False) -> DemoTree:
    """Copies the tree and runs `scripts/demo --prepare-only` in it.

    Args:
        place: where the copy is kept; a desk of the same sources is used again, as the demo does itself.
        anew: make the desk anew in any case.

    Raises:
        BenchmarkError: the script failed; it has said why.
    """
    tree = copy_tree(place.folder("demo-tree"), keep=() if anew else (".demo",))
    lend_packages(tree)
    place.say("running scripts/demo --prepare-only")
    started = time.monotonic()
    done = subprocess.run(["scripts/demo", "--prepare-only"], cwd=tree, check=False)
    if done.returncode:
        raise BenchmarkError(f"scripts/demo failed with exit status {done.returncode}; see its message above")
    return DemoTree(tree, time.monotonic() - started)


@contextmanager
def open_desk(place: Workplace, tree: DemoTree) -> Iterator[OpenDesk]:
    """Opens the demo's desk over a temporary database."""
    desk = Desk(tree.desk)
    settings = desk.settings().model_copy(update={"provider": place.providers})
    models = load_models(desk, settings, desk.live())
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/frontdesk.db"
        upgrade(url)
        with Store.open(url) as store:
            yield OpenDesk(settings, models, Assistant(store, lambda: models, settings))


def copy_tree(target: Path, keep: tuple[str, ...] = ()) -> Path:
    """Copies every file that git tracks or would track, and drops what else was in the target but for ``keep``."""
    for old in target.iterdir():
        if old.name not in keep:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return target


def lend_packages(tree: Path) -> None:
    """Gives the copy a .venv that runs this interpreter, marked as installed so that scripts/setup leaves it alone."""
    folder = tree / ".venv" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, call in (("python", ""), ("frontdesk", " -m ui.cli")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{call} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    state = b"".join((tree / name).read_bytes() for name in ("pyproject.toml", "constraints.txt", "scripts/setup"))
    stamp = tree / ".venv" / "installed-train"
    stamp.write_text(hashlib.sha256(state).hexdigest() + "\n", encoding="utf-8")


def environment() -> dict[str, str]:
    """The environment of a desk's process: nobody phones home, and no setting of this shell comes in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return {**inherited, "HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
