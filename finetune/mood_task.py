"""The task of telling customers' moods apart. Knows nothing of optimisers, intents or files."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from finetune.batches import bucketed_batches, generator
from finetune.examples import IntentExample, SentimentExample
from finetune.forward import Forward
from finetune.recipe import SentimentOptions
from finetune.tasks import LabelledBatch, LabelledRows, labelled_rows, without_some
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
        random = generator(self.seed, epoch, 4)
        coins = torch.randint(0, 2, (len(self.train.forms),), generator=random).tolist()
        rows = [forms[coin % len(forms)] for forms, coin in zip(self.train.forms, coins, strict=True)]
        if self.options.token_drop > 0:
            rows = [without_some(row, self.options.token_drop, random) for row in rows]
        plan = bucketed_batches([len(row) for row in rows], self.options.batch_size, random)
        return [
            LabelledBatch(tuple(rows[at] for at in batch), tuple(self.train.labels[at] for at in batch))
            for batch in plan
        ]

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
        rows = [row for forms in self.dev.forms for row in forms]
        labels = [label for forms, label in zip(self.dev.forms, self.dev.labels, strict=True) for _ in forms]
        if not rows:
            return None
        with torch.no_grad():
            features = forward.encode(rows).to(forward.device)
            guesses = forward.model.heads[HEAD](features).argmax(dim=1).cpu()
        return _macro_f1(guesses, torch.tensor(labels))


def _macro_f1(guesses: Tensor, labels: Tensor) -> float:
    scores = []
    for number in sorted(set(labels.tolist())):
        hits = int(((guesses == number) & (labels == number)).sum())
        scores.append(2 * hits / (int((guesses == number).sum()) + int((labels == number).sum())))
    return sum(scores) / len(scores)
