"""Attention as one operator of ONNX Runtime, for export only. Knows no model's inside and no files.

Written out, attention is ten nodes a layer, which ONNX Runtime's own fusion does not recognise in the dynamo exporter's
graphs. As one node an int8 message of 16 tokens takes a tenth less.
"""

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

EXPLICIT = "eager"
_FUSED = "onnxruntime"


def attention_for(backbone: PreTrainedModel) -> str:
    """The implementation to export a model with: the operator, or explicit where it cannot say what the model does.

    The operator knows padding alone: no windows, no causal mask, and as many heads for keys as for queries.
    """
    config = backbone.config
    kinds = set(getattr(config, "layer_types", None) or ())
    heads = getattr(config, "num_attention_heads", None)
    plain = (
        backbone._supports_attention_backend
        and not getattr(config, "is_decoder", False)
        and not getattr(config, "sliding_window", None)
        and not getattr(config, "local_attention", None)
        and kinds <= {"full_attention"}
        and getattr(config, "num_key_value_heads", heads) == heads
    )
    return _FUSED if plain else EXPLICIT


def _fused(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    scaling: float,
    **_: object,
) -> tuple[Tensor, None]:
    """``com.microsoft.MultiHeadAttention`` of (batch, heads, tokens, width), as (batch, tokens, heads, width).

    Arguments that only training needs, such as dropout, are not looked at.
    """
    batch, heads, tokens, width = query.shape
    side_by_side = [part.transpose(1, 2).reshape(batch, tokens, heads * width) for part in (query, key, value)]
    read = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        (*side_by_side, None, attention_mask),
        {"num_heads": heads, "scale": scaling},
        dtype=query.dtype,
        shape=(batch, tokens, heads * width),
        version=1,
    )
    return read.reshape(batch, tokens, heads, width), None


def _padding(*, attention_mask: Tensor, **_: object) -> Tensor:
    """Which tokens are none, as the operator wants it: (batch, tokens) int32, 1 = a token."""
    return attention_mask.to(torch.int32)


AttentionInterface.register(_FUSED, _fused)
AttentionMaskInterface.register(_FUSED, _padding)
