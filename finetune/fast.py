"""A head fitted by logistic regression on an encoder that stands still. Knows nothing of steps or checkpoints."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from finetune.forward import Forward
from finetune.losses import OUT_OF_SCOPE
from finetune.recipe import ShallowOptions
from finetune.tasks import LabelledRows


def fit_head(
    forward: Forward, head: str, train: LabelledRows, options: ShallowOptions, weights: Tensor | None = None
) -> None:
    """Fits a linear head in place on the frozen encoder's features.

    Args:
        forward: the model; its encoder is not changed.
        head: name of the head in ``EncoderModel.heads``.
        train: rows with labels; every form of an example counts. Out-of-scope rows are left out.
        options: strength of regularisation.
        weights: of each class (classes,); None = all rows alike.
    """
    kept = [(row, label) for forms, label in zip(train.forms, train.labels, strict=True) for row in forms]
    kept = [(row, label) for row, label in kept if label != OUT_OF_SCOPE]
    features = forward.encode([row for row, _ in kept])
    layer = cast(nn.Linear, forward.model.heads[head])
    labels = torch.tensor([label for _, label in kept])
    weight, bias = logistic_regression(features, labels, len(layer.bias), options, weights)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def logistic_regression(
    features: Tensor, labels: Tensor, classes: int, options: ShallowOptions, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Multinomial logistic regression with an L2 penalty on the weights, as scikit-learn defines C.

    On torch's L-BFGS in fp32, since scikit-learn's solver took minutes for what this does in seconds
    (10,000 rows of 1,536 features in 77 classes).

    Args:
        features: (rows, width) float32.
        labels: (rows,) int64 in 0..classes-1.
        classes: how many there are.
        options: strength of regularisation, most iterations.
        weights: of each class (classes,), as scikit-learn's ``class_weight``; None = 1.

    Returns:
        Weights (classes, width) and biases (classes,).
    """
    weight = torch.zeros((classes, features.shape[1]), requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=options.max_iterations, history_size=10, line_search_fn="strong_wolfe"
    )
    strength = 1.0 / (2.0 * options.inverse_regularisation * len(features))

    def objective() -> Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(features @ weight.T + bias, labels, weights) + strength * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(objective)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()
