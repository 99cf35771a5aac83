"""Fits what makes raw scores believable, on rows that were neither trained on nor reported on.

Knows scores and labels; knows no model, no file and no text. A handful of numbers is fitted on the very rows that then
choose the answer threshold, which is too few to bend a bound on a hundred rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.special import logsumexp  # type: ignore[import-untyped]
from scipy.stats import beta  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from bot.calibration import (
    SURENESS_WEIGHT,
    Array,
    Calibration,
    PassageCurve,
    ScopeModel,
    Scores,
    Threshold,
    chance,
    familiarity,
    passage_features,
    probabilities,
)
from retrieval.values import RetrievedPassage

RISK = 0.05
"""At most this share of answers may be wrong ..."""

CONFIDENCE = 0.95
"""... with this confidence, over the draw of the calibration rows."""

MOST_REFUSED = 0.05
"""At most this share of in-scope rows may count as out of scope."""

Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]
Outputs = Mapping[str, Array]

_LEAST_TEMPERATURE, _MOST_TEMPERATURE = 0.25, 20.0
_REAL_IS_ENOUGH = 50
_STARTS = 4
_LEAST_OF_EACH = 10


def calibrate_variant(
    inside: Outputs | None, labels: Labels, outside: Outputs | None, prototypes: Array | None
) -> Calibration:
    """Temperature, out-of-scope score and reply threshold of one exported graph.

    Args:
        inside: its outputs on in-scope calibration rows, or None where there are none.
        labels: numbers of their intents, shape (n,).
        outside: its outputs on out-of-scope rows, or None.
        prototypes: unit mean vectors of the intents, or None.
    """
    if inside is None or prototypes is None or "intent_logits" not in inside:
        return Calibration(reply_missing="there are no labelled calibration rows; give more labelled messages")
    temperature = fit_temperature(inside["intent_logits"], labels)
    if len(np.unique(labels)) < 2:
        return Calibration(temperature, reply_missing="calibration rows have one intent only; give more of the others")
    scope = fit_scope(inside, labels, outside, temperature, prototypes)
    calibration = Calibration(temperature, scope=scope)
    choice = choose_threshold(*answer_rows(calibration, inside, labels, outside))
    return replace(calibration, reply=choice.threshold, reply_missing=choice.missing)


def answer_rows(
    calibration: Calibration, inside: Outputs, labels: Labels, outside: Outputs | None
) -> tuple[Scores, Flags]:
    """Score of each calibration row and whether its intent would be right; an out-of-scope row is never right.

    Rows that count as out of scope get ``-inf``: the desk does not answer them from the intent.
    """
    parts = []
    for outputs, right in ((inside, labels), (outside, None)):
        if outputs is None:
            continue
        chances = probabilities(outputs["intent_logits"], calibration.temperature)
        scope, threshold = calibration.out_of_scope(outputs), calibration.out_of_scope_threshold
        refused = np.zeros(len(chances), dtype=bool) if scope is None or threshold is None else scope >= threshold
        scores = np.where(refused, -np.inf, chances.max(axis=1))
        flags = np.zeros(len(chances), dtype=bool) if right is None else chances.argmax(axis=1) == right
        parts.append((scores, flags))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def fit_temperature(logits: Array, labels: Labels) -> float:
    """Temperature of least negative log-likelihood, 0.25..20 (Guo et al. 2017).

    Args:
        logits: shape (n, labels).
        labels: numbers of the right labels, shape (n,); 1.0 comes back where there is no row.
    """
    if not len(labels):
        return 1.0
    scores = np.asarray(logits, dtype=np.float64)

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(labels)), labels]).mean())

    found = minimize_scalar(loss, bounds=(np.log(_LEAST_TEMPERATURE), np.log(_MOST_TEMPERATURE)), method="bounded")
    return float(np.exp(found.x))


def intent_prototypes(vectors: Array, labels: Labels, count: int) -> Array:
    """Unit mean vector of each intent, shape (count, dim); a row of zeros for an intent without an example."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def fit_scope(
    inside: Outputs, labels: Labels, outside: Outputs | None, temperature: float, prototypes: Array
) -> ScopeModel:
    """A logistic curve of "none of the intents" over familiarity.

    With fewer than 50 real out-of-scope rows, each in-scope row also stands for an unknown one: its own intent is taken
    out of the logits and prototypes, as if the bundle had never learnt it.

    Args:
        inside: outputs of in-scope rows.
        labels: numbers of their intents, shape (n,).
        outside: outputs of out-of-scope rows, or None.
        temperature: of the intent logits.
        prototypes: unit mean vectors of the intents.
    """
    known = familiarity(inside, temperature, prototypes)
    unknown = [] if outside is None else [familiarity(outside, temperature, prototypes)]
    real = 0 if outside is None else len(outside["intent_logits"])
    if real < _REAL_IS_ENOUGH and inside["intent_logits"].shape[1] > 2:
        unknown.append(_without_own_intent(inside, labels, temperature, prototypes))
    high = np.concatenate(unknown) if unknown else known[:0]
    outs = np.concatenate([np.zeros(len(known)), np.ones(len(high))])
    values = np.concatenate([known, high])
    slope, bias = _logistic(values, outs) if len(high) else _without_examples(known)
    chances = chance(values * slope + bias)
    threshold = scope_threshold(chances[outs == 0], chances[outs == 1])
    return ScopeModel(slope, bias, threshold, SURENESS_WEIGHT, prototypes)


