"""From raw scores to probabilities that may be believed, and the thresholds that follow from a stated risk.

Pure numpy: applies what ``finetune`` fitted; knows no model, no text and no training.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import BundleError

Array = NDArray[np.float32]
Scores = NDArray[np.float64]

EXTRA_SCOPE_OUTPUT = "out_of_scope_logit"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least score at which an answer may be given.

    Attributes:
        value: answer where the score is at least this.
        risk: the promised share of wrong ones among answered.
        bound: upper bound of that share, at 95 % confidence, on the calibration rows.
        answered_share: share of the calibration rows that are answered at this value.
        n: number of calibration rows.
    """

    value: float
    risk: float
    bound: float
    answered_share: float
    n: int


@dataclass(frozen=True, slots=True)
class ScopeModel:
    """A logistic model of "none of the intents" over a few features of one pass.

    Attributes:
        weights: weight by feature name (see ``scope_features``).
        bias: intercept of the log-odds of being out of scope.
        threshold: out of scope where the score is at least this.
        prototypes: unit mean vector of each intent, shape (intents, dim), or None where no weight needs it.
    """

    weights: dict[str, float]
    bias: float
    threshold: float
    prototypes: Array | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What one variant of the encoder needs to be believed.

    Attributes:
        temperature: divides the intent logits (Guo et al. 2017, "On Calibration of Modern Neural Networks").
        sentiment_temperature: the same for the sentiment logits.
        scope: None where there is no intent head.
        reply: least intent probability for an approved reply, or None with the reason in ``reply_missing``.
        passage: least fused score for a quoted passage, or None with the reason in ``passage_missing``.
    """

    temperature: float = 1.0
    sentiment_temperature: float = 1.0
    scope: ScopeModel | None = None
    reply: Threshold | None = None
    passage: Threshold | None = None
    reply_missing: str | None = None
    passage_missing: str | None = None

    @property
    def out_of_scope_threshold(self) -> float | None:
        """Out of scope where the score is at least this; None where the score is not known."""
        return None if self.scope is None else self.scope.threshold

    def out_of_scope(self, outputs: Mapping[str, Array]) -> Scores | None:
        """Out-of-scope scores in 0..1, shape (n,), or None where they are not known.

        Args:
            outputs: the graph's outputs, with ``intent_logits`` (n, intents) and ``vector`` (n, dim).
        """
        if self.scope is None:
            return None
        features = scope_features(outputs, self.temperature, self.scope.prototypes)
        log_odds = np.full(len(outputs["intent_logits"]), self.scope.bias, dtype=np.float64)
        for name, weight in self.scope.weights.items():
            log_odds += weight * features[name]
        return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60.0, 60.0)))


def probabilities(logits: Array | Scores, temperature: float = 1.0) -> Scores:
    """Softmax of logits over a temperature, row by row; shape (n, labels)."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def scope_features(outputs: Mapping[str, Array], temperature: float, prototypes: Array | None) -> dict[str, Scores]:
    """Features that tell known from unknown, each of shape (n,).

    ``max_logit`` keeps what softmax normalises away (Hendrycks et al. 2022, "Scaling Out-of-Distribution Detection");
    ``guess_cosine`` asks whether the turn lies where the examples of the guessed intent lie, before the head. A graph
    may add an ``out_of_scope_logit`` of its own.

    Args:
        outputs: the graph's outputs.
        temperature: of the intent logits.
        prototypes: unit mean vectors of the intents, or None to leave that feature out.
    """
    logits = np.asarray(outputs["intent_logits"], dtype=np.float64) / temperature
    features = {"max_logit": logits.max(axis=1)}
    if prototypes is not None:
        centres = prototypes[logits.argmax(axis=1)]
        features["guess_cosine"] = np.asarray((outputs["vector"] * centres).sum(axis=1), dtype=np.float64)
    if EXTRA_SCOPE_OUTPUT in outputs:
        features[EXTRA_SCOPE_OUTPUT] = -np.asarray(outputs[EXTRA_SCOPE_OUTPUT], dtype=np.float64).reshape(len(logits))
    return features


def write_calibrations(path: Path, calibrations: Mapping[str, Calibration]) -> None:
    """Writes ``calibration.json``: one object a variant."""
    content = {variant: _to_json(calibration) for variant, calibration in calibrations.items()}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_calibrations(path: Path) -> dict[str, Calibration]:
    """Reads ``calibration.json``.

    Raises:
        BundleError: it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {variant: _from_json(entry) for variant, entry in content.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BundleError(f"{path}: not a calibration ({type(error).__name__}); export the bundle again") from error


def _to_json(calibration: Calibration) -> dict[str, Any]:
    scope = calibration.scope
    return {
        "temperature": calibration.temperature,
        "sentiment_temperature": calibration.sentiment_temperature,
        "scope": scope
        and {
            "weights": scope.weights,
            "bias": scope.bias,
            "threshold": scope.threshold,
            "prototypes": None if scope.prototypes is None else np.round(scope.prototypes, 4).tolist(),
        },
        "reply": _threshold_to_json(calibration.reply),
        "passage": _threshold_to_json(calibration.passage),
        "reply_missing": calibration.reply_missing,
        "passage_missing": calibration.passage_missing,
    }


def _threshold_to_json(threshold: Threshold | None) -> dict[str, Any] | None:
    if threshold is None:
        return None
    return {name: getattr(threshold, name) for name in ("value", "risk", "bound", "answered_share", "n")}


def _from_json(entry: dict[str, Any]) -> Calibration:
    scope = entry["scope"]
    if scope is not None:
        prototypes = scope.pop("prototypes")
        scope = ScopeModel(**scope, prototypes=None if prototypes is None else np.asarray(prototypes, dtype=np.float32))
    thresholds = {name: entry[name] and Threshold(**entry[name]) for name in ("reply", "passage")}
    return Calibration(**{**entry, "scope": scope, **thresholds})
