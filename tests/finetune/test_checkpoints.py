import pickle
from pathlib import Path

import pytest
import torch

from finetune.checkpoints import Checkpoints
from finetune.errors import CheckpointError


def test_a_state_comes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "work", key="a")
    checkpoints.save({"step": 3, "weights": {"w": torch.ones(2)}, "scores": [{"intent": 0.5}]})
    state = checkpoints.load()
    assert state is not None
    assert state["step"] == 3
    assert torch.equal(state["weights"]["w"], torch.ones(2))


def test_a_state_of_another_training_is_not_taken(tmp_path: Path) -> None:
    Checkpoints(tmp_path, key="a").save({"step": 3})
    assert Checkpoints(tmp_path, key="b").load() is None
    assert Checkpoints(tmp_path / "elsewhere", key="a").load() is None


def test_a_kill_while_writing_leaves_the_last_state(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, key="a")
    checkpoints.save({"step": 3})
    (tmp_path / "state.pt.partial").write_bytes(b"half")
    assert checkpoints.load() == {"step": 3}


def test_a_damaged_state_is_an_error_that_says_what_to_delete(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"not a state")
    with pytest.raises(CheckpointError, match="delete"):
        Checkpoints(tmp_path, key="a").load()


def test_a_pickled_object_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "state.pt").open("wb") as stream:
        pickle.dump({"key": "a", "state": Path("x")}, stream)
    with pytest.raises(CheckpointError):
        Checkpoints(tmp_path, key="a").load()


def test_only_the_kept_weights_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, key="a")
    checkpoints.save_weights("best-1", {"w": torch.zeros(2)})
    checkpoints.save_weights("best-2", {"w": torch.ones(2)})
    checkpoints.drop_weights(keep="best-2")
    assert torch.equal(checkpoints.load_weights("best-2")["w"], torch.ones(2))
    with pytest.raises(CheckpointError, match="best-1"):
        checkpoints.load_weights("best-1")
    checkpoints.remove()
    assert not tmp_path.exists()