def _logistic(values: Scores, outs: Scores) -> tuple[float, float]:
    """Slope and bias, both sides weighing alike however many rows they have."""
    middle, spread = float(values.mean()), float(values.std()) + 1e-9
    fitted = LogisticRegression(class_weight="balanced", max_iter=500).fit((values[:, None] - middle) / spread, outs)
    slope = float(fitted.coef_[0, 0]) / spread
    return slope, float(fitted.intercept_[0]) - slope * middle


def _without_examples(low: Scores) -> tuple[float, float]:
    """With nothing unknown to look at, the least familiar twentieth of the known rows marks the middle."""
    return -1.0, float(np.quantile(low, MOST_REFUSED))


def scope_threshold(inside: Scores, outside: Scores) -> float:
    """The score that tells best apart (Youden's J) among those that refuse at most 5 % of the in-scope rows."""
    least = float(np.quantile(inside, 1 - MOST_REFUSED, method="higher"))
    scores = np.unique(np.concatenate([inside, outside]))
    above = scores[scores >= least]
    candidates = np.append((above[:-1] + above[1:]) / 2, np.nextafter(above[-1], 2.0))
    gains = [(outside >= value).mean() - (inside >= value).mean() for value in candidates]
    return float(candidates[int(np.argmax(gains))])


def fit_passage_curve(
    found: Sequence[Sequence[RetrievedPassage]], out_of_scope: Sequence[float | None], right: Flags
) -> PassageCurve | None:
    """A logistic curve of "the first passage answers" over its score, its lead and the turn's scope.

    Args:
        found: what was found for each held-back question or out-of-scope message, best first.
        out_of_scope: the score of each, or None.
        right: whether the first passage answers, shape (n,).

    Returns:
        None where fewer than ten rows are right or fewer than ten wrong.
    """
    looked = [row for row in zip(found, out_of_scope, right, strict=True) if row[0]]
    answers = np.array([ok for _, _, ok in looked], dtype=bool)
    if min(answers.sum(), (~answers).sum()) < _LEAST_OF_EACH:
        return None
    values = np.array([passage_features(passages, scope) for passages, scope, _ in looked])
    spread = values.std(axis=0) + 1e-9
    fitted = LogisticRegression(max_iter=500).fit(values / spread, answers)
    return PassageCurve(float(fitted.intercept_[0]), *(fitted.coef_[0] / spread).tolist())


@dataclass(frozen=True, slots=True)
class RiskChoice:
    """A threshold, or what is missing for one; exactly one of the two is there."""

    threshold: Threshold | None
    missing: str | None


