"""Which passage of an article answers a question that only names the article. Knows nothing of batches or losses."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from finetune.base_model import BaseModel
from finetune.examples import QuestionPassage


def answering_passages(
    base: BaseModel, questions: Sequence[QuestionPassage], *, device: str
) -> tuple[QuestionPassage, ...]:
    """Pairs whose passage was named, and of each article that was named the passage nearest to the question.

    An article has several passages and a question asks for one of them. Trained with all, the encoder learnt to blur
    them, and passages of one article stood as each other's negatives in the same batch.

    Args:
        base: its directory is read as a sentence encoder.
        questions: pairs with a passage of each; those of one question and one article are alternatives.
        device: where to encode.
    """
    groups: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for at, row in enumerate(questions):
        groups[row.query, row.article].append(at)
    open_groups = {key: rows for key, rows in groups.items() if key[1] is not None and len(rows) > 1}
    if not open_groups:
        return tuple(questions)
    model = base.load_sentence_encoder(device)
    texts = sorted({text for rows in open_groups.values() for at in rows for text in _texts(questions[at])})
    vectors = model.encode(texts, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
    vector_of = dict(zip(texts, vectors, strict=True))
    dropped = set()
    for (query, _), rows in open_groups.items():
        cosines = [float(vector_of[questions[at].passage_text] @ vector_of[query]) for at in rows]
        dropped |= {at for place, at in enumerate(rows) if place != int(np.argmax(cosines))}
    return tuple(row for at, row in enumerate(questions) if at not in dropped)


def _texts(row: QuestionPassage) -> tuple[str, str]:
    return row.query, row.passage_text
