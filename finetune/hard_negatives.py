"""Passages that look right for a question and are wrong, found by the untrained encoder. Knows nothing of batches."""

from collections import defaultdict
from collections.abc import Sequence

from datasets import Dataset as Table
from sentence_transformers.util import mine_hard_negatives

from finetune.base_model import BaseModel
from finetune.examples import QuestionPassage

LEAST_MARGIN = 0.05
"""A negative must be this share less like the question than the right passage: nearer ones are often right too."""


def mined_negatives(
    base: BaseModel, questions: Sequence[QuestionPassage], count: int, *, device: str
) -> tuple[tuple[int, ...], ...]:
    """For each question up to ``count`` others whose passage is near it and does not answer it.

    Args:
        base: its directory is read as a sentence encoder.
        questions: the passages of all of them are the corpus.
        count: most negatives for a question.
        device: where to encode.

    Returns:
        Numbers of questions, nearest first; a question without a safe negative has none.
    """
    model = base.load_sentence_encoder(device)
    table = Table.from_dict(
        {"question": [row.query for row in questions], "passage": [row.passage_text for row in questions]}
    )
    corpus = sorted({row.passage_text for row in questions})
    if len(corpus) < 2:
        return tuple(() for _ in questions)
    found = mine_hard_negatives(
        table,
        model,
        corpus=corpus,
        num_negatives=min(count, len(corpus) - 1),
        relative_margin=LEAST_MARGIN,
        output_format="triplet",
        verbose=False,
    )
    near: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in found:
        near[row["question"], row["passage"]].append(row["negative"])
    holder = {row.passage_text: at for at, row in enumerate(questions)}
    return tuple(tuple(holder[text] for text in near[row.query, row.passage_text]) for row in questions)
