"""The encoder with its heads, as training makes it and export takes it. Knows nothing of losses, data or files."""

from dataclasses import dataclass

from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

OUTPUT_ORDER = ("vector", "intent_logits", "sentiment_logits")
"""All outputs a model can have, in the order of the exported graph; a model has those with a head."""


class EncoderModel(nn.Module):
    """A transformer with mean pooling, a unit vector, and a linear head for each labelled task that has data.

    Attributes:
        output_names: keys of ``forward``'s result, in the order of ``OUTPUT_ORDER``.
        vector_dim: length of the unit vector.
    """

    def __init__(
        self, backbone: PreTrainedModel, *, intents: int = 0, sentiments: int = 0, dropout: float = 0.0
    ) -> None:
        """Builds heads of ``intents`` and ``sentiments`` classes; 0 leaves a head out."""
        super().__init__()
        self.backbone = backbone
        self.vector_dim = int(backbone.config.hidden_size)
        self.dropout = nn.Dropout(dropout)
        sizes = {"intent_logits": intents, "sentiment_logits": sentiments}
        self.heads = nn.ModuleDict({name: nn.Linear(self.vector_dim, size) for name, size in sizes.items() if size})
        self.output_names = tuple(name for name in OUTPUT_ORDER if name == "vector" or name in self.heads)

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the token states under the mask, in fp32 (Reimers and Gurevych 2019).

        Args:
            input_ids: (batch, tokens) int64.
            attention_mask: (batch, tokens) int64, 1 = a token, 0 = padding.

        Returns:
            (batch, dim) float32, not normalised.
        """
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)

    def outputs(self, pooled: Tensor) -> dict[str, Tensor]:
        """Unit vector and head logits of pooled states (batch, dim)."""
        results = {"vector": nn.functional.normalize(pooled, dim=1)}
        for name, head in self.heads.items():
            results[name] = head(self.dropout(pooled))
        return results

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """One pass for every decision.

        Args:
            input_ids: (batch, tokens) int64.
            attention_mask: (batch, tokens) int64.

        Returns:
            ``vector`` (batch, dim), then ``intent_logits`` (batch, intents) and ``sentiment_logits``
            (batch, sentiments) where there is such a head; keys in the order of ``output_names``.
        """
        return self.outputs(self.pooled(input_ids, attention_mask))


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
