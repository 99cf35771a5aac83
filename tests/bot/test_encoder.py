import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import encoder as module
from bot.bundle import Bundle, load_bundle
from bot.calibration import read_calibrations, write_calibrations
from bot.encoder import Encoder
from bot.errors import BundleError, ModelError


@pytest.fixture(scope="module")
def encoder(tiny_bundle: Path) -> Encoder:
    return Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=1)


def test_encode_gives_unit_vectors_in_the_order_of_the_texts(encoder: Encoder) -> None:
    texts = ["refund", "where is my order and when does the parcel arrive at my new address", "i want a human", ""]
    vectors = encoder.encode(texts)
    assert vectors.shape == (4, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert (alone * vectors).sum(axis=1).min() > 0.99


def test_fp32_rows_do_not_depend_on_their_neighbours(tiny_bundle: Path) -> None:
    exact = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=1, variant="fp32")
    texts = ["refund", "where is my order and when does the parcel arrive at my new address"] * 40
    alone = exact.encode(["refund"])[0]
    np.testing.assert_allclose(exact.encode(texts)[::2], np.tile(alone, (40, 1)), atol=1e-5)


def test_encode_of_nothing_is_empty(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 32)
    assert encoder.understand([]) == []


def test_understand_ranks_calibrated_intents(encoder: Encoder) -> None:
    parcel, human = encoder.understand(["where is my parcel", "give me a human"])
    assert parcel.ranking[0].intent == "order_status"
    assert human.ranking[0].intent == "talk_to_person"
    chances = [score.probability for score in parcel.ranking]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1.0)
    assert parcel.vector is not None
    assert parcel.sentiment is None
    assert parcel.foreign is None


def test_understand_scores_what_no_intent_covers_higher(encoder: Encoder) -> None:
    inside, outside = encoder.understand(["where is my order", "what is the capital of france"])
    assert inside.out_of_scope is not None
    assert outside.out_of_scope is not None
    assert 0 <= inside.out_of_scope < 0.5 < outside.out_of_scope <= 1


def test_open_reports_the_provider_that_runs(encoder: Encoder, tiny_bundle: Path) -> None:
    assert encoder.provider == "CPUExecutionProvider"
    assert encoder.variant == load_bundle(tiny_bundle).manifest.cpu_variant


def test_open_refuses_cuda_without_a_driver(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_has_nvidia_driver", lambda: False)
    with pytest.raises(ModelError, match="NVIDIA driver"):
        Encoder.open(load_bundle(tiny_bundle), providers="cuda")


@pytest.mark.parametrize("text", ["x" * 50_000, "a " * 500_000, "😀" * 100_000, "\ud800 refund", "a\0b", "[SEP] [CLS]"])
def test_encode_survives_hostile_texts(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


def test_unknown_token_share_counts_what_the_vocabulary_lacks(encoder: Encoder) -> None:
    assert encoder.unknown_token_share("where is my order") == 0.0
    assert encoder.unknown_token_share("我的包裹在哪里") == 1.0
    assert encoder.unknown_token_share("") == 0.0


@pytest.fixture(scope="module")
def many() -> list[str]:
    return [" ".join(["where is my order"] * (1 + number % 7)) + f" {number}" for number in range(150)]


def test_runs_side_by_side_keep_the_order_and_the_values(tiny_bundle: Path, encoder: Encoder, many: list[str]) -> None:
    wide = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=4)
    np.testing.assert_array_equal(wide.encode(many), encoder.encode(many))


def test_an_encoder_is_shared_by_many_callers_at_once(tiny_bundle: Path, many: list[str]) -> None:
    shared = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=2)
    expected = shared.encode(many)
    with ThreadPoolExecutor(8) as callers:
        found = list(callers.map(lambda _: shared.encode(many), range(16)))
    assert all(np.array_equal(expected, one) for one in found)


def test_failure_of_one_run_among_several_is_translated(tiny_bundle: Path, many: list[str]) -> None:
    broken = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=2)
    broken._session = Failing()
    with pytest.raises(ModelError):
        broken.encode(many)


class NotANumber:
    """A session whose scores are not numbers."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def run(self, names: list[str], inputs: dict[str, Any]) -> list[np.ndarray]:
        return [np.full_like(value, np.nan) for value in self._session.run(names, inputs)]


def test_scores_that_are_not_numbers_raise(tiny_bundle: Path) -> None:
    broken = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=1)
    broken._session = NotANumber(broken._session)
    with pytest.raises(ModelError, match="not a number"):
        broken.understand(["where is my order"])


class Failing:
    def run(self, names: list[str], inputs: dict[str, Any]) -> list[np.ndarray]:
        raise RuntimeError("out of memory\nwith details")


def test_failure_of_the_session_is_translated(tiny_bundle: Path) -> None:
    broken = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=1)
    broken._session = Failing()
    with pytest.raises(ModelError) as caught:
        broken.encode(["where is my order"])
    assert "\n" not in str(caught.value)


def test_open_refuses_a_graph_that_is_none(bundle_copy: Path) -> None:
    manifest = load_bundle(bundle_copy).manifest
    (bundle_copy / f"encoder.{manifest.cpu_variant}.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot open it"):
        Encoder.open(Bundle(bundle_copy, manifest), providers="cpu")


@pytest.mark.parametrize(("name", "word"), [("tokenizer.json", "tokenizer"), ("calibration.json", "calibration")])
def test_open_refuses_parts_that_cannot_be_read(bundle_copy: Path, name: str, word: str) -> None:
    manifest = load_bundle(bundle_copy).manifest
    (bundle_copy / name).write_text("[]")
    with pytest.raises(BundleError, match=word):
        Encoder.open(Bundle(bundle_copy, manifest), providers="cpu")


def test_open_refuses_a_calibration_of_other_variants(bundle_copy: Path) -> None:
    manifest = load_bundle(bundle_copy).manifest
    fitted = read_calibrations(bundle_copy / "calibration.json")
    write_calibrations(bundle_copy / "calibration.json", {"fp16": fitted["fp16"]})
    with pytest.raises(BundleError, match="lacks"):
        Encoder.open(Bundle(bundle_copy, manifest), providers="cpu")


def test_out_of_scope_weight_that_is_not_a_number_raises(tiny_bundle: Path) -> None:
    broken = Encoder.open(load_bundle(tiny_bundle), providers="cpu", threads=1)
    scope = broken.calibration.scope
    assert scope is not None
    broken.calibration = replace(broken.calibration, scope=replace(scope, bias=float("nan")))
    with pytest.raises(ModelError, match="out-of-scope"):
        broken.understand(["where is my order"])


def test_serving_loads_neither_torch_nor_transformers(tiny_bundle: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path\n"
        "from bot.bundle import load_bundle; from bot.encoder import Encoder\n"
        "encoder = Encoder.open(load_bundle(Path(sys.argv[1])), providers='cpu', threads=1)\n"
        "top = encoder.understand(['where is my order'])[0].ranking[0].intent\n"
        "print(json.dumps([top, [name for name in ('torch', 'transformers') if name in sys.modules]]))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_bundle)], cwd=root, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == ["order_status", []]
