import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.batches import BUCKET_BATCHES, bucketed_batches, generator, pad, shuffled_stream

lengths = st.lists(st.integers(1, 40), max_size=400)


@given(lengths, st.integers(1, 9), st.integers(0, 2**31))
def test_every_row_is_in_exactly_one_batch(lengths: list[int], size: int, seed: int) -> None:
    batches = bucketed_batches(lengths, size, generator(seed))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(0 < len(batch) <= size for batch in batches)


@given(lengths, st.integers(1, 9), st.integers(0, 99))
def test_the_same_seed_gives_the_same_batches(lengths: list[int], size: int, seed: int) -> None:
    assert bucketed_batches(lengths, size, generator(seed)) == bucketed_batches(lengths, size, generator(seed))


def test_rows_of_a_batch_are_of_like_length() -> None:
    count = 4 * BUCKET_BATCHES
    lengths = [1 + row % 50 for row in range(count)]
    spread = [max(lengths[row] for row in batch) - min(lengths[row] for row in batch) for batch in _four(lengths)]
    assert max(spread) <= 1


def _four(lengths: list[int]) -> list[list[int]]:
    return bucketed_batches(lengths, 4, generator(3))


def test_epochs_differ() -> None:
    assert bucketed_batches([5] * 64, 4, generator(1, 0)) != bucketed_batches([5] * 64, 4, generator(1, 1))


@given(st.integers(1, 30), st.lists(st.integers(0, 100), min_size=2, max_size=2).map(sorted), st.integers(0, 9))
def test_stream_pieces_join_to_the_same_stream(count: int, cut: list[int], seed: int) -> None:
    start, end = cut
    whole = shuffled_stream(count, 0, 100, seed)
    assert shuffled_stream(count, start, end, seed) == whole[start:end]
    assert sorted(whole[:count]) == list(range(count))[: len(whole[:count])]


def test_an_empty_stream_is_empty() -> None:
    assert shuffled_stream(0, 0, 5, 1) == []
    assert shuffled_stream(5, 3, 3, 1) == []


def test_pad_masks_what_it_adds() -> None:
    ids, mask = pad([[5, 6, 7], [8]], pad_id=9, device=torch.device("cpu"))
    assert ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert ids.dtype == mask.dtype == torch.int64
