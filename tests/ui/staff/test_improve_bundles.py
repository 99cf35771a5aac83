"""Bundles in the console: what is shown of them, and that only an admin makes one live, after a question."""

import json
import shutil
import sys
import time
from typing import Any

import pytest

from bot.bundle_flags import ERASED, flag_datasets
from bot.improvement import GateResult, RunState
from ui.staff.caller import StaffError
from ui.staff.improve_bundles import BundlesPart
from ui.staff.own_process import OwnProcess

HOSTILE = '<img src=x onerror="alert(1)">'


def another_bundle(desk: Any, version: str, **changed: str) -> str:
    """A bundle in the desk that was never live; only its manifest is read here."""
    directory = desk.services.desk.bundle_directory
    copy = shutil.copytree(directory(desk.services.desk.live().bundle), directory(version))
    path = copy / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": version, **changed}), encoding="utf-8")
    return version


def process(desk: Any, code: str) -> OwnProcess:
    return OwnProcess(desk.services.desk, "publish", program=(sys.executable, "-c", code))


def wait_until_ended(own: OwnProcess) -> None:
    for _ in range(200):
        if not own.running:
            return
        time.sleep(0.05)
    raise AssertionError("it runs on")


def test_bundles_show_lineage_figures_flags_and_the_live_one(staff_desk: Any) -> None:
    another_bundle(staff_desk, "b-2", dataset="d-1", parent=HOSTILE)
    flag_datasets(staff_desk.services.desk.directory, ["d-1"], ERASED)
    part = BundlesPart(staff_desk.services)
    listed = part.show(None, staff_desk.request("admin"))[4]
    assert listed.count("● live") == 1
    assert "dataset d-1" in listed
    assert "trained on words that are erased since" in listed
    assert "intent accuracy" in listed
    assert listed.count('data-act="ask" data-id="b-2" data-how="publish"') == 1
    assert "<img" not in listed
    assert "data-act" not in part.show(None, staff_desk.request("reviewer"))[4]


def test_publishing_is_asked_with_what_speaks_against_it_and_done_once(staff_desk: Any) -> None:
    version = another_bundle(staff_desk, "b-2")
    runs = staff_desk.services.store.runs
    run_id = runs.start(by="ana", parent_bundle=None)
    runs.record(run_id, bundle_version=version)
    runs.add_gate(run_id, GateResult("memory", False, 3000, 2000, f"3000 MB {HOSTILE}"))
    runs.finish(run_id, RunState.HELD, "held back by memory")
    own = process(staff_desk, "import sys, time; print(sys.argv[1:]); time.sleep(1)")
    part, admin = BundlesPart(staff_desk.services, own), staff_desk.request("admin")
    asked, _, question, shown, _ = part.ask(admin, staff_desk.event(id=version, how="publish"))
    assert "Publish b-2?" in question
    assert "3000 MB" in question
    assert "<img" not in question
    assert shown["visible"]
    assert not part.cancel(admin)[3]["visible"]
    asked_then, standing = part.confirm(asked, admin)[:2]
    assert asked_then is None
    assert "Publishing b-2" in standing
    with pytest.raises(StaffError, match="already"):
        part.confirm(asked, admin)
    wait_until_ended(own)
    directory = staff_desk.services.desk.bundle_directory(version).resolve()
    assert str(["publish", str(directory), "--desk"])[:-1] in own.log.read_text(encoding="utf-8")
    assert staff_desk.actions()[0] == ("admin", "bundle_publish", version)


def test_a_publication_that_fails_is_told(staff_desk: Any) -> None:
    version = another_bundle(staff_desk, "b-2")
    own = process(staff_desk, "import sys; print('the bundle is damaged'); sys.exit(2)")
    part, admin = BundlesPart(staff_desk.services, own), staff_desk.request("admin")
    part.confirm(("publish", version), admin)
    wait_until_ended(own)
    assert "Not live: the bundle is damaged" in part.show(None, admin)[1]


def test_rolling_back_takes_effect_at_once_and_is_logged(staff_desk: Any) -> None:
    desk = staff_desk.services.desk
    before, version = desk.live(), another_bundle(staff_desk, "b-2")
    with desk.publishing():
        desk.point_to(type(before)(version, before.knowledge, before.replies))
    part, admin = BundlesPart(staff_desk.services), staff_desk.request("admin")
    assert "Roll back to this" in part.show(None, admin)[4]
    asked = part.ask(admin, staff_desk.event(id=before.bundle, how="rollback"))[0]
    standing = part.confirm(asked, admin)[1]
    assert desk.live().bundle == before.bundle
    assert "answers customers" in standing
    assert staff_desk.actions()[0] == ("admin", "bundle_rollback", before.bundle)


@pytest.mark.parametrize("name", [None, "agent", "reviewer"])
def test_only_admins_make_a_bundle_live(staff_desk: Any, name: str | None) -> None:
    version = another_bundle(staff_desk, "b-2")
    part, request = BundlesPart(staff_desk.services), staff_desk.request(name)
    for call in (
        lambda: part.ask(request, staff_desk.event(id=version, how="publish")),
        lambda: part.confirm(("publish", version), request),
        lambda: part.confirm(("rollback", version), request),
    ):
        with pytest.raises(StaffError):
            call()
    assert staff_desk.services.desk.live().bundle != version
    with pytest.raises(StaffError, match="gone"):
        part.confirm(("publish", "../../etc"), staff_desk.request("admin"))
