import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calibration import Calibration, probabilities
from finetune.calibrate import (
    answer_rows,
    choose_threshold,
    fit_passage_curve,
    fit_scope,
    fit_temperature,
    intent_prototypes,
    rows_needed,
    scope_threshold,
    upper_bound,
)
from finetune.evaluate import auroc
from retrieval.values import Passage, RetrievedPassage


def test_fit_temperature_undoes_overconfidence() -> None:
    random = np.random.default_rng(0)
    honest = random.normal(size=(4000, 5)) * 2
    labels = np.array([random.choice(5, p=row) for row in probabilities(honest)])
    assert fit_temperature((honest * 3).astype(np.float32), labels) == pytest.approx(3.0, rel=0.1)


def test_fit_temperature_of_no_rows_changes_nothing() -> None:
    assert fit_temperature(np.zeros((0, 3), dtype=np.float32), np.array([], dtype=np.int64)) == 1.0


def test_upper_bound_is_clopper_pearson() -> None:
    assert upper_bound(0, 59, 0.95) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert upper_bound(0, 59, 0.95) < 0.05 < upper_bound(0, 58, 0.95)
    assert upper_bound(3, 3, 0.95) == 1.0
    assert rows_needed(0.05, 0.05) == 59


def test_choose_threshold_says_how_many_rows_are_missing() -> None:
    choice = choose_threshold(np.linspace(0.5, 1, 40), np.ones(40, dtype=bool))
    assert choice.threshold is None
    assert choice.missing is not None
    assert "19 more" in choice.missing


def test_choose_threshold_says_when_the_model_is_too_often_wrong() -> None:
    right = np.tile([True, True, False], 200)
    choice = choose_threshold(np.linspace(0.5, 1, 600), right)
    assert choice.threshold is None
    assert choice.missing is not None
    assert "training rows" in choice.missing


def test_choose_threshold_answers_as_much_as_the_risk_allows() -> None:
    scores = np.linspace(0, 1, 1000)
    right = scores > 0.3
    threshold = choose_threshold(scores, right).threshold
    assert threshold is not None
    assert 0.25 < threshold.value <= 0.3
    assert threshold.bound <= 0.05
    assert threshold.answered_share == pytest.approx((scores >= threshold.value).mean())


def test_choose_threshold_never_parts_equal_scores() -> None:
    scores = np.repeat([0.9, 0.2], 200)
    right = np.concatenate([np.ones(200, dtype=bool), np.zeros(200, dtype=bool)])
    threshold = choose_threshold(scores, right).threshold
    assert threshold is not None
    assert threshold.value == 0.9
    assert threshold.answered_share == 0.5


def test_choose_threshold_never_answers_refused_rows() -> None:
    scores = np.concatenate([np.full(100, -np.inf), np.linspace(0.5, 1, 100)])
    threshold = choose_threshold(scores, np.ones(200, dtype=bool)).threshold
    assert threshold is not None
    assert np.isfinite(threshold.value)
    assert threshold.answered_share == 0.5


def test_choose_threshold_keeps_its_promise_over_many_draws() -> None:
    random = np.random.default_rng(1)
    broken = 0
    for _ in range(100):
        scores = random.uniform(size=400)
        right = random.uniform(size=400) < 0.8 + 0.2 * scores
        threshold = choose_threshold(scores, right).threshold
        if threshold is not None:
            risk = 0.2 * (1 - (1 + threshold.value) / 2)
            broken += risk > 0.05
    assert broken / 100 <= 0.05


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_choose_threshold_gives_a_value_within_its_bound_or_a_reason(rows: list[tuple[float, bool]]) -> None:
    scores, right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    choice = choose_threshold(scores, right)
    assert (choice.threshold is None) != (choice.missing is None)
    if choice.threshold is not None:
        answered = scores >= choice.threshold.value
        assert upper_bound(int((~right[answered]).sum()), int(answered.sum()), 0.95) <= 0.05


