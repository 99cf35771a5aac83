"""Curves go where they are told to and nowhere else. The services' clients are stand-ins that take notes."""

import sys
from pathlib import Path

import pytest

from finetune.errors import TrackingError
from finetune.recipe import Recipe, parse_recipe
from finetune.tracking import require_trackers, tracking

RECIPE = Recipe("r", languages=("en", "de"))

WANDB = """
noted = []
class Run:
    def log(self, values, step): noted.append((step, values))
    def finish(self): noted.append("finished")
def init(**given):
    noted.append(given)
    return Run()
"""

MLFLOW = """
from types import SimpleNamespace as Plain
noted = []
class MlflowClient:
    def __init__(self, tracking_uri): noted.append(tracking_uri)
    def get_experiment_by_name(self, name): return None
    def create_experiment(self, name): return "e-" + name
    def create_run(self, experiment, run_name): return Plain(info=Plain(run_id=f"{experiment}/{run_name}"))
    def log_param(self, run, name, value): noted.append((name, value))
    def log_metric(self, run, name, value, step): noted.append((run, name, value, step))
    def set_terminated(self, run): noted.append("finished")
"""


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for both services' packages."""
    (tmp_path / "clients").mkdir()
    for name, text in (("wandb", WANDB), ("mlflow", MLFLOW)):
        (tmp_path / "clients" / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delenv("WANDB_MODE", raising=False)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "clients"))


def use(tmp_path: Path, *names: str) -> list[str]:
    lines: list[str] = []
    with tracking(names, RECIPE, tmp_path / "bundle.tensorboard", lines.append) as log:
        log({"loss/intent": 0.5}, 3)
    return lines


@pytest.mark.usefixtures("clients")
def test_weights_and_biases_stays_on_this_machine_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = use(tmp_path, "wandb")
    assert "offline" in line
    opened, *noted = sys.modules["wandb"].noted
    assert (opened["mode"], opened["project"], opened["name"]) == ("offline", "frontdesk", "bundle")
    assert opened["config"]["languages"] == "en, de"
    assert opened["config"]["training.epochs"] == 15
    assert noted == [(3, {"loss/intent": 0.5}), "finished"]
    monkeypatch.setenv("WANDB_MODE", "online")
    assert "sent as it goes" in use(tmp_path, "wandb")[0]
    assert not (tmp_path / "bundle.tensorboard").exists()


@pytest.mark.usefixtures("clients")
def test_mlflow_writes_a_file_beside_the_bundle_unless_a_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, "mlflow")
    noted = sys.modules["mlflow"].noted
    assert noted[0] == f"sqlite:///{tmp_path / 'bundle.mlflow' / 'mlflow.db'}"
    assert ("training.epochs", 15) in noted
    assert noted[-2:] == [("e-frontdesk/bundle", "loss/intent", 0.5, 3), "finished"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:word@tracker.example")
    (line,) = use(tmp_path, "mlflow")
    assert "word" not in line


@pytest.mark.usefixtures("clients")
def test_tensorboard_imports_no_other_client_and_nothing_at_all_is_fine(tmp_path: Path) -> None:
    assert use(tmp_path) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "clients"]
    assert use(tmp_path, "tensorboard") == []
    assert [path.name[:6] for path in (tmp_path / "bundle.tensorboard").iterdir()] == ["events"]
    assert not {"wandb", "mlflow"} & set(sys.modules)


@pytest.mark.usefixtures("clients")
def test_a_client_that_does_not_open_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "clients" / "wandb.py").write_text("def init(**given): raise OSError('no key')")
    with pytest.raises(TrackingError, match=r"wandb does not open .*no key"):
        use(tmp_path, "wandb")


def test_a_missing_package_and_an_unknown_name_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.tracking.importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrackingError, match="pip install mlflow-skinny"):
        require_trackers(["mlflow"])
    with pytest.raises(TrackingError, match="'comet' is unknown"):
        require_trackers(["comet"])


def test_a_recipe_names_trackers_or_none() -> None:
    assert parse_recipe({"name": "r"}, source="x").report_to == ("tensorboard",)
    assert parse_recipe({"name": "r", "report_to": []}, source="x").report_to == ()
    assert parse_recipe({"name": "r", "report_to": ["mlflow", "wandb"]}, source="x").report_to == ("mlflow", "wandb")
