"""What a head thinks of rows that it has not seen: cross-validation on the untrained encoder's sentence vectors.

The untrained encoder is taken on purpose: a trained one has seen the labels, wrong ones too, and would defend them.
Vectors, penalty and score were chosen on BANKING77 with planted errors (see ``tests/benchmarks/loop_label_audit.py``).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from finetune.base_model import BaseModel
from finetune.cleaning import comparable
from finetune.examples import IntentExample
from finetune.fast import logistic_regression
from finetune.forward import Forward, pad_id_of, token_rows
from finetune.label_audit.values import Chances, JudgedRows
from finetune.model import EncoderModel
from finetune.progress import Report
from finetune.recipe import ShallowOptions

FOLDS = 5
MAX_TOKENS = 64
HEAD = ShallowOptions(inverse_regularisation=3.0, max_iterations=60)
SCORE = "normalized_margin"
_ENCODED_AT_ONCE = 2000


def judge(examples: Sequence[IntentExample], base: BaseModel, report: Report) -> JudgedRows | None:
    """Give every row the chances that a head fitted on the other folds sees.

    Rows of intents with fewer rows than folds are left out: whether they are right cannot be told.

    Args:
        examples: rows without context.
        base: the untrained encoder.
        report: takes lines on how it goes.

    Returns:
        None where fewer than two intents are left.
    """
    counts = Counter(row.intent for row in examples)
    kept = tuple(row for row in examples if counts[row.intent] >= FOLDS)
    labels = tuple(sorted({row.intent for row in kept}))
    if len(labels) < 2:
        return None
    number = {label: at for at, label in enumerate(labels)}
    given = np.array([number[row.intent] for row in kept], dtype=np.int64)
    vectors = sentence_vectors([row.text for row in kept], base, report)
    chances = out_of_sample(vectors, given, folds_of(kept), len(labels), report)
    quality = get_label_quality_scores(given, chances, method=SCORE)
    return JudgedRows(kept, labels, given, chances, np.asarray(quality, dtype=np.float64))


def sentence_vectors(texts: Sequence[str], base: BaseModel, report: Report) -> torch.Tensor:
    """Unit vectors (texts, dim) of the untrained encoder; equal texts are encoded once."""
    tokenizer = base.load_tokenizer()
    forward = Forward(EncoderModel(base.load_backbone()), pad_id_of(tokenizer), torch.device("cpu"), False)
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    parts = []
    for start in range(0, len(distinct), _ENCODED_AT_ONCE):
        some = distinct[start : start + _ENCODED_AT_ONCE]
        parts.append(forward.encode(token_rows(tokenizer, some, MAX_TOKENS)))
        report(f"label audit: encoded {start + len(some)} of {len(distinct)} texts")
    place = {text: at for at, text in enumerate(distinct)}
    return torch.cat(parts)[[place[text] for text in texts]]


def out_of_sample(
    vectors: torch.Tensor, given: NDArray[np.int64], folds: NDArray[np.int64], classes: int, report: Report
) -> Chances:
    """Probabilities (rows, classes), each row's by a head that was fitted without the row's fold."""
    labels, chances = torch.from_numpy(given), np.zeros((len(given), classes), dtype=np.float32)
    for fold in range(FOLDS):
        inside, outside = torch.from_numpy(folds != fold), torch.from_numpy(folds == fold)
        if outside.any():
            weight, bias = logistic_regression(vectors[inside], labels[inside], classes, HEAD)
            chances[outside.numpy()] = torch.softmax(vectors[outside] @ weight.T + bias, dim=1).numpy()
        report(f"label audit: fold {fold + 1} of {FOLDS} judged")
    return chances


def folds_of(examples: Sequence[IntentExample]) -> NDArray[np.int64]:
    """The fold of each row, 0..4: even within each intent, and the same whatever the order of rows.

    Rows of one conversation, and equal texts, share a fold: otherwise the head knows half of the answer.
    """
    keys = [row.group or comparable(row.text) for row in examples]
    of_intent: defaultdict[str, set[str]] = defaultdict(set)
    for key, row in zip(keys, examples, strict=True):
        of_intent[row.intent].add(key)
    fold: dict[str, int] = {}
    for intent in sorted(of_intent):
        sizes = Counter(fold[key] for key in of_intent[intent] if key in fold)
        for key in sorted(of_intent[intent] - fold.keys(), key=_spread):
            fold[key] = min(range(FOLDS), key=lambda number: (sizes[number], number))
            sizes[fold[key]] += 1
    return np.array([fold[key] for key in keys], dtype=np.int64)


def _spread(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
