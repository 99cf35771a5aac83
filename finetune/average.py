"""A moving average of weights, which generalises better than the last step's. Knows nothing of models or data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


class WeightAverage:
    """Exponential moving average of some parameters (Polyak and Juditsky 1992), quicker in the first steps."""

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        """Starts from the parameters as they are; ``decay`` 0 makes the average equal to the last step."""
        self._parameters = [parameter.detach() for parameter in parameters]
        self._decay = decay
        self._steps = 0
        self._average = [parameter.clone() for parameter in self._parameters]

    def update(self) -> None:
        """Takes in the parameters after a step."""
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 9))
        for average, parameter in zip(self._average, self._parameters, strict=True):
            average.lerp_(parameter, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The parameters hold the average inside the block, and their own values again after it."""
        own = [parameter.clone() for parameter in self._parameters]
        self._copy(self._average, self._parameters)
        try:
            yield
        finally:
            self._copy(own, self._parameters)

    def state(self) -> dict[str, object]:
        """For a checkpoint."""
        return {"steps": self._steps, "average": self._average}

    def restore(self, steps: int, average: Sequence[Tensor]) -> None:
        """Goes on from a checkpoint's state."""
        self._steps = steps
        self._copy(average, self._average)

    @staticmethod
    def _copy(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
        with torch.no_grad():
            for source, target in zip(sources, targets, strict=True):
                target.copy_(source)
