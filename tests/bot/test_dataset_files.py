"""Taking conversations out of dataset versions, also where an earlier try was killed."""

import json
from pathlib import Path

import pytest

from bot.dataset_files import conversations_in, dataset_versions, forget, read_dataset_manifest
from bot.errors import DeskError
from retrieval.artifact import write_artifact


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    def write_files(folder: Path) -> None:
        rows = [{"conversation_id": name, "messages": [{"text": f"I am {name}\u2028, really"}]} for name in "ab"]
        (folder / "dialogues.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        (folder / "out_of_scope.csv").write_text('text,conversation_id\n"Any, rain?\nreally",a\n')
        (folder / "intents.csv").write_text("text,intent\nwhere is it,order\n")

    write_artifact(tmp_path / "d1", {"version": "d1", "fingerprint": "f"}, write_files)
    (tmp_path / ".half").mkdir()
    return tmp_path


def test_forget_takes_a_conversation_out_of_every_file_and_counts_it(datasets: Path) -> None:
    assert conversations_in(datasets / "d1") == {"a", "b"}
    (forgotten,) = forget(datasets, {"a", "z"})
    assert (forgotten.version, forgotten.rows) == ("d1", 2)
    assert conversations_in(datasets / "d1") == {"b"}
    manifest = read_dataset_manifest(datasets / "d1")
    assert (manifest["version"], manifest["fingerprint"], manifest["forgotten"]) == ("d1", "f", 2)
    assert (datasets / "d1" / "out_of_scope.csv").read_text() == "text,conversation_id\n"
    assert (datasets / "d1" / "intents.csv").read_text() == "text,intent\nwhere is it,order\n"
    assert forget(datasets, {"a"}) == []


def test_forget_mends_what_a_killed_erasure_left(datasets: Path) -> None:
    (datasets / "d1" / "dialogues.jsonl").write_text("")  # changed, and killed before the manifest
    with pytest.raises(DeskError, match="wrong sha256"):
        read_dataset_manifest(datasets / "d1")
    forget(datasets, {"a"})
    assert read_dataset_manifest(datasets / "d1")["forgotten"] == 1


def test_half_written_versions_are_invisible(datasets: Path) -> None:
    assert dataset_versions(datasets) == ["d1"]
    assert dataset_versions(datasets / "none") == []
