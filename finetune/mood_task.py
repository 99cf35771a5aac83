"""The task of telling customers' moods apart. Knows nothing of optimisers, intents or files."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from finetune.batches import generator
from finetune.class_scores import macro_f1
from finetune.examples import IntentExample, SentimentExample
from finetune.forward import Forward
from finetune.recipe import SentimentOptions
from finetune.tasks import LabelledBatch, LabelledRows, dev_guesses, labelled_batches, labelled_rows
from finetune.topic_changes import Exchange

HEAD = "sentiment_logits"


def mood_rows(
    examples: Sequence[SentimentExample],
    moods: Sequence[str],
    tokenizer: Tokenizer,
    max_tokens: int,
    exchanges: Sequence[Exchange] = (),
) -> LabelledRows:
    """Tokenises messages, alone and after one of the exchanges, if there are any: serving sees both forms."""
    labelled = [IntentExample(example.text, example.sentiment) for example in examples]
    return labelled_rows(labelled, (), moods, tokenizer, max_tokens, exchanges)


def mood_weights(labels: Sequence[int], balance: float) -> Tensor:
    """Weight of each class, in the order of its number, 1 on average over the rows; all 1 where balance is 0.

    Args:
        labels: number of each row's class; every class from 0 to the greatest occurs.
        balance: power (0..1) of a class's scarceness, rows / (classes * its rows).
    """
    counts = torch.bincount(torch.tensor(labels)).float()
    raw = (counts.sum() / (len(counts) * counts)) ** balance
    return raw / ((raw * counts).sum() / counts.sum())


@dataclass(frozen=True, slots=True)
class MoodTask:
    """Weighted cross-entropy on the sentiment head; the dev score is macro-F1, since most customers are of one mood."""

    train: LabelledRows
    dev: LabelledRows
    options: SentimentOptions
    seed: int
    name: str = field(default="sentiment", init=False)

    def batches(self, epoch: int) -> Sequence[LabelledBatch]:
        """All messages once, alone or with context by a coin, in batches of like length."""
        options, random = self.options, generator(self.seed, epoch, 4)
        return labelled_batches(self.train, options.batch_size, options.token_drop, random)

    def loss(self, forward: Forward, batch: object) -> Tensor:
        """Cross-entropy, rare moods weighing more."""
        assert isinstance(batch, LabelledBatch)
        features = forward.features(batch.rows)
        weights = mood_weights(self.train.labels, self.options.balance).to(features.device)
        labels = torch.tensor(batch.labels, device=features.device)
        each = functional.cross_entropy(
            forward.model.logits(HEAD, features),
            labels,
            label_smoothing=self.options.label_smoothing,
            reduction="none",
        )
        return (each * weights[labels]).mean() * self.options.weight

    def dev_score(self, forward: Forward) -> float | None:
        """Macro-F1 over dev messages in all their forms; None without dev data."""
        found = dev_guesses(forward, HEAD, self.dev)
        return None if found is None else macro_f1(*(numbers.numpy() for numbers in found))
