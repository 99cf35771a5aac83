import math

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch.nn import Identity, functional

from finetune.losses import OUT_OF_SCOPE, contrast_loss, labelled_loss, ranking_loss


def test_labelled_loss_by_hand() -> None:
    logits = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])
    loss = labelled_loss(logits, torch.tensor([0, 1]), label_smoothing=0.0, outlier_weight=1.0)
    assert loss.item() == pytest.approx((-math.log(0.75) - math.log(0.5)) / 2)


def test_label_smoothing_by_hand() -> None:
    logits = torch.tensor([[math.log(3.0), 0.0]])
    loss = labelled_loss(logits, torch.tensor([0]), label_smoothing=0.2, outlier_weight=1.0)
    assert loss.item() == pytest.approx(-0.9 * math.log(0.75) - 0.1 * math.log(0.25))


def test_out_of_scope_rows_are_pulled_to_uniform() -> None:
    logits = torch.tensor([[math.log(3.0), 0.0], [math.log(3.0), 0.0]], requires_grad=True)
    labels = torch.tensor([0, OUT_OF_SCOPE])
    loss = labelled_loss(logits, labels, label_smoothing=0.0, outlier_weight=0.5)
    spread = -(math.log(0.75) + math.log(0.25)) / 2
    assert loss.item() == pytest.approx((-math.log(0.75) + 0.5 * spread) / 2)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[1, 0] > 0
    assert logits.grad[1, 1] < 0


def test_contrast_loss_by_hand() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = contrast_loss(vectors, torch.tensor([4, 4, 9]), temperature=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2.0)), rel=1e-5)


def test_contrast_loss_without_partners_is_zero_and_outliers_are_no_partners() -> None:
    vectors = functional.normalize(torch.randn(3, 4), dim=1).requires_grad_()
    loss = contrast_loss(vectors, torch.tensor([0, OUT_OF_SCOPE, OUT_OF_SCOPE]), temperature=0.1)
    assert loss.item() == 0.0
    loss.backward()
    assert vectors.grad is not None
    assert torch.isfinite(vectors.grad).all()


def _pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    queries, documents = (functional.normalize(torch.randn(count, 8, generator=random), dim=1) for _ in range(2))
    return queries, documents


def test_ranking_loss_with_equal_weights_is_multiple_negatives_ranking() -> None:
    queries, documents = _pairs(5)
    theirs = MultipleNegativesRankingLoss(
        Identity(), scale=20.0, directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
    )
    expected = theirs.compute_loss_from_embeddings([queries, documents], torch.empty(0))
    found = ranking_loss(queries, documents, weights=torch.full((5,), 2.0), document_keys=torch.arange(5), scale=20.0)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_ranking_loss_with_extra_negatives_by_hand() -> None:
    query = torch.tensor([[1.0, 0.0]])
    documents = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    loss = ranking_loss(query, documents, weights=torch.ones(1), document_keys=torch.tensor([0, 1]), scale=2.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2.0)) / 2, rel=1e-5)


def test_a_pair_of_weight_zero_teaches_nothing_as_a_query() -> None:
    queries, documents = _pairs(2)
    keys = torch.arange(2)
    whole = ranking_loss(queries, documents, weights=torch.tensor([1.0, 0.0]), document_keys=keys, scale=5.0)
    scores = 5.0 * queries @ documents.T
    first = torch.tensor([0])
    expected = (functional.cross_entropy(scores[:1], first) + functional.cross_entropy(scores.T[:1], first)) / 2
    assert whole.item() == pytest.approx(expected.item(), rel=1e-5)


def test_copies_of_one_text_are_not_each_others_negatives() -> None:
    queries, documents = _pairs(2)
    documents = documents[[0, 0]]
    loss = ranking_loss(queries, documents, weights=torch.ones(2), document_keys=torch.tensor([3, 3]), scale=20.0)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
