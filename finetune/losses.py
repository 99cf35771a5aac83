"""What training minimises, on logits and vectors alone. Knows nothing of models, batches or data."""

import torch
from torch import Tensor
from torch.nn import functional

OUT_OF_SCOPE = -1
"""The label of an out-of-scope row: it has no intent."""


def labelled_loss(logits: Tensor, labels: Tensor, *, label_smoothing: float, outlier_weight: float) -> Tensor:
    """Cross-entropy of rows with a label, and outlier exposure for those out of scope.

    An out-of-scope row is pulled to the uniform distribution over all classes (Hendrycks, Mazeika and
    Dietterich 2019, "Deep anomaly detection with outlier exposure").

    Args:
        logits: (rows, classes).
        labels: (rows,) int64; ``OUT_OF_SCOPE`` for a row that fits none.
        label_smoothing: share of the target that is spread over all classes.
        outlier_weight: factor of the outlier term.

    Returns:
        A scalar, averaged over all rows of the batch.
    """
    inside = labels != OUT_OF_SCOPE
    targets = labels.clamp(min=0)
    hit = functional.cross_entropy(logits, targets, label_smoothing=label_smoothing, reduction="none")
    spread = -functional.log_softmax(logits, dim=1).mean(dim=1)
    return torch.where(inside, hit, outlier_weight * spread).mean()


def contrast_loss(vectors: Tensor, labels: Tensor, *, temperature: float) -> Tensor:
    """Supervised contrastive loss: rows of one label together, all others apart (Khosla et al. 2020, eq. 2).

    Args:
        vectors: unit vectors (rows, dim).
        labels: (rows,) int64; rows that are ``OUT_OF_SCOPE`` only push away.
        temperature: cosines are divided by it.

    Returns:
        A scalar: the mean over rows that have a partner; 0 where none has.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    partners = (labels[:, None] == labels[None, :]) & ~itself & (labels != OUT_OF_SCOPE)[:, None]
    scores = (vectors @ vectors.T / temperature).masked_fill(itself, torch.finfo(vectors.dtype).min)
    shares = functional.log_softmax(scores, dim=1)
    counts = partners.sum(dim=1)
    each = -shares.masked_fill(~partners, 0.0).sum(dim=1) / counts.clamp(min=1)
    return each.sum() / (counts > 0).sum().clamp(min=1)


def ranking_loss(queries: Tensor, documents: Tensor, *, weights: Tensor, document_keys: Tensor, scale: float) -> Tensor:
    """In-batch negatives in both directions, weighted by pair.

    Multiple negatives ranking (Henderson et al. 2017) as in sentence-transformers' MultipleNegativesRankingLoss, which
    knows no weights and takes two copies of one text in a batch for each other's negatives; here such copies
    are left out of the softmax.

    Args:
        queries: unit vectors (pairs, dim).
        documents: unit vectors (pairs + negatives, dim): the i-th answers the i-th query, the rest answer none.
        weights: (pairs,) non-negative, not all 0.
        document_keys: (pairs + negatives,) int64; equal where two documents are the same text.
        scale: factor of the cosines (1 / temperature).

    Returns:
        A scalar: the weighted mean of query -> document and document -> query.
    """
    pairs = len(queries)
    scores = queries @ documents.T * scale
    own = torch.arange(pairs, device=scores.device)
    copies = document_keys[:pairs, None] == document_keys[None, :]
    copies[own, own] = False
    scores = scores.masked_fill(copies, -torch.inf)
    forward = functional.cross_entropy(scores, own, reduction="none")
    backward = functional.cross_entropy(scores[:, :pairs].T, own, reduction="none")
    return ((forward + backward) / 2 * weights).sum() / weights.sum()
