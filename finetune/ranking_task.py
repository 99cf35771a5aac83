"""The task of ranking the right text first: replies for a conversation, passages for a question. Knows no optimiser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from bot.turn_text import turn_text
from finetune.batches import bucketed_batches, generator, shuffled_stream
from finetune.examples import QuestionPassage, ReplyPair
from finetune.forward import Forward, TokenRow, token_rows
from finetune.losses import ranking_loss
from finetune.recipe import RankingOptions
from finetune.topic_changes import Exchange, exchange_before

Measure = Callable[[Tensor, Tensor, Sequence[int]], float]


@dataclass(frozen=True, slots=True)
class PairRows:
    """Tokenised pairs.

    Attributes:
        queries: a row for each pair.
        documents: a row for each pair.
        weights: of the pairs.
        keys: equal where two documents are the same text.
        negatives: for each pair, other pairs whose documents are near and wrong; empty without mining.
    """

    queries: tuple[TokenRow, ...]
    documents: tuple[TokenRow, ...]
    weights: tuple[float, ...]
    keys: tuple[int, ...]
    negatives: tuple[tuple[int, ...], ...] = ()


def pair_rows(
    queries: Sequence[str], documents: Sequence[str], weights: Sequence[float], tokenizer: Tokenizer, max_tokens: int
) -> PairRows:
    """Tokenises queries and the documents that answer them."""
    numbers: dict[str, int] = {}
    keys = tuple(numbers.setdefault(text, len(numbers)) for text in documents)
    return PairRows(
        tuple(token_rows(tokenizer, queries, max_tokens)),
        tuple(token_rows(tokenizer, documents, max_tokens)),
        tuple(weights),
        keys,
    )


def reply_rows(pairs: Sequence[ReplyPair], tokenizer: Tokenizer, max_tokens: int) -> PairRows:
    """Conversation so far -> the agent's reply, weighted by how the conversation went on."""
    return pair_rows(
        [turn_text(pair.context) for pair in pairs],
        [pair.reply for pair in pairs],
        [pair.weight for pair in pairs],
        tokenizer,
        max_tokens,
    )


def question_rows(
    questions: Sequence[QuestionPassage], tokenizer: Tokenizer, max_tokens: int, exchanges: Sequence[Exchange] = ()
) -> PairRows:
    """Question -> passage, all of one weight; those without a context also after one of the exchanges."""
    alone = [pair for pair in questions if not pair.context] if exchanges else []
    asked = [*questions, *(replace(pair, context=exchange_before(pair.question, exchanges)) for pair in alone)]
    return pair_rows(
        [pair.query for pair in asked],
        [pair.passage_text for pair in asked],
        [1.0] * len(asked),
        tokenizer,
        max_tokens,
    )


@dataclass(frozen=True, slots=True)
class RankingTask:
    """Ranks each query's document above the other documents of the batch.

    Attributes:
        epochs: of the whole training, over which the pairs are spread evenly.
        measure: dev score of query vectors, document vectors and document keys.
    """

    name: str
    train: PairRows
    dev: PairRows
    options: RankingOptions
    epochs: int
    seed: int
    measure: Measure

    def batches(self, epoch: int) -> Sequence[tuple[int, ...]]:
        """The epoch's share of the pairs, in batches of like length; batches without a negative are dropped."""
        wanted = min(self.options.max_pairs, round(len(self.train.queries) * self.options.passes))
        start, end = wanted * epoch // self.epochs, wanted * (epoch + 1) // self.epochs
        chosen = shuffled_stream(len(self.train.queries), start, end, self.seed)
        lengths = [len(self.train.queries[at]) + len(self.train.documents[at]) for at in chosen]
        plan = bucketed_batches(lengths, self.options.batch_size, generator(self.seed, epoch, 2))
        return [tuple(chosen[at] for at in batch) for batch in plan if len(batch) > 1]

    def loss(self, forward: Forward, batch: object) -> Tensor:
        """Weighted in-batch negatives in both directions."""
        assert isinstance(batch, tuple)
        answers = [*batch, *self._negatives(batch)]
        each, places = _unlike(answers, self.train)
        queries = forward.model.vector(forward.features([self.train.queries[at] for at in batch]))
        documents = forward.model.vector(forward.features(each))[places]
        loss = ranking_loss(
            queries,
            documents,
            weights=torch.tensor([self.train.weights[at] for at in batch], device=queries.device),
            document_keys=torch.tensor([self.train.keys[at] for at in answers], device=queries.device),
            scale=self.options.scale,
        )
        return loss * self.options.weight

    def dev_score(self, forward: Forward) -> float | None:
        """What ``measure`` makes of the dev pairs' vectors."""
        if len(self.dev.queries) < 2:
            return None
        queries = forward.model.vector(forward.encode(self.dev.queries))
        each, places = _unlike(range(len(self.dev.keys)), self.dev)
        documents = forward.model.vector(forward.encode(each))[places]
        return self.measure(queries, documents, self.dev.keys)

    def _negatives(self, batch: tuple[int, ...]) -> list[int]:
        """Mined negatives of the batch; each text once, and none that answers another query of the batch."""
        known = {self.train.keys[at] for at in batch}
        chosen = []
        for near in (self.train.negatives[at] for at in batch if self.train.negatives):
            for at in near:
                if self.train.keys[at] not in known:
                    known.add(self.train.keys[at])
                    chosen.append(at)
        return chosen


def _unlike(answers: Sequence[int], rows: PairRows) -> tuple[list[TokenRow], list[int]]:
    """Documents of these rows, equal ones once, and the place of each row's among them."""
    places: dict[int, int] = {}
    each: list[TokenRow] = []
    for at in answers:
        if rows.keys[at] not in places:
            places[rows.keys[at]] = len(each)
            each.append(rows.documents[at])
    return each, [places[rows.keys[at]] for at in answers]
