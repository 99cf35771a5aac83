import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.errors import DeskError
from bot.leftovers import remove_half_written, remove_old_versions
from bot.values import Versions
from bot.worker import Worker

LONG_AGO_S = 30 * 24 * 3600


def make(path: Path, *, old: bool = True) -> Path:
    path.mkdir(parents=True)
    (path / "file.json").write_text("{}")
    if old:
        for one in (path / "file.json", path):
            os.utime(one, (time.time() - LONG_AGO_S,) * 2)
    return path


def names(desk: Desk) -> set[str]:
    folders = ("bundles", "knowledge-snapshots", "reply-snapshots", "work")
    return {f"{kind}/{path.name}" for kind in folders for path in (desk.directory / kind).glob("*")}


def test_only_what_no_process_writes_is_removed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    make(desk.bundle_directory("b1"))
    make(desk.bundle_directory(".b2.copying"))
    make(desk.bundle_directory(".b0.removed"))
    make(desk.knowledge_directory(".k1.x7"))
    make(desk.replies_directory(".r1.young"), old=False)
    held = make(desk.bundle_directory(".b3.held"))
    code = (
        "import fcntl, os, sys, time\n"
        f"fcntl.flock(os.open({str(held)!r}, os.O_RDONLY), fcntl.LOCK_EX); print('holds', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "holds\n"
        removed = remove_half_written(desk).half_written
        assert removed == ("bundles/.b0.removed", "bundles/.b2.copying", "knowledge-snapshots/.k1.x7")
        assert names(desk) == {"bundles/b1", "bundles/.b3.held", "reply-snapshots/.r1.young"}
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    assert remove_half_written(desk).half_written == ("bundles/.b3.held",)


def test_worker_cleans_up_at_its_start_and_once_an_hour(desk: Desk) -> None:
    settings = desk.settings()
    with open_store(desk, settings) as store:
        worker = Worker(desk, settings, store)
        make(desk.bundle_directory(".b2.x1"))
        worker.clean_up()
        assert not desk.bundle_directory(".b2.x1").exists()
        make(desk.bundle_directory(".b3.x1"))
        worker.clean_up()
        assert desk.bundle_directory(".b3.x1").exists()


def test_a_snapshot_whose_writer_was_killed_is_removed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    code = (
        "import os, signal; from pathlib import Path; from retrieval.artifact import write_artifact\n"
        f"write_artifact(Path({str(desk.knowledge_directory('k1'))!r}), {{}}, lambda f: os.kill(os.getpid(), 9))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    (left,) = (tmp_path / "knowledge-snapshots").iterdir()
    assert left.name.startswith(".k1.")
    assert remove_half_written(desk).half_written == ()  # it may be a moment old
    os.utime(left, (time.time() - 100,) * 2)
    assert len(remove_half_written(desk).half_written) == 1


def test_unfinished_trainings_stay_for_a_week_and_while_somebody_improves(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    make(tmp_path / "work" / "improve-1")
    make(tmp_path / "work" / "improve-2", old=False)
    with desk.improving():
        assert remove_half_written(desk).half_written == ()
    assert remove_half_written(desk).half_written == ("work/.improve-1.removed",)
    assert names(desk) == {"work/improve-2"}


def test_old_versions_go_but_never_what_is_live_or_can_return_or_is_quoted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number in range(1, 7):
        make(desk.bundle_directory(f"b{number}"))
        make(desk.knowledge_directory(f"k{number}"))
        make(desk.replies_directory(f"r{number}"))
    make(desk.bundle_directory("b0-just-prepared"), old=False)
    for versions in (Versions("b1", "k1", "r1"), Versions("b3", "k3", None)):
        with desk.publishing():
            desk.point_to(versions)
    removed = remove_old_versions(desk, 1, {"k2"}).old_versions
    assert set(removed) == {
        *("bundles/b2", "bundles/b4", "bundles/b5"),
        *("knowledge-snapshots/k4", "knowledge-snapshots/k5"),
        *("reply-snapshots/r2", "reply-snapshots/r3", "reply-snapshots/r4", "reply-snapshots/r5"),
    }
    assert {name for name in names(desk) if name.startswith("b")} == {
        *("bundles/b0-just-prepared", "bundles/b1", "bundles/b3", "bundles/b6")
    }
    with desk.improving(), pytest.raises(DeskError, match="improved"):
        remove_old_versions(desk, 0, set())


def test_removal_that_is_killed_shows_no_half_bundle_and_the_next_run_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    for version in ("b1", "b2", "b3"):
        make(desk.bundle_directory(version))
    with desk.publishing():
        desk.point_to(Versions("b1", None, None))

    def killed(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bot.leftovers.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_old_versions(desk, 0, set())
    assert desk.bundles() == ["b1"]
    assert len(names(desk)) == 3
    remove_half_written(desk)
    assert names(desk) == {"bundles/b1"}
