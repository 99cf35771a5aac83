"""Result files and the page that is made from them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.benchmarks import page, run
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.results import is_metric, merge_part
from tests.benchmarks.workplace import RESULTS

DETAILS = {"command": "scripts/bench x", "commit": "abc", "machine": "a box", "measured_utc": "2026-01-01T00:00:00"}


def entries(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_a_part_replaces_its_own_metrics_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results" / "quality.json"
    merge_part(path, "one", ("one",), "", {"one_accuracy": 0.5, "baseline_one_accuracy": 0.4, "one_gone": 1}, DETAILS)
    merge_part(path, "two", ("two",), "", {"two_accuracy": 0.7}, DETAILS)
    merge_part(path, "one_gpu", ("one",), "_gpu", {"one_accuracy_gpu": 0.55}, DETAILS)
    merge_part(path, "one", ("one",), "", {"one_accuracy": 0.6, "baseline_one_accuracy": 0.4}, DETAILS)
    assert {key: value for key, value in entries(path).items() if is_metric(key, value)} == {
        "one_accuracy": 0.6,
        "baseline_one_accuracy": 0.4,
        "one_accuracy_gpu": 0.55,
        "two_accuracy": 0.7,
    }
    assert {key: entries(path)[key] for key in DETAILS} == DETAILS
    assert all(not isinstance(value, dict | list) for value in entries(path).values())


def test_a_part_cannot_write_what_it_does_not_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not own"):
        merge_part(tmp_path / "x.json", "one", ("one",), "", {"two_accuracy": 1.0}, DETAILS)


def test_page_shows_value_target_and_baseline_in_one_row(tmp_path: Path) -> None:
    metrics = {"shop_answered_share": 0.7, "shop_handoff_recall": 0.5, "baseline_shop_answered_share": 0.3}
    merge_part(tmp_path / "shop.json", "shop", ("shop",), "", metrics, DETAILS)
    text = page.render(tmp_path)
    assert "| shop_answered_share | **0.7000** | >= .60 | 0.3000 |  |" in text
    assert "| shop_handoff_recall | 0.5000 (!) | >= .90 |  |  |" in text
    assert "## quality" not in text


def test_page_is_made_from_the_result_files_of_this_tree() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.render(RESULTS), "run scripts/bench page"


def test_result_files_are_flat_maps_of_numbers_with_their_origin() -> None:
    for path in RESULTS.glob("*.json"):
        found = entries(path)
        assert {"command", "commit", "machine"} <= set(found), path
        assert path.stem in run.BENCHMARKS
        texts = [key for key, value in found.items() if not is_metric(key, value)]
        assert all(isinstance(found[key], str) for key in texts)


def test_every_target_is_measured_by_a_part_that_owns_it() -> None:
    owned = [prefix for name in run.BENCHMARKS for part in run.BENCHMARKS[name]().values() for prefix in part.owns]
    assert [target for target in page.TARGETS if not target.startswith(tuple(owned))] == []


def test_an_unknown_part_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(run.bench, ["shop", "--only", "nothing"])
    assert isinstance(result.exception, BenchmarkError)
    assert str(result.exception) == "shop has no part nothing; it has shop"


def test_gpu_without_cuda_is_one_line_and_exit_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["bench", "shop", "--gpu"])
    with pytest.raises(SystemExit) as stopped:
        run.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
