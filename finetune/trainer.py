"""The training loop: steps, schedule, early stopping, and going on after a kill. Knows tasks only by their protocol."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_linear_schedule_with_warmup

from finetune.average import WeightAverage
from finetune.batches import generator
from finetune.checkpoints import Checkpoints
from finetune.errors import TrainingError
from finetune.forward import Forward
from finetune.model import EncoderModel
from finetune.progress import Report, StepProgress
from finetune.recipe import TrainingOptions
from finetune.tasks import Task
from finetune.tracking import Log

_LAYER = re.compile(r"\blayers?\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """How a training went.

    Attributes:
        steps: optimiser steps taken over all runs.
        best_epoch: 1-based epoch whose weights were kept.
        dev_scores: for each epoch, the score of each task with dev data.
    """

    steps: int
    best_epoch: int
    dev_scores: tuple[dict[str, float], ...]


@dataclass(slots=True)
class _Course:
    """Where the training stands; with the tensors' states this is all that a checkpoint needs."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_score: float = -math.inf
    scores: list[dict[str, float]] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Trainer:
    """Trains a model on the mixed batches of several tasks and leaves the best weights in it.

    Every random choice comes from the seed and the epoch, or from a generator whose state is in the checkpoint; so a
    killed training that is started again ends with the very same weights on a CPU.
    """

    def __init__(
        self,
        forward: Forward,
        tasks: Sequence[Task],
        options: TrainingOptions,
        *,
        seed: int,
        checkpoints: Checkpoints,
        log: Log,
        report: Report,
    ) -> None:
        """Prepares optimiser and schedule; ``run`` does the work."""
        self._forward = forward
        self._tasks = tuple(tasks)
        self._options = options
        self._seed = seed
        self._checkpoints = checkpoints
        self._log = log
        self._report = report
        counts = [len(self._plan(epoch)) for epoch in range(options.epochs)]
        self._total = min(sum(counts), options.max_steps or sum(counts))
        self._optimizer = _optimizer(forward.model, options)
        self._schedule: LambdaLR = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
            self._optimizer, round(self._total * options.warmup_share), self._total
        )
        self._average = WeightAverage(_trained(forward.model), options.average_decay)
        self._course = _Course(scores=[])

    def run(self) -> TrainingSummary:
        """Trains to the end, from the last checkpoint if there is one.

        Raises:
            TrainingError: the loss is not a number any more.
            CheckpointError: a checkpoint cannot be read or written.
        """
        torch.manual_seed(self._seed)
        self._restore()
        course = self._course
        progress = StepProgress(self._total, course.step, self._report)
        while course.epoch < self._options.epochs and course.step < self._total and not self._exhausted():
            self._run_epoch(progress)
            self._end_epoch()
        progress.close()
        self._forward.model.load_state_dict(self._checkpoints.load_weights(_weights_name(course.best_epoch)))
        self._forward.model.eval()
        return TrainingSummary(course.step, course.best_epoch, tuple(course.scores or ()))

    def _plan(self, epoch: int) -> list[tuple[Task, object]]:
        """All tasks' batches of an epoch in one random order, so that each task has its share of every stretch."""
        steps = [(task, batch) for task in self._tasks for batch in task.batches(epoch)]
        order = torch.randperm(len(steps), generator=generator(self._seed, epoch, 3)).tolist()
        return [steps[at] for at in order]

    def _run_epoch(self, progress: StepProgress) -> None:
        course = self._course
        self._forward.model.train()
        for task, batch in self._plan(course.epoch)[course.batch :]:
            if course.step >= self._total:
                break
            loss = self._step(task, batch)
            course.batch += 1
            course.step += 1
            progress.step(loss)
            self._log({f"loss/{task.name}": loss}, course.step)
            if course.step % self._options.checkpoint_steps == 0:
                self._save()

    def _step(self, task: Task, batch: object) -> float:
        loss = task.loss(self._forward, batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(f"the {task.name} loss is {value} at step {self._course.step}; lower learning_rate")
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(_trained(self._forward.model), self._options.gradient_clip)
        self._optimizer.step()
        self._schedule.step()
        self._average.update()
        return value

    def _end_epoch(self) -> None:
        """Measures dev, keeps the weights if they are the best so far, and makes both durable."""
        course = self._course
        with self._average.applied():
            scores = self._measure()
            weights = {name: value.clone() for name, value in self._forward.model.state_dict().items()}
        mean = sum(scores.values()) / len(scores) if scores else math.inf
        assert course.scores is not None
        course.scores.append(scores)
        course.epoch += 1
        course.batch = 0
        if mean > course.best_score or not scores:
            course.best_score, course.best_epoch = mean, course.epoch
            self._checkpoints.save_weights(_weights_name(course.epoch), weights)
        self._save()
        self._checkpoints.drop_weights(keep=_weights_name(course.best_epoch))
        self._log({f"dev/{name}": score for name, score in scores.items()}, course.step)
        shown = ", ".join(f"dev {name} {score:.4f}" for name, score in scores.items()) or "no dev data"
        self._report(f"epoch {course.epoch}: {shown}{' (best)' if course.best_epoch == course.epoch else ''}")

    def _measure(self) -> dict[str, float]:
        found = {task.name: task.dev_score(self._forward) for task in self._tasks}
        return {name: score for name, score in found.items() if score is not None}

    def _exhausted(self) -> bool:
        return self._course.epoch - self._course.best_epoch >= self._options.patience

    def _save(self) -> None:
        self._checkpoints.save(
            {
                "course": self._course.as_dict(),
                "model": self._forward.model.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "schedule": self._schedule.state_dict(),
                "average": self._average.state(),
                "random": torch.get_rng_state(),
                "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            }
        )

    def _restore(self) -> None:
        state = self._checkpoints.load()
        if state is None:
            return
        self._course = _Course(**state["course"])
        self._forward.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._average.restore(**state["average"])
        torch.set_rng_state(state["random"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["random_cuda"])
        self._report(f"going on from step {self._course.step} of {self._total}")


def _weights_name(epoch: int) -> str:
    return f"best-{epoch}"


def _trained(model: EncoderModel) -> list[Tensor]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _optimizer(model: EncoderModel, options: TrainingOptions) -> AdamW:
    """AdamW (Loshchilov and Hutter 2019) with a rate of their own for heads and no decay on biases and norms."""
    if options.freeze_embeddings:
        model.backbone.get_input_embeddings().requires_grad_(False)
    backbone = model.backbone
    depth = int(backbone.config.num_hidden_layers)
    groups = [
        _group([weight], options.learning_rate * options.layer_decay ** (depth - _layer_of(name)), options)
        for name, weight in backbone.named_parameters()
    ]
    groups += [_group([weight], options.head_learning_rate, options) for weight in model.heads.parameters()]
    return AdamW([group for group in groups if group["params"]], fused=True)


def _group(weights: list[Tensor], rate: float, options: TrainingOptions) -> dict[str, Any]:
    kept = [weight for weight in weights if weight.requires_grad]
    decays = all(weight.ndim > 1 for weight in weights)
    return {"params": kept, "lr": rate, "weight_decay": options.weight_decay if decays else 0.0}


def _layer_of(name: str) -> int:
    """1-based layer that a parameter belongs to; 0 for embeddings."""
    found = _LAYER.search(name)
    return int(found.group(1)) + 1 if found else 0
