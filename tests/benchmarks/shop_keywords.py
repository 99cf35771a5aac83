"""The shop answered by BM25 alone: the top article above a threshold, else a person. Knows no encoder.

The threshold is chosen on the shop's knowledge queries and out-of-scope messages, never on the test part.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.values import Action
from finetune.calibrate import RISK
from retrieval.retriever import Retriever
from retrieval.values import Passage
from tests.benchmarks.shop_judge import Said


@dataclass(frozen=True)
class KeywordDesk:
    """BM25 over the shop's passages with a threshold."""

    retriever: Retriever
    threshold: float

    def answer(self, text: str) -> Said:
        """Quotes the top article, or hands off."""
        article, score = _top(self.retriever, text)
        if article is None or score < self.threshold:
            return Said(Action.HANDOFF, "")
        return Said(Action.ANSWER, article, articles=frozenset({article}))


def build_keyword_desk(passages: Sequence[Passage], queries: Path, out_of_scope: Path) -> KeywordDesk:
    """Indexes the passages and chooses the threshold.

    Args:
        passages: the live ones.
        queries: JSONL with ``text`` and the article, as ``article`` or as ``document_id``.
        out_of_scope: CSV with ``text``; any answer to these is wrong.
    """
    retriever = Retriever(passages, None)
    asked = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()]
    with out_of_scope.open(encoding="utf-8", newline="") as file:
        foreign = [row["text"] for row in csv.DictReader(file)]
    tops = [(_top(retriever, row["text"]), article_of(row.get("article") or row["document_id"])) for row in asked]
    tops += [(_top(retriever, text), "") for text in foreign]
    scores = np.array([score for (_, score), _ in tops])
    right = np.array([article is not None and article == wanted for (article, _), wanted in tops])
    return KeywordDesk(retriever, keyword_threshold(scores, right))


def keyword_threshold(scores: NDArray[np.float64], right: NDArray[np.bool_], risk: float = RISK) -> float:
    """The lowest threshold with at most this share of wrong ones among the answered rows; above 1 where there is none.

    No bound on the error is asked for, unlike of the desk: this favours the baseline.
    """
    fitting = [value for value in np.unique(scores) if (~right[scores >= value]).mean() <= risk]
    return float(min(fitting, default=1.1))


def article_of(document_id: str) -> str:
    """An article's name: that of its file without the ending."""
    return Path(document_id).stem


def _top(retriever: Retriever, text: str) -> tuple[str | None, float]:
    found = retriever.search(text, None, 1)
    return (article_of(found[0].passage.document_id), found[0].score) if found else (None, 0.0)
