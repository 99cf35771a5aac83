"""How well vectors rank, on dev. Knows nothing of models, texts or training."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.util import cos_sim
from torch import Tensor

CANDIDATES = 100
"""Replies that a dev pair is ranked among (its own and 99 of other pairs)."""


def recall_in_blocks(queries: Tensor, documents: Tensor, keys: Sequence[int]) -> float:
    """R100@1: cuts pairs into blocks of 100 and ranks each document against those of its block.

    A tie counts half. An incomplete last block is left out, unless it is the only one.

    Args:
        queries: unit vectors (pairs, dim).
        documents: unit vectors (pairs, dim); the i-th belongs to the i-th query.
        keys: not looked at: by this protocol a copy of the right text counts as a tie.
    """
    del keys
    whole = max(1, len(queries) // CANDIDATES)
    hits = []
    for start in range(0, whole * CANDIDATES, CANDIDATES):
        scores = queries[start : start + CANDIDATES] @ documents[start : start + CANDIDATES].T
        own = scores.diagonal()[:, None]
        better = (scores > own).sum(dim=1)
        equal = (scores == own).sum(dim=1) - 1
        hits.append(torch.where(better > 0, 0.0, torch.where(equal > 0, 0.5, 1.0)))
    return float(torch.cat(hits).mean())


def search_map(queries: Tensor, documents: Tensor, keys: Sequence[int]) -> float:
    """Mean average precision at 100 of a search among all distinct documents.

    Args:
        queries: unit vectors (pairs, dim); equal rows are one query with several right documents.
        documents: unit vectors (pairs, dim).
        keys: equal where two documents are the same text.
    """
    whole, asked = torch.unique(queries, dim=0, return_inverse=True)
    first = {key: at for at, key in reversed(list(enumerate(keys)))}
    relevant: dict[str, set[str]] = {}
    for query, key in zip(asked.tolist(), keys, strict=True):
        relevant.setdefault(str(query), set()).add(str(key))
    evaluator = _VectorEvaluator(
        {str(number): str(number) for number in range(len(whole))},
        {str(key): str(key) for key in first},
        relevant,
        score_functions={"cosine": cos_sim},
        write_csv=False,
    )
    evaluator.query_vectors = whole
    scores = cast(Any, evaluator).compute_all_metrics(None, corpus_embeddings=documents[list(first.values())])
    return float(scores["cosine"]["map@k"][100])


class _VectorEvaluator(InformationRetrievalEvaluator):
    """The library's evaluator on vectors that are there already."""

    query_vectors: Tensor

    def embed_inputs(self, *_: object, **__: object) -> Tensor:  # type: ignore[override]
        return self.query_vectors
