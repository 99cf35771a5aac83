"""One score from meaning and keywords. Pure functions of numbers; know nothing of indexes or passages.

Both parts are on fixed scales of their own (a cosine; a share of the best that the query can reach), never stretched
to the best hit of the query as rank or min-max fusion does: so a query that nothing answers keeps a low score, and one
threshold holds for all.
"""

import numpy as np
from numpy.typing import NDArray

KEYWORD_WEIGHT = 0.1
"""Chosen on StackFAQ and the FAQ turns of DSTC11 dev with frozen MiniLM: MAP, first hits and the separation of
answerable from unanswerable queries (area under the curve); above .2 all of them fall."""

Scores = NDArray[np.float32]


def fuse(cosines: Scores, keywords: Scores, *, keyword_weight: float = KEYWORD_WEIGHT) -> Scores:
    """Gives the weighted mean of cosine (below 0 counts as 0) and keyword score, element by element.

    Args:
        cosines: -1..1, shape (n,).
        keywords: 0..1, shape (n,).
        keyword_weight: share of the keywords, 0..1.

    Returns:
        Scores in 0..1, shape (n,); they grow with either part.
    """
    meaning = np.clip(cosines, 0.0, 1.0)
    words = np.clip(keywords, 0.0, 1.0)
    return ((1.0 - keyword_weight) * meaning + keyword_weight * words).astype(np.float32)
