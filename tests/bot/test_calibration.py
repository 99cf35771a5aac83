import json
from pathlib import Path

import numpy as np
import pytest

from bot.calibration import (
    Calibration,
    PassageCurve,
    familiarity,
    lead_of_first,
    read_calibrations,
    write_calibrations,
)
from retrieval.values import Passage, RetrievedPassage


def found(*pairs: tuple[str, float]) -> tuple[RetrievedPassage, ...]:
    return tuple(
        RetrievedPassage(Passage(f"p{rank}", document, document, "Text.", "kb", rank), score, rank)
        for rank, (document, score) in enumerate(pairs, start=1)
    )


def test_the_lead_is_over_the_next_article_not_over_the_next_passage() -> None:
    assert lead_of_first(found(("boots", 0.7), ("boots", 0.69), ("tents", 0.4))) == pytest.approx(0.3)
    assert lead_of_first(found(("boots", 0.7), ("tents", 0.7))) == 0.0


def test_the_lead_is_over_the_last_passage_where_one_article_fills_the_list() -> None:
    assert lead_of_first(found(("boots", 0.7), ("boots", 0.5))) == pytest.approx(0.2)
    assert lead_of_first(found(("boots", 0.7))) == 0.0


def test_confidence_grows_with_score_and_lead_and_nothing_found_gives_none() -> None:
    curve = PassageCurve(bias=-3.0, score=6.0, lead=10.0, scope=-2.0)
    near, rival = found(("boots", 0.7), ("tents", 0.3)), found(("boots", 0.7), ("tents", 0.69))
    assert 0 < curve.confidence(rival, 0.0) < curve.confidence(near, 0.0) < 1
    assert curve.confidence(found(("boots", 0.9), ("tents", 0.5)), 0.0) > curve.confidence(near, 0.0)
    assert curve.confidence(near, 0.9) < curve.confidence(near, None) == curve.confidence(near, 0.0)
    assert curve.confidence((), 0.0) == 0.0


def test_calibrations_survive_their_file(tmp_path: Path) -> None:
    written = {"fp32": Calibration(0.7, passage_curve=PassageCurve(-3.0, 6.0, 10.0, -2.0), passage_missing="too few")}
    write_calibrations(tmp_path / "calibration.json", written)
    assert read_calibrations(tmp_path / "calibration.json") == written


def test_a_calibration_of_before_the_passage_curve_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    write_calibrations(path, {"fp32": Calibration(0.7)})
    content = json.loads(path.read_text())
    del content["fp32"]["passage_curve"]
    path.write_text(json.dumps(content))
    assert read_calibrations(path)["fp32"].passage_curve is None


def test_a_turn_is_less_familiar_where_the_head_doubts() -> None:
    prototypes = np.eye(2, dtype=np.float32)
    vector = np.full((2, 2), 1 / np.sqrt(2), dtype=np.float32)
    outputs = {"vector": vector, "intent_logits": np.array([[5.0, -5.0], [0.0, 0.0]], dtype=np.float32)}
    sure, doubtful = familiarity(outputs, 1.0, prototypes)
    assert sure > doubtful
