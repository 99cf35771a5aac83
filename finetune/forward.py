"""Running the encoder over token rows: padding, device and precision. Knows nothing of tasks, losses or optimisers."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from finetune.batches import pad
from finetune.model import EncoderModel

TokenRow = Sequence[int]
_ENCODE_ROWS = 64


def token_rows(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    """Token ids with the special tokens, cut on the right to ``max_tokens``."""
    tokenizer.enable_truncation(max_tokens)
    rows = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    tokenizer.no_truncation()
    return rows


def pad_id_of(tokenizer: Tokenizer) -> int:
    """The padding token's id; 0 where the tokenizer names none, since padding is masked anyway."""
    for token in ("[PAD]", "<pad>"):
        found = tokenizer.token_to_id(token)
        if found is not None:
            return int(found)
    return 0


def computes_bf16(device: torch.device) -> bool:
    """Whether the machine multiplies bf16 natively; emulated bf16 would be slower than fp32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())


@dataclass(frozen=True, slots=True)
class Forward:
    """A model bound to a device and a precision.

    Attributes:
        bf16: run the encoder's matrix products in bf16; pooling and heads stay in fp32.
    """

    model: EncoderModel
    pad_id: int
    device: torch.device
    bf16: bool

    def features(self, rows: Sequence[TokenRow]) -> Tensor:
        """What heads and rankings read (rows, width), fp32, with gradients."""
        ids, mask = pad(rows, self.pad_id, self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            return self.model.features(ids, mask)

    @torch.no_grad()
    def encode(self, rows: Sequence[TokenRow]) -> Tensor:
        """Features of many rows (rows, width) on the CPU, in eval mode and batches of like length."""
        was_training = self.model.training
        self.model.eval()
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        width = self.model.vector_dim * self.model.head_input.parts
        result = torch.zeros((len(rows), width))
        for start in range(0, len(order), _ENCODE_ROWS):
            some = order[start : start + _ENCODE_ROWS]
            result[some] = self.features([rows[row] for row in some]).cpu()
        self.model.train(was_training)
        return result
