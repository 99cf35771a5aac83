"""Lines that outlive the database, and the flags of bundles."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.bundle_flags import AGED, ERASED, bundle_flags, bundles_trained_on, flag_datasets, flags_of_bundle
from bot.errors import DeskError
from bot.tombstones import Tombstone, Tombstones, new_tombstone_id, read_tombstones

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def stone(customer: str | None = None) -> Tombstone:
    return Tombstone(new_tombstone_id(NOON), NOON, "command line", customer, ("c1", "c2"), {"messages": 3})


@pytest.fixture
def tombstones(tmp_path: Path) -> Tombstones:
    return Tombstones(tmp_path / "erased.jsonl", "k" * 40)


def test_what_is_appended_is_read_in_order_and_for_the_owner_alone(tombstones: Tombstones) -> None:
    first, second = stone(tombstones.mark("ada")), stone()
    tombstones.append(first)
    tombstones.append(second)
    assert read_tombstones(tombstones.path) == [first, second]
    assert tombstones.path.stat().st_mode & 0o777 == 0o600
    assert read_tombstones(tombstones.path.with_name("none")) == []


def test_the_customer_is_kept_as_a_keyed_hash(tombstones: Tombstones) -> None:
    tombstones.append(stone(tombstones.mark("ada@shop.example")))
    assert b"ada" not in tombstones.path.read_bytes()
    assert tombstones.mark("ada") == tombstones.mark("ada") != tombstones.mark("eve")
    assert Tombstones(tombstones.path, "x" * 40).mark("ada") != tombstones.mark("ada")


def test_an_end_that_a_kill_tore_is_no_tombstone_and_makes_way_for_the_next(tombstones: Tombstones) -> None:
    tombstones.append(whole := stone())
    with tombstones.path.open("ab") as file:
        file.write(b'{"tombstone_id": "2026')
    assert read_tombstones(tombstones.path) == [whole]
    tombstones.append(after := stone())
    assert read_tombstones(tombstones.path) == [whole, after]


def test_a_damaged_line_is_named(tombstones: Tombstones) -> None:
    tombstones.append(stone())
    with tombstones.path.open("ab") as file:
        file.write(b'{"by": "eve"}\n')
    with pytest.raises(DeskError, match="line 2"):
        read_tombstones(tombstones.path)


def bundle(desk: Path, version: str, dataset: str | None) -> None:
    (desk / "bundles" / version).mkdir(parents=True)
    (desk / "bundles" / version / "manifest.json").write_text(json.dumps({"version": version, "dataset": dataset}))


def test_bundles_of_a_flagged_dataset_carry_the_flag_also_when_they_come_later(tmp_path: Path) -> None:
    bundle(tmp_path, "b1", "d1")
    bundle(tmp_path, "b2", None)
    assert bundle_flags(tmp_path) == {}
    flag_datasets(tmp_path, ["d1"], ERASED)
    flag_datasets(tmp_path, ["d1"], ERASED)
    flag_datasets(tmp_path, ["d1"], AGED)
    bundle(tmp_path, "b3", "d1")
    assert sorted(bundle_flags(tmp_path)) == bundles_trained_on(tmp_path, {"d1"}) == ["b1", "b3"]
    assert [(flag.reason, flag.times) for flag in flags_of_bundle(tmp_path, "b3")] == [(ERASED, 2), (AGED, 1)]
    assert "frontdesk improve" in bundle_flags(tmp_path)["b1"][0].sentence
    assert flags_of_bundle(tmp_path, "b2") == flags_of_bundle(tmp_path, "none") == ()


def test_damaged_flags_are_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "bundle-flags.json").write_text("[1]")
    with pytest.raises(DeskError, match=r"bundle-flags\.json is damaged"):
        bundle_flags(tmp_path)