def outputs(vectors: np.ndarray, centres: np.ndarray) -> dict[str, np.ndarray]:
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return {"vector": unit, "intent_logits": (unit @ centres.T * 10).astype(np.float32)}


def clusters(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    centres = np.eye(6, 16)
    labels = random.integers(0, 6, rows)
    inside = centres[labels] + random.normal(size=(rows, 16)) * 0.1
    outside = random.normal(size=(rows, 16)) * 0.3 + np.eye(16)[10]
    return centres, labels, inside, outside


@pytest.mark.parametrize("real", [0, 100])
def test_fit_scope_tells_unknown_from_known(real: int) -> None:
    centres, labels, inside, outside = clusters(0, 300)
    known = outputs(inside, centres)
    prototypes = intent_prototypes(known["vector"], labels, 6)
    unknown = outputs(outside[:real], centres) if real else None
    calibration = Calibration(scope=fit_scope(known, labels, unknown, 1.0, prototypes))
    _, _, inside, outside = clusters(1, 200)
    low, high = calibration.out_of_scope(outputs(inside, centres)), calibration.out_of_scope(outputs(outside, centres))
    assert low is not None
    assert high is not None
    threshold = calibration.out_of_scope_threshold
    assert threshold is not None
    assert (low >= threshold).mean() <= 0.1
    assert (high >= threshold).mean() >= 0.9
    assert auroc(low, high) > 0.95
    assert ((low >= 0) & (high <= 1)).all()


def test_scope_threshold_refuses_at_most_one_in_twenty() -> None:
    random = np.random.default_rng(0)
    inside, outside = random.uniform(size=1000), random.uniform(size=1000)
    assert (inside >= scope_threshold(inside, outside)).mean() <= 0.05


def test_answer_rows_count_out_of_scope_rows_as_wrong_and_refused_ones_as_unanswered() -> None:
    centres, labels, inside, outside = clusters(0, 300)
    known, unknown = outputs(inside, centres), outputs(outside, centres)
    bare = Calibration()
    scores, right = answer_rows(bare, known, labels, unknown)
    assert right[:300].all()
    assert not right[300:].any()
    assert np.isfinite(scores).all()
    prototypes = intent_prototypes(known["vector"], labels, 6)
    judged = Calibration(scope=fit_scope(known, labels, unknown, 1.0, prototypes))
    scores, _ = answer_rows(judged, known, labels, unknown)
    assert np.isinf(scores[300:]).mean() > 0.9


def _found(score: float, rival: float) -> tuple[RetrievedPassage, ...]:
    pairs = (("boots", score), ("tents", rival))
    return tuple(
        RetrievedPassage(Passage(document, document, document, "Text.", "kb", 0), value, rank)
        for rank, (document, value) in enumerate(pairs, start=1)
    )


def test_fit_passage_curve_learns_that_a_near_rival_means_doubt() -> None:
    random = np.random.default_rng(0)
    scores, leads = random.uniform(0.3, 0.8, 400), random.uniform(0.0, 0.3, 400)
    scope = random.uniform(0, 1, 400)
    log_odds = 8 * (scores - 0.5) + 20 * (leads - 0.1) - 3 * (scope - 0.5)
    right = random.uniform(size=400) < 1 / (1 + np.exp(-log_odds))
    found = [_found(score, score - lead) for score, lead in zip(scores, leads, strict=True)]
    curve = fit_passage_curve(found, scope.tolist(), right)
    assert curve is not None
    assert curve.score > 0 > curve.scope
    assert curve.confidence(_found(0.6, 0.3), 0.1) > 0.9 > 0.5 > curve.confidence(_found(0.4, 0.39), 0.9)


def test_fit_passage_curve_wants_ten_right_and_ten_wrong_rows() -> None:
    right = np.array([True] * 30 + [False] * 9)
    assert fit_passage_curve([_found(0.6, 0.3)] * 39, [None] * 39, right) is None
    assert fit_passage_curve([()] * 39, [None] * 39, right) is None
