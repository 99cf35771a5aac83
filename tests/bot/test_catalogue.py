import json
from pathlib import Path

import pytest

from bot.bundle_flags import ERASED, flag_datasets
from bot.catalogue import list_bundles
from bot.desk import Desk, Published
from bot.values import Versions


def add(desk: Desk, bundle: Path, version: str, **changes: object) -> None:
    folder = desk.bundle_directory(version)
    folder.mkdir(parents=True)
    content = json.loads((bundle / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**content, "version": version, **changes}))


def test_list_shows_lineage_times_figures_and_flags(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    add(desk, tiny_bundle, "b1", dataset="d1")
    add(desk, tiny_bundle, "b2", dataset="d2", parent="b1", metrics={"intent_accuracy": 0.9, "train_s": 3.0})
    add(desk, tiny_bundle, "b3", parent="b2")
    flag_datasets(tmp_path, ["d1"], ERASED)
    order = [("b1", 1), ("b2", 2), ("b2", 3), ("b1", 4), ("b2", 5), ("b2", 6)]
    states = [Published(Versions(bundle, f"k{day}", None), f"2026-11-0{day}") for bundle, day in reversed(order)]
    monkeypatch.setattr(Desk, "history", lambda self: states)
    third, second, first = list_bundles(desk)
    assert (second.live, second.published_utc, second.replaced_utc, second.can_return) == (
        True,
        "2026-11-05",
        None,
        False,
    )
    assert (first.live, first.published_utc, first.replaced_utc) == (False, "2026-11-04", "2026-11-05")
    assert (third.published_utc, third.can_return, first.can_return) == (None, False, True)
    assert second.key_metrics == {"intent_accuracy": 0.9}
    assert second.as_dict()["metrics"] == {"intent_accuracy": 0.9, "train_s": 3.0}
    assert (second.as_dict()["dataset"], second.as_dict()["parent"]) == ("d2", "b1")
    assert "erased" in first.flags[0]
    assert second.flags == ()


def test_a_damaged_bundle_is_listed_with_its_problem(tmp_path: Path, tiny_bundle: Path) -> None:
    desk = Desk(tmp_path)
    add(desk, tiny_bundle, "b1")
    for version, text in (("b2", "{"), ("b3", "[]"), ("b4", '{"format": 1}')):
        desk.bundle_directory(version).mkdir()
        (desk.bundle_directory(version) / "manifest.json").write_text(text)
    desk.bundle_directory("b5").mkdir()
    listed = {bundle.version: bundle.problem for bundle in list_bundles(desk)}
    assert listed.pop("b1") is None
    assert sorted(listed) == ["b2", "b3", "b4", "b5"]
    assert all(problem for problem in listed.values())
