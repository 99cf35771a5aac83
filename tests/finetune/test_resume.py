import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from training_helpers import fit

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """Weights of a training that nothing disturbed."""
    torch.set_num_threads(1)
    return fit(tiny_base, tmp_path_factory.mktemp("whole")).trained.model.state_dict()


def _killed_at(step: int, base: Path, work: Path) -> None:
    program = [sys.executable, str(Path(__file__).parent / "training_helpers.py"), str(base), str(work), str(step)]
    ended = subprocess.run(program, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_killed_twice_at_random_steps_it_ends_with_the_very_same_weights(
    tiny_base: Path, tmp_path: Path, whole: dict[str, torch.Tensor]
) -> None:
    steps = random.Random().choices(range(2, 8), k=2)
    for step in steps:
        _killed_at(step, tiny_base, tmp_path)
    lines: list[str] = []
    resumed = fit(tiny_base, tmp_path, lines.append).trained.model.state_dict()
    assert any(line.startswith("going on from step") for line in lines)
    different = [name for name in whole if not torch.equal(whole[name], resumed[name])]
    assert not different, f"killed in steps {steps}"


@pytest.mark.parametrize("interval", [1, 4])
def test_stopped_between_and_after_epochs_it_ends_the_same(
    interval: int, tiny_base: Path, tmp_path: Path, whole: dict[str, torch.Tensor]
) -> None:
    class StoppedError(Exception):
        pass

    def stop_after_epoch(line: str) -> None:
        if line.startswith("epoch 2"):
            raise StoppedError

    with pytest.raises(StoppedError):
        fit(tiny_base, tmp_path, stop_after_epoch, checkpoint_steps=interval)
    resumed = fit(tiny_base, tmp_path, checkpoint_steps=interval).trained.model.state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_another_recipe_does_not_go_on_from_the_old_state(tiny_base: Path, tmp_path: Path) -> None:
    fit(tiny_base, tmp_path)
    lines: list[str] = []
    fit(tiny_base, tmp_path, lines.append, learning_rate=2e-3)
    assert not any(line.startswith("going on") for line in lines)
