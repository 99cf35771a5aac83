import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.desk import Desk, with_knowledge
from bot.errors import DeskError
from bot.settings import Settings
from bot.values import Versions

FIRST = Versions("b1", "k1", None)
SECOND = Versions("b2", "k2", "r2")


def published(tmp_path: Path, *states: Versions) -> Desk:
    desk = Desk(tmp_path)
    for versions in states:
        with desk.publishing():
            desk.point_to(versions)
    return desk


def test_live_says_what_to_do_before_anything_is_published(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="frontdesk publish"):
        Desk(tmp_path).live()


def test_live_is_what_was_pointed_to_last(tmp_path: Path) -> None:
    assert published(tmp_path, FIRST, SECOND).live() == SECOND


def test_roll_back_passes_over_states_of_the_same_bundle(tmp_path: Path) -> None:
    desk = published(tmp_path, FIRST, SECOND, with_knowledge(SECOND, "k3"))
    assert desk.roll_back() == FIRST
    assert desk.live() == FIRST


def test_roll_back_reaches_any_earlier_bundle_however_many_articles_were_edited_since(tmp_path: Path) -> None:
    third = Versions("b3", "k3", None)
    edits = [with_knowledge(third, f"k3-{number}") for number in range(30)]
    desk = published(tmp_path, FIRST, with_knowledge(FIRST, "k1b"), SECOND, third, *edits)
    assert len(desk.history()) == 22
    assert desk.roll_back("b1") == with_knowledge(FIRST, "k1b")
    assert desk.roll_back() == edits[-1]
    with pytest.raises(DeskError, match="earlier bundles: b1, b2"):
        desk.roll_back("b9")


def test_a_second_improve_is_refused_and_told_who_holds_the_desk(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bot.desk import Desk\n"
        f"with Desk(Path({str(tmp_path)!r})).improving(): print('holds', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        with pytest.raises(DeskError, match=rf"process {holder.pid} since 20"), Desk(tmp_path).improving():
            pytest.fail("two improve at once")
    finally:
        holder.kill()
        holder.wait(10)
    with Desk(tmp_path).improving():  # a killed one holds nothing
        assert f"process {os.getpid()} " in (tmp_path / ".improve.lock").read_text()


def test_roll_back_refuses_without_an_earlier_bundle(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="no earlier bundle"):
        published(tmp_path, FIRST).roll_back()


def test_history_says_that_a_broken_pointer_is_broken(tmp_path: Path) -> None:
    desk = published(tmp_path, FIRST)
    desk.pointer.write_text('[{"versions": 3}]')
    with pytest.raises(DeskError, match="broken"):
        desk.live()


def test_bundles_hides_half_copied_ones(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name in ("b1", ".b2.copying"):
        desk.bundle_directory(name).mkdir(parents=True)
    assert desk.bundles() == ["b1"]


def test_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.secret_key(Settings())
    assert len(key) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert Desk(tmp_path).secret_key(Settings()) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_secret_key_of_the_settings_counts_and_must_be_long(tmp_path: Path) -> None:
    assert Desk(tmp_path).secret_key(Settings(secret_key="k" * 32)) == "k" * 32
    assert not (tmp_path / "secret.key").exists()
    with pytest.raises(DeskError, match="32 characters"):
        Desk(tmp_path).secret_key(Settings(secret_key="short"))
