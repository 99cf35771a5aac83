"""The state of a training on disk, so that a killed one goes on. Knows nothing of models or data, only of tensors."""

import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from finetune.errors import CheckpointError

_STATE = "state.pt"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """One training's checkpoints in a work directory.

    Attributes:
        directory: made when the first checkpoint is written, removed by ``remove``.
        key: names the training (recipe, data, base model); a state of another key is not taken.
    """

    directory: Path
    key: str

    def save(self, state: dict[str, Any]) -> None:
        """Replaces the state in one step: a kill leaves the old one or the new one.

        Args:
            state: tensors, numbers, texts and containers of them only.

        Raises:
            CheckpointError: the disk refused.
        """
        self._replace(_STATE, lambda path: torch.save({"key": self.key, "state": state}, path))

    def load(self) -> dict[str, Any] | None:
        """The last state, or None where there is none of this key.

        Raises:
            CheckpointError: the file is there and cannot be read.
        """
        path = self.directory / _STATE
        if not path.exists():
            return None
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            found: dict[str, Any] | None = saved["state"] if saved["key"] == self.key else None
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise CheckpointError(f"checkpoint {path} cannot be read ({error}); delete {self.directory}") from error
        return found

    def save_weights(self, name: str, weights: dict[str, Tensor]) -> None:
        """Writes a named set of weights; once written under a name it is not changed by a kill.

        Raises:
            CheckpointError: the disk refused.
        """
        whole = {key: value.detach().cpu().contiguous() for key, value in weights.items()}
        self._replace(f"{name}.safetensors", lambda path: save_file(whole, path))

    def load_weights(self, name: str) -> dict[str, Tensor]:
        """Weights saved under ``name``.

        Raises:
            CheckpointError: they are missing or damaged.
        """
        path = self.directory / f"{name}.safetensors"
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"weights {path} cannot be read ({error}); delete {self.directory}") from error

    def drop_weights(self, *, keep: str | None) -> None:
        """Removes all named weights but one."""
        for path in self.directory.glob("*.safetensors"):
            if path.stem != keep:
                path.unlink()

    def remove(self) -> None:
        """Deletes the work directory after a training that ended well."""
        if self.directory.exists():
            shutil.rmtree(self.directory)

    def _replace(self, name: str, write: Callable[[Path], None]) -> None:
        partial = self.directory / (name + _PARTIAL)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            write(partial)
            with partial.open("rb") as stream:
                os.fsync(stream.fileno())
            partial.replace(self.directory / name)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(f"checkpoint {partial} cannot be written ({error}); free some space") from error
