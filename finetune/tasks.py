"""What a training task is, and the task of telling intents apart. Knows nothing of optimisers or files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from tokenizers import Tokenizer
from torch import Tensor

from bot.turn_text import turn_text
from finetune.batches import bucketed_batches, generator
from finetune.examples import IntentExample
from finetune.forward import Forward, TokenRow, token_rows
from finetune.losses import OUT_OF_SCOPE, contrast_loss, labelled_loss
from finetune.recipe import IntentOptions
from finetune.topic_changes import Exchange, exchange_before

SHORTEST_DROPPED = 6
"""Tokens, special ones included, below which a row loses none of them."""


class Task(Protocol):
    """One thing to learn; the trainer mixes the batches of all tasks."""

    @property
    def name(self) -> str:
        """A word for logs and metrics."""

    def batches(self, epoch: int) -> Sequence[object]:
        """The epoch's batches; the same for the same epoch, so that a resumed training sees the same."""

    def loss(self, forward: Forward, batch: object) -> Tensor:
        """The scalar to minimise on one of those batches."""

    def dev_score(self, forward: Forward) -> float | None:
        """0..1, higher is better; None without dev data."""


@dataclass(frozen=True, slots=True)
class LabelledBatch:
    """Token rows with the number of their label, or ``OUT_OF_SCOPE``."""

    rows: tuple[TokenRow, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Tokenised examples. ``forms`` holds one row alone, and a second with its context where it has one."""

    forms: tuple[tuple[TokenRow, ...], ...]
    labels: tuple[int, ...]


def labelled_rows(
    examples: Sequence[IntentExample],
    out_of_scope: Sequence[str],
    labels: Sequence[str],
    tokenizer: Tokenizer,
    max_tokens: int,
    exchanges: Sequence[Exchange] = (),
) -> LabelledRows:
    """Tokenises examples, alone and with their context, then the out-of-scope texts.

    Args:
        exchanges: a text without a context of its own has its second form after one of these, if there are any.
    """
    number = {label: at for at, label in enumerate(labels)}
    texts = [(example.text, example.context) for example in examples] + [(text, ()) for text in out_of_scope]
    before = [own or (exchange_before(text, exchanges) if exchanges else ()) for text, own in texts]
    alone = token_rows(tokenizer, [turn_text([text]) for text, _ in texts], max_tokens)
    joined = token_rows(
        tokenizer, [turn_text([*context, text]) for context, (text, _) in zip(before, texts, strict=True)], max_tokens
    )
    forms = [(short, long) if context else (short,) for context, short, long in zip(before, alone, joined, strict=True)]
    targets = [number[example.intent] for example in examples] + [OUT_OF_SCOPE] * len(out_of_scope)
    return LabelledRows(tuple(forms), tuple(targets))


@dataclass(frozen=True, slots=True)
class IntentTask:
    """Cross-entropy on the intent head; each example is seen alone or with its context, by a coin in each epoch."""

    train: LabelledRows
    dev: LabelledRows
    options: IntentOptions
    seed: int
    name: str = field(default="intent", init=False)

    def batches(self, epoch: int) -> Sequence[LabelledBatch]:
        """All examples once, in batches of like length."""
        options, random = self.options, generator(self.seed, epoch, 1)
        return labelled_batches(self.train, options.batch_size, options.token_drop, random)

    def loss(self, forward: Forward, batch: object) -> Tensor:
        """Cross-entropy, with outlier exposure for out-of-scope rows."""
        assert isinstance(batch, LabelledBatch)
        features = forward.features(batch.rows)
        labels = torch.tensor(batch.labels, device=features.device)
        loss = labelled_loss(
            forward.model.logits("intent_logits", features),
            labels,
            label_smoothing=self.options.label_smoothing,
            outlier_weight=self.options.outlier_weight,
        )
        if self.options.contrast_weight == 0:
            return loss
        contrast = contrast_loss(forward.model.vector(features), labels, temperature=self.options.contrast_temperature)
        return loss + self.options.contrast_weight * contrast

    def dev_score(self, forward: Forward) -> float | None:
        """Accuracy over dev examples in all their forms."""
        found = dev_guesses(forward, "intent_logits", self.dev)
        if found is None:
            return None
        guesses, labels = found
        return float((guesses == labels).float().mean())


def labelled_batches(
    rows: LabelledRows, batch_size: int, token_drop: float, random: torch.Generator
) -> Sequence[LabelledBatch]:
    """All rows once, alone or with context by a coin, with tokens left out by chance, in batches of like length."""
    coins = torch.randint(0, 2, (len(rows.forms),), generator=random).tolist()
    seen = [forms[coin % len(forms)] for forms, coin in zip(rows.forms, coins, strict=True)]
    if token_drop > 0:
        seen = [without_some(row, token_drop, random) for row in seen]
    plan = bucketed_batches([len(row) for row in seen], batch_size, random)
    return [LabelledBatch(tuple(seen[at] for at in batch), tuple(rows.labels[at] for at in batch)) for batch in plan]


def dev_guesses(forward: Forward, head: str, dev: LabelledRows) -> tuple[Tensor, Tensor] | None:
    """What a head takes each dev row for, in all its forms, and what it is: numbers, shape (n,); None without rows."""
    rows = [row for forms in dev.forms for row in forms]
    labels = [label for forms, label in zip(dev.forms, dev.labels, strict=True) for _ in forms]
    if not rows:
        return None
    with torch.no_grad():
        features = forward.encode(rows).to(forward.device)
        return forward.model.heads[head](features).argmax(dim=1).cpu(), torch.tensor(labels)


def without_some(row: TokenRow, share: float, random: torch.Generator) -> TokenRow:
    """A row with each inner token left out by chance; rows of fewer than six tokens stay whole."""
    if len(row) < SHORTEST_DROPPED:
        return row
    kept = (torch.rand(len(row), generator=random) >= share).tolist()
    kept[0] = kept[-1] = True
    return [token for token, keep in zip(row, kept, strict=True) if keep]
