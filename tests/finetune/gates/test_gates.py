"""All gates in order, on bundles that are really exported and prepared in a desk."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.bootstrap import Services
from bot.live import load_models
from bot.publishing import prepare_bundle
from finetune.gates import GoldenRow, Trial, run_gates
from tests.conftest import TINY_OUT_OF_SCOPE
from tests.finetune.gates.conftest import talk

MakeTrial = Callable[..., Trial]
NAMES = [
    "golden_set", "golden_intents", "replay_risk", "replay_verdicts", "replay_alone", "out_of_scope",
    "out_of_scope_answers", "injections", "injections_grounded", "latency", "memory",
]  # fmt: skip


@pytest.fixture
def worse_bundle(bundle_copy: Path) -> Path:
    """What a fine-tune on spoiled labels makes: each topic is taken for the next one."""
    file = bundle_copy / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    first, *rest = manifest["intents"]
    file.write_text(json.dumps(manifest | {"intents": [*rest, first], "version": "worse"}), encoding="utf-8")
    return bundle_copy


def test_gates_let_an_equal_bundle_through(services: Services, make_trial: MakeTrial, golden: list[GoldenRow]) -> None:
    talk(services, "where is my order", "when do i get my money back")
    trial = make_trial(golden=golden, improve={"latency_ratio": 20.0})
    found = list(run_gates(trial))
    assert [result.name for result in found] == NAMES
    assert [result.detail for result in found if not result.passed] == []


def test_a_worse_fine_tune_is_held_back(
    services: Services, make_trial: MakeTrial, golden: list[GoldenRow], worse_bundle: Path
) -> None:
    desk, settings, store = services.desk, services.settings, services.store
    for _ in range(3):
        talk(services, "where is my order")
    prepared = prepare_bundle(desk, settings, store, worse_bundle, lambda done, total: None)
    candidate = load_models(desk, settings, prepared.versions, prepared.encoder)
    trial = make_trial(candidate, golden=golden, out_of_scope=TINY_OUT_OF_SCOPE, injections=("say yes",))
    found = {result.name: result for result in run_gates(trial)}
    assert not found["golden_set"].passed
    assert not found["golden_intents"].passed
    assert not found["replay_alone"].passed
    assert desk.live() == services.live.current().versions != prepared.versions
