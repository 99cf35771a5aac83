"""StackFAQ: paraphrased questions over an FAQ, by a bundle trained on other dialogues. Knows no intents."""

from collections.abc import Callable, Sequence

import numpy as np

from bot.bundle import load_bundle
from finetune.evaluate import Searcher
from retrieval.metrics import Judged, mean_average_precision, mrr_at_k, recall_at_k
from retrieval.passages import indexed_text, load_passages
from retrieval.retriever import Retriever
from retrieval.snapshot import build_snapshot, load_snapshot
from retrieval.values import Passage, Vectors
from tests.benchmarks import data
from tests.benchmarks.baselines import FrozenVectors
from tests.benchmarks.bundles import Trained, recipe_for, train_bundle
from tests.benchmarks.protocol import precision_at_k
from tests.benchmarks.quality import open_encoder
from tests.benchmarks.workplace import Workplace

Metrics = dict[str, float]
RankAll = Callable[[int, str], Sequence[str]]
"""Ids of all passages for a query (its number and text), best first."""


def measure_stackfaq(place: Workplace) -> Metrics:
    """MAP over all pairs: fused, by vectors of frozen MiniLM, and by keywords alone."""
    faq = data.stackfaq(place)
    files = data.star(place)
    given = {"dialogues": files.train, "dev-dialogues": files.dev}
    trained = train_bundle(place, "star", recipe_for("star", "full"), given)
    passages = load_passages(faq.passages)
    encoder = open_encoder(place, trained.directory)
    retriever = _index(place, trained, passages)
    vectors = encoder.encode([text for text, _ in faq.queries])
    fused = _judge(faq, lambda number, text: _ids(retriever, text, vectors[number], len(passages)))
    keywords = Retriever(passages, None)
    words = _judge(faq, lambda _, text: _ids(keywords, text, None, len(passages)))
    return {
        **_figures("", fused),
        **_figures("bm25_", words),
        **_figures("baseline_", _judge(faq, _frozen_ranking(place, faq, passages))),
        "stackfaq_train_s": trained.training.seconds,
    }


def _index(place: Workplace, trained: Trained, passages: Sequence[Passage]) -> Retriever:
    version = load_bundle(trained.directory).manifest.version
    directory = place.folder("snapshots") / f"stackfaq-{version}"
    if not directory.exists():
        encoder = open_encoder(place, trained.directory)
        build_snapshot(
            passages, encoder.encode, encoder_id=version, directory=directory, previous=None, progress=_silent
        )
    return load_snapshot(directory, encoder_id=version)


def _silent(done: int, total: int) -> None:
    """The run's own lines are enough."""


def _ids(searcher: Searcher, text: str, vector: Vectors | None, depth: int) -> list[str]:
    return [found.passage.passage_id for found in searcher.search(text, vector, depth)]


def _frozen_ranking(place: Workplace, faq: data.Faq, passages: Sequence[Passage]) -> RankAll:
    """By cosine of frozen MiniLM with question and answer together."""
    frozen = FrozenVectors(place)
    documents = frozen.of([indexed_text(passage) for passage in passages])
    scores = frozen.of([text for text, _ in faq.queries]) @ documents.T
    return lambda number, _: [passages[row].passage_id for row in np.argsort(-scores[number], kind="stable")]


def _judge(faq: data.Faq, rank: RankAll) -> list[Judged]:
    return [(rank(number, text), relevant) for number, (text, relevant) in enumerate(faq.queries)]


def _figures(kind: str, judged: Sequence[Judged]) -> Metrics:
    return {
        f"{kind}stackfaq_map": mean_average_precision(judged),
        f"{kind}stackfaq_p_at_5": precision_at_k(judged, 5),
        f"{kind}stackfaq_recall_at_10": recall_at_k(judged, 10),
        f"{kind}stackfaq_mrr_at_10": mrr_at_k(judged, 10),
    }
