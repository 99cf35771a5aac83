import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from finetune.base_model import resolve_base_model
from finetune.checkpoints import Checkpoints
from finetune.errors import TrainingError
from finetune.forward import Forward
from finetune.model import EncoderModel
from finetune.recipe import TrainingOptions
from finetune.tracking import Log
from finetune.trainer import Trainer


@dataclasses.dataclass
class Scripted:
    """A task that pulls a head's bias upwards, whose dev scores are written down beforehand."""

    scores: Sequence[float | None]
    name: str = "scripted"
    value: float = 1.0
    biases: list[float] = dataclasses.field(default_factory=list)

    def batches(self, epoch: int) -> Sequence[int]:
        return range(3)

    def loss(self, forward: Forward, batch: object) -> Tensor:
        return -forward.model.heads["intent_logits"].bias.sum() * self.value

    def dev_score(self, forward: Forward) -> float | None:
        self.biases.append(float(forward.model.heads["intent_logits"].bias.detach().sum()))
        return self.scores[len(self.biases) - 1]


@pytest.fixture
def forward(tiny_base: Path) -> Forward:
    model = EncoderModel(resolve_base_model(str(tiny_base)).load_backbone(), intents=2)
    return Forward(model, 0, torch.device("cpu"), bf16=False)


def _trainer(forward: Forward, task: Scripted, work: Path, log: Log = lambda *_: None, **options: object) -> Trainer:
    return Trainer(
        forward,
        [task],
        TrainingOptions(**{"epochs": 6, "patience": 2} | options),
        seed=1,
        checkpoints=Checkpoints(work, "k"),
        log=log,
        report=lambda _: None,
    )


def test_early_stopping_keeps_the_best_weights(forward: Forward, tmp_path: Path) -> None:
    task = Scripted([0.2, 0.8, 0.5, 0.8, 0.9, 0.9])
    summary = _trainer(forward, task, tmp_path).run()
    assert summary.best_epoch == 2
    assert [scores["scripted"] for scores in summary.dev_scores] == [0.2, 0.8, 0.5, 0.8]
    assert summary.steps == 12
    kept = float(forward.model.heads["intent_logits"].bias.sum())
    assert kept == pytest.approx(task.biases[1])
    assert kept != pytest.approx(task.biases[3])
    assert not forward.model.training


def test_losses_and_dev_scores_are_logged_by_step(forward: Forward, tmp_path: Path) -> None:
    noted: list[tuple[int, dict[str, float]]] = []
    _trainer(
        forward, Scripted([0.2, 0.8]), tmp_path, lambda values, step: noted.append((step, dict(values))), epochs=2
    ).run()
    assert [step for step, values in noted if "loss/scripted" in values] == [1, 2, 3, 4, 5, 6]
    assert [(step, values) for step, values in noted if "dev/scripted" in values] == [
        (3, {"dev/scripted": 0.2}),
        (6, {"dev/scripted": 0.8}),
    ]


def test_a_better_score_resets_the_patience(forward: Forward, tmp_path: Path) -> None:
    summary = _trainer(forward, Scripted([0.2, 0.1, 0.3, 0.2, 0.4, 0.1]), tmp_path).run()
    assert summary.best_epoch == 5
    assert len(summary.dev_scores) == 6


def test_without_dev_data_the_last_weights_stay(forward: Forward, tmp_path: Path) -> None:
    task = Scripted([None] * 6)
    assert _trainer(forward, task, tmp_path).run().best_epoch == 6
    assert float(forward.model.heads["intent_logits"].bias.sum()) == pytest.approx(task.biases[-1])


def test_max_steps_caps_everything(forward: Forward, tmp_path: Path) -> None:
    summary = _trainer(forward, Scripted([0.1, 0.2, 0.3]), tmp_path, max_steps=4).run()
    assert (summary.steps, len(summary.dev_scores)) == (4, 2)


def test_a_loss_that_is_no_number_stops_with_advice(forward: Forward, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower learning_rate"):
        _trainer(forward, Scripted([0.1], value=float("nan")), tmp_path).run()


def test_norms_and_biases_do_not_decay_and_lower_layers_learn_slower(forward: Forward, tmp_path: Path) -> None:
    trainer = _trainer(forward, Scripted([0.1]), tmp_path, learning_rate=1e-3, layer_decay=0.5, weight_decay=0.3)
    found = {
        id(weight): (group["initial_lr"], group["weight_decay"])
        for group in trainer._optimizer.param_groups
        for weight in group["params"]
    }
    weights = dict(forward.model.backbone.named_parameters())
    assert found[id(weights["encoder.layer.1.output.dense.weight"])] == (1e-3, 0.3)
    assert found[id(weights["encoder.layer.0.output.dense.weight"])] == (5e-4, 0.3)
    assert found[id(weights["encoder.layer.1.output.dense.bias"])] == (1e-3, 0.0)
    assert found[id(weights["encoder.layer.1.output.LayerNorm.weight"])] == (1e-3, 0.0)
    assert id(weights["embeddings.word_embeddings.weight"]) not in found
