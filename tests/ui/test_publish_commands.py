"""`bundles` and `rollback` as an engineer types them."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.desk import Desk
from bot.storage.migrate import upgrade
from bot.values import Versions
from ui.commands.compare import compare
from ui.commands.publish import bundles, rollback


@pytest.fixture
def desk(tiny_bundle: Path, tmp_path: Path) -> Desk:
    """Two bundles, of which the second is live; no knowledge and no replies."""
    desk = Desk(tmp_path)
    (tmp_path / "desk.toml").write_text("")
    upgrade(desk.database_url(desk.settings()))
    for version in ("b1", "b2"):
        folder = Path(shutil.copytree(tiny_bundle, desk.bundle_directory(version)))
        content = json.loads((folder / "manifest.json").read_text())
        parent = "b1" if version == "b2" else None
        (folder / "manifest.json").write_text(json.dumps({**content, "version": version, "parent": parent}))
        with desk.publishing():
            desk.point_to(Versions(version, None, None))
    return desk


def test_bundles_are_listed_for_people_and_for_scripts_and_rollback_goes_back_and_forth(desk: Desk) -> None:
    at = ["--desk", str(desk.directory)]
    shown = CliRunner().invoke(bundles, at).output
    assert shown.startswith("* b2  live since 20")
    assert "parent b1" in shown
    assert "\n  b1  live from 20" in shown
    assert CliRunner().invoke(rollback, at).output == "Live: bundle b1, knowledge None, replies None\n"
    rows = json.loads(CliRunner().invoke(bundles, [*at, "--json"]).output)
    assert [(row["version"], row["live"], row["can_return"]) for row in rows] == [
        ("b2", False, True),
        ("b1", True, False),
    ]
    assert rows[0]["metrics"]["intent_accuracy"] > 0
    CliRunner().invoke(rollback, ["b2", *at])
    assert desk.live().bundle == "b2"


def test_rollback_works_while_the_database_is_away(desk: Desk) -> None:
    (desk.directory / "desk.toml").write_text('database_url = "postgresql://nobody@127.0.0.1:1/none"\n')
    done = CliRunner().invoke(rollback, ["--desk", str(desk.directory)])
    assert done.exit_code == 0
    assert desk.live().bundle == "b1"
    assert "frontdesk publish" in done.stderr


def test_clean_keeps_what_a_rollback_needs_and_says_what_it_removed(desk: Desk) -> None:
    (desk.bundle_directory("b0")).mkdir()
    os.utime(desk.bundle_directory("b0"), (0, 0))
    at = ["--desk", str(desk.directory)]
    assert CliRunner().invoke(bundles, [*at, "--keep", "0"]).exit_code == 2
    done = CliRunner().invoke(bundles, [*at, "--clean", "--keep", "0"])
    assert done.stderr == "Removed bundles/b0\n"
    assert desk.bundles() == ["b1", "b2"]


def test_compare_takes_versions_or_directories_and_the_golden_set(
    desk: Desk, tiny_bundle: Path, tmp_path: Path
) -> None:
    at = ["--desk", str(desk.directory), "--provider", "cpu", "--out", str(tmp_path / "page")]
    assert "no labelled row" in str(CliRunner().invoke(compare, ["b1", "b2", *at]).exception)
    (desk.directory / "training").mkdir()
    (desk.directory / "training" / "golden.csv").write_text("text,intent\nwhere is my order,order_status\n")
    done = CliRunner().invoke(compare, ["b1", str(tiny_bundle), *at])
    assert "1 rows: 0 lost, 0 won" in done.output
    assert "golden set" in (tmp_path / "page" / "index.html").read_text()
    unknown = CliRunner().invoke(compare, ["b1", "b9", *at])
    assert (unknown.exit_code, "the desk has b1, b2" in unknown.output) == (2, True)
