"""Which sentences of a passage answer the question. Spans are literal: the text is never changed. Knows no models."""

from collections.abc import Sequence

Span = tuple[int, int]

_MOST_SENTENCES = 3
_CLOSE_TO_BEST = 0.12
"""Cosine below the best sentence's at which another one still belongs to the answer."""


def choose_spans(spans: Sequence[Span], scores: Sequence[float]) -> tuple[Span, ...]:
    """The best sentence with those near it in score, at most three, in the order of the text.

    Args:
        spans: (start, end) of each sentence of the passage, in order.
        scores: how well each answers the question, same length; higher is better.

    Returns:
        Chosen spans, neighbours joined into one; the whole passage where it has no more than two sentences.
    """
    if len(spans) <= 2:
        return ((spans[0][0], spans[-1][1]),) if spans else ()
    best = max(scores)
    by_score = sorted(range(len(spans)), key=lambda index: -scores[index])[:_MOST_SENTENCES]
    chosen = sorted(index for index in by_score if scores[index] >= best - _CLOSE_TO_BEST)
    return _joined([(index, spans[index]) for index in chosen])


def _joined(chosen: list[tuple[int, Span]]) -> tuple[Span, ...]:
    joined: list[Span] = []
    previous = -2
    for index, (start, end) in chosen:
        if index == previous + 1:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        previous = index
    return tuple(joined)


def quote(text: str, spans: Sequence[Span]) -> str:
    """The literal words of the spans; what is left out between them shows as an ellipsis."""
    return " … ".join(text[start:end] for start, end in spans)
