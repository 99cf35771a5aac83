"""The encoder with its heads, as training makes it and export takes it. Knows nothing of losses, data or files."""

from dataclasses import dataclass
from typing import cast

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

OUTPUT_ORDER = ("vector", "intent_logits", "sentiment_logits")
"""All outputs a model can have, in the order of the exported graph; a model has those with a head."""


@dataclass(frozen=True, slots=True)
class HeadInput:
    """What a head reads of the encoder.

    Attributes:
        layers: how many of the last layers, each averaged over its tokens.
        first_token: also the last layer's first token.
    """

    layers: int = 1
    first_token: bool = False

    @property
    def parts(self) -> int:
        """Unit vectors that a head gets side by side."""
        return self.layers + int(self.first_token)


class EncoderModel(nn.Module):
    """A transformer with mean pooling, a unit vector, and a linear head for each labelled task that has data.

    A head reads unit vectors side by side: the mean of the last layer, which is the sentence vector, and those that
    ``head_input`` adds. Earlier layers and the first token help a head on a frozen encoder.

    Attributes:
        output_names: keys of ``forward``'s result, in the order of ``OUTPUT_ORDER``.
        vector_dim: length of the unit vector.
    """

    def __init__(
        self,
        backbone: PreTrainedModel,
        *,
        intents: int = 0,
        sentiments: int = 0,
        head_input: HeadInput | None = None,
        dropout: float = 0.0,
    ) -> None:
        """Builds heads of ``intents`` and ``sentiments`` classes; 0 leaves a head out."""
        super().__init__()
        self.backbone = backbone
        self.head_input = head_input or HeadInput()
        self.vector_dim = int(backbone.config.hidden_size)
        self.dropout = nn.Dropout(dropout)
        width = self.vector_dim * self.head_input.parts
        sizes = {"intent_logits": intents, "sentiment_logits": sentiments}
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in sizes.items() if size})
        self.output_names = tuple(name for name in OUTPUT_ORDER if name == "vector" or name in self.heads)

    def features(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors of the input, in fp32: means of token states under the mask (Reimers and Gurevych 2019).

        Args:
            input_ids: (batch, tokens) int64.
            attention_mask: (batch, tokens) int64, 1 = a token, 0 = padding.

        Returns:
            (batch, parts * dim) float32; the first ``dim`` columns are the sentence vector.
        """
        layers = self.head_input.layers
        read = self.backbone(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=layers > 1)
        states = [read.last_hidden_state] + [read.hidden_states[-1 - back] for back in range(1, layers)]
        mask = attention_mask.unsqueeze(-1).float()
        count = mask.sum(dim=1).clamp(min=1.0)
        parts = [(state.float() * mask).sum(dim=1) / count for state in states]
        if self.head_input.first_token:
            parts.append(read.last_hidden_state[:, 0].float())
        return torch.cat([functional.normalize(part, dim=1) for part in parts], dim=1)

    def vector(self, features: Tensor) -> Tensor:
        """The sentence vector (batch, dim) in what ``features`` returned."""
        return features[:, : self.vector_dim]

    def logits(self, name: str, features: Tensor) -> Tensor:
        """One head's logits (batch, classes) for what ``features`` returned."""
        return cast(Tensor, self.heads[name](self.dropout(features)))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """One pass for every decision.

        Args:
            input_ids: (batch, tokens) int64.
            attention_mask: (batch, tokens) int64.

        Returns:
            ``vector`` (batch, dim), then ``intent_logits`` (batch, intents) and ``sentiment_logits``
            (batch, sentiments) where there is such a head; keys in the order of ``output_names``.
        """
        features = self.features(input_ids, attention_mask)
        return {"vector": self.vector(features)} | {name: self.logits(name, features) for name in self.heads}


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What training hands to export: the model in eval mode on the CPU, and all that belongs to it.

    Attributes:
        tokenizer: without padding; truncation to ``max_tokens`` is left to the caller.
        intents: label of each intent logit, in order; empty without that head.
        sentiments: label of each sentiment logit.
        languages: BCP 47 codes.
        base_model: the name that the recipe gave.
        max_tokens: longest input, special tokens included.
        vector_dim: length of the unit vector.
        output_names: the graph's outputs, in order.
    """

    model: EncoderModel
    tokenizer: Tokenizer
    intents: tuple[str, ...]
    sentiments: tuple[str, ...]
    languages: tuple[str, ...]
    base_model: str
    max_tokens: int
    vector_dim: int
    output_names: tuple[str, ...]


def set_encoder_dropout(backbone: PreTrainedModel, share: float) -> None:
    """Sets every dropout inside a transformer, whatever its configuration calls them."""
    for module in backbone.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
