import numpy as np
import pytest

from finetune.evaluate import (
    auroc,
    auroc_interval,
    expected_calibration_error,
    macro_f1,
    paired_bootstrap,
    ranking_scores,
    reply_rank_rows,
)


def test_expected_calibration_error_is_the_gap() -> None:
    right = np.array([True] * 6 + [False] * 4)
    assert expected_calibration_error(np.full(10, 0.9), right) == pytest.approx(0.3)
    assert expected_calibration_error(np.full(10, 0.6), right) == pytest.approx(0.0)
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == pytest.approx(0.0)


def test_macro_f1_weighs_intents_alike() -> None:
    labels, guesses = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert macro_f1(guesses, labels) == pytest.approx((6 / 7 + 0) / 2)


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([0.1, 0.5]), np.array([0.5, 0.9])) == pytest.approx(3.5 / 4)
    area = auroc_interval(np.array([0.1, 0.2, 0.6] * 20), np.array([0.5, 0.9] * 20))
    assert area.low <= area.value <= area.high


def test_ranking_scores_count_ties_half() -> None:
    block = np.array([[0.9, 0.9, 0.1], [0.2, 0.1, 0.0], [0.1, 0.5, 0.6]], dtype=np.float32)
    scores = ranking_scores(block[:, 0].copy(), block)
    assert scores["r100_at_1"].tolist() == [0.5, 1.0, 0.0]
    assert scores["r100_mrr"].tolist() == pytest.approx([1 / 1.5, 1.0, 1 / 3])


def test_reply_rank_rows_leave_out_an_incomplete_last_block() -> None:
    vectors = np.eye(230, dtype=np.float32)
    rows = reply_rank_rows(vectors, vectors)
    assert len(rows["r100_at_1"]) == 200
    assert rows["r100_at_1"].mean() == 1.0
    assert len(reply_rank_rows(vectors[:30], vectors[:30])["r100_mrr"]) == 30


def test_paired_bootstrap_sees_a_gain_that_every_row_has() -> None:
    rows = np.arange(50, dtype=np.float64)
    gain = paired_bootstrap(rows, rows + 0.1)
    assert gain.low == pytest.approx(0.1)
    assert gain.high == pytest.approx(0.1)
