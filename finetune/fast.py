"""The `fast` recipe: a frozen encoder and a logistic regression on its vectors. Knows nothing of steps or checkpoints."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from finetune.forward import Forward
from finetune.losses import OUT_OF_SCOPE
from finetune.recipe import ShallowOptions
from finetune.tasks import LabelledRows

Matrix = NDArray[np.float64]
_LEAST_DEVIATION = 1e-6


def fit_head(forward: Forward, head: str, train: LabelledRows, options: ShallowOptions) -> None:
    """Fits a linear head in place on the frozen encoder's pooled states.

    The regression sees each feature with mean 0 and deviation 1, so that one strength of regularisation suits every
    encoder; the scaling is then folded into the head, which stays a single linear layer.

    Args:
        forward: the model; its encoder is not changed.
        head: name of the head in ``EncoderModel.heads``.
        train: rows with labels; every form of an example counts. Out-of-scope rows are left out.
    """
    kept = [(row, label) for forms, label in zip(train.forms, train.labels, strict=True) for row in forms]
    kept = [(row, label) for row, label in kept if label != OUT_OF_SCOPE]
    features = forward.encode([row for row, _ in kept]).numpy()
    mean, deviation = features.mean(axis=0), features.std(axis=0) + _LEAST_DEVIATION
    regression = LogisticRegression(C=options.inverse_regularisation, max_iter=options.max_iterations)
    regression.fit((features - mean) / deviation, np.array([label for _, label in kept]))
    weight, bias = _all_classes(regression)
    layer = forward.model.heads[head]
    weight = weight / deviation
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias - weight @ mean))


def _all_classes(regression: LogisticRegression) -> tuple[Matrix, Matrix]:
    """A row for each class; of two classes scikit-learn keeps only the second, whose sigmoid is a softmax against 0."""
    weight, bias = regression.coef_, regression.intercept_
    if len(weight) == 1:
        return np.concatenate([np.zeros_like(weight), weight]), np.concatenate([np.zeros_like(bias), bias])
    return weight, bias