def choose_threshold(scores: Scores, right: Flags, *, risk: float = RISK, confidence: float = CONFIDENCE) -> RiskChoice:
    """The threshold that answers most while at most ``risk`` of the answers are wrong, with the given confidence.

    Learn-then-Test (Angelopoulos et al. 2021, "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk
    Control"), fixed-sequence testing from several starts: the chances of error are shared among at most four starting
    points; from each, the threshold is lowered for as long as the exact binomial bound (Clopper-Pearson) holds.

    Args:
        scores: shape (n,); ``-inf`` for rows that would never be answered.
        right: whether the answer would be right, shape (n,).
        risk: most wrong among answered.
        confidence: over the draw of the rows.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, wrong = scores[order], np.cumsum(~right[order], dtype=np.int64)
    ends = [at for at in range(len(ranked)) if np.isfinite(ranked[at]) and _is_end(ranked, at)]
    starts = _starts(ends, risk, 1 - confidence)
    error = (1 - confidence) / max(1, len(starts))
    passed = [end for start in starts if (end := _walk(ends, start, wrong, risk, error)) is not None]
    if not passed:
        return RiskChoice(None, _missing(ends, wrong, risk, 1 - confidence))
    end = max(passed)
    bound = upper_bound(int(wrong[end]), end + 1, 1 - error)
    return RiskChoice(Threshold(float(ranked[end]), risk, bound, (end + 1) / len(ranked), len(ranked)), None)


def upper_bound(wrong: int, answered: int, confidence: float) -> float:
    """Exact upper bound of a share (Clopper and Pearson 1934); 1 where nothing was answered."""
    return 1.0 if wrong >= answered else float(beta.ppf(confidence, wrong + 1, answered - wrong))


def rows_needed(risk: float, error: float) -> int:
    """How many right answers in a row prove that at most ``risk`` are wrong: 59 for 5 % at 95 %."""
    return int(np.ceil(np.log(error) / np.log(1 - risk)))


def _is_end(ranked: Scores, at: int) -> bool:
    """A threshold cannot part equal scores."""
    return at + 1 == len(ranked) or bool(ranked[at + 1] < ranked[at])


def _starts(ends: Sequence[int], risk: float, error: float) -> list[int]:
    """Indices into ``ends``: at an eighth, a quarter, half and all of the rows, where a proof is possible at all."""
    if not ends:
        return []
    for count in range(_STARTS, 0, -1):
        sizes = [(ends[-1] + 1) / 2**power for power in range(count)]
        if sizes[-1] >= rows_needed(risk, error / count):
            return [next(index for index, end in enumerate(ends) if end + 1 >= size) for size in reversed(sizes)]
    return []


def _walk(ends: Sequence[int], start: int, wrong: Labels, risk: float, error: float) -> int | None:
    last = None
    for end in ends[start:]:
        if upper_bound(int(wrong[end]), end + 1, 1 - error) > risk:
            return last
        last = end
    return last


def _missing(ends: Sequence[int], wrong: Labels, risk: float, error: float) -> str:
    answerable = ends[-1] + 1 if ends else 0
    least = rows_needed(risk, error)
    if answerable < least:
        return (
            f"{answerable} calibration rows can be answered, at least {least} are needed to promise "
            f"{risk:.0%} wrong at most: {least - answerable} more"
        )
    shares = [(wrong[end] / (end + 1), end) for end in ends if end + 1 >= least]
    share, end = min(shares) if shares else (wrong[ends[-1]] / answerable, ends[-1])
    more = next((size for size in _sizes(end + 1) if upper_bound(int(share * size), size, 1 - error) <= risk), None)
    if more is None:
        return f"{share:.1%} of the surest answers are wrong, above {risk:.0%}: more or better training rows are needed"
    factor = more / (end + 1)
    return (
        f"{share:.1%} of the surest {end + 1} answers are wrong, too few rows to promise {risk:.0%}: "
        f"about {int(np.ceil(answerable * (factor - 1))) + 1} more calibration rows"
    )


def _sizes(start: int) -> list[int]:
    return [int(start * 1.1**step) for step in range(80)]


def _without_own_intent(outputs: Outputs, labels: Labels, temperature: float, prototypes: Array) -> Scores:
    """Familiarity of rows whose own intent is taken away, one intent at a time."""
    parts = []
    for label in np.unique(labels):
        rows = labels == label
        part = {name: value[rows] for name, value in outputs.items()}
        part["intent_logits"] = np.delete(part["intent_logits"], label, axis=1)
        parts.append(familiarity(part, temperature, np.delete(prototypes, label, axis=0)))
    return np.concatenate(parts)
