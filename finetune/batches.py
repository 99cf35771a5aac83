"""Which rows form a batch, and their tensors. Knows nothing of texts, tasks or models."""

from collections.abc import Sequence

import torch
from torch import Tensor

BUCKET_BATCHES = 50
"""Batches whose rows are sorted by length together: wide enough for little padding, small enough to stay random."""


def generator(seed: int, *more: int) -> torch.Generator:
    """A random source that depends on these numbers alone, so that a resumed epoch draws what the killed one drew."""
    mixed = seed
    for number in more:
        mixed = (mixed * 1_000_003 + number + 1) % (2**63)
    return torch.Generator().manual_seed(mixed)


def bucketed_batches(lengths: Sequence[int], batch_size: int, random: torch.Generator) -> list[list[int]]:
    """Cuts rows into batches of like length, in random order.

    Args:
        lengths: tokens of each row.
        batch_size: rows a batch; the last of a bucket may be smaller.
        random: decides the order.

    Returns:
        Row numbers; each row is in exactly one batch.
    """
    order = torch.randperm(len(lengths), generator=random).tolist()
    width = batch_size * BUCKET_BATCHES
    batches = []
    for start in range(0, len(order), width):
        bucket = sorted(order[start : start + width], key=lambda row: lengths[row])
        batches += [bucket[at : at + batch_size] for at in range(0, len(bucket), batch_size)]
    return [batches[at] for at in torch.randperm(len(batches), generator=random).tolist()]


def shuffled_stream(count: int, start: int, end: int, seed: int) -> list[int]:
    """Places ``start`` to ``end`` of an endless stream in which each pass over ``count`` rows is shuffled anew."""
    if count == 0 or start == end:
        return []
    chosen: list[int] = []
    for number in range(start // count, (end - 1) // count + 1):
        order = torch.randperm(count, generator=generator(seed, number)).tolist()
        chosen += order[max(0, start - number * count) : end - number * count]
    return chosen


def pad(rows: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, padded on the right to the longest row.

    Returns:
        Two int64 tensors of shape (rows, tokens).
    """
    width = max(len(row) for row in rows)
    ids = torch.full((len(rows), width), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(rows), width), dtype=torch.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row, dtype=torch.int64)
        mask[number, : len(row)] = 1
    return ids.to(device), mask.to(device)
