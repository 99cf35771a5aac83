import numpy as np
import pytest

from finetune.paired import Paired, mcnemar


def test_mcnemar_is_the_exact_binomial_test_of_the_rows_that_changed() -> None:
    before = np.array([True] * 10 + [False] * 2 + [True] * 20)
    after = np.array([False] * 10 + [True] * 2 + [True] * 20)
    found = mcnemar(before, after)
    assert (found.lost, found.won) == (10, 2)
    assert found.p_value == pytest.approx(158 / 4096)  # 2 * (C(12,0) + C(12,1) + C(12,2)) / 2**12
    assert found.p_worse == pytest.approx(79 / 4096)
    assert mcnemar(after, before).p_worse > 0.99
    assert mcnemar(before, before) == Paired(0, 0, 1.0, 1.0)
