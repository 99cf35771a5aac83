import csv
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from training_helpers import MOODS, TEXTS

from bot.bundle import load_bundle
from bot.calibration import probabilities
from bot.encoder import Encoder
from finetune import pipeline
from finetune.dataset import DataSources
from finetune.errors import ExportError
from finetune.evaluation_run import evaluate_files
from finetune.pipeline import TrainRequest, train

WORDS = ("please", "now", "again", "today", "for me")


@pytest.fixture
def request_(tiny_base: Path, tmp_path: Path) -> TrainRequest:
    rows = [(f"{text} {word}", intent) for intent, texts in TEXTS.items() for text in texts for word in WORDS]
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "intent"), *rows])
    moods = [(f"{text} {word}", mood) for mood, texts in MOODS.items() for text in texts for word in WORDS]
    with (tmp_path / "moods.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "sentiment"), *moods])
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        f'''name = "tiny"\nbase_model = "{tiny_base}"\nencoder = "trained"\nmax_tokens = 48
[training]\nepochs = 6\nlearning_rate = 1e-3\n[head]\nlayers = 2\nfirst_token = true\n''',
        "utf-8",
    )
    sources = DataSources(intents=tmp_path / "rows.csv", sentiments=tmp_path / "moods.csv")
    return TrainRequest(str(recipe), sources, tmp_path / "made" / "bundle")


def test_from_a_csv_to_a_bundle_that_understands(request_: TrainRequest) -> None:
    lines: list[str] = []
    assert train(request_, lines.append) == request_.out
    bundle = load_bundle(request_.out)
    assert bundle.manifest.intents == ("address", "delivery", "refund")
    assert bundle.manifest.metrics["train_steps"] > 0
    assert bundle.manifest.recipe["name"] == "tiny"
    encoder = Encoder.open(bundle, providers="cpu")
    (understood,) = encoder.understand(["where is my parcel today please"])
    assert understood.ranking[0].intent == "delivery"
    assert bundle.manifest.sentiments == encoder.sentiments == ("negative", "neutral", "positive")
    assert {"sentiment_macro_f1", "sentiment_accuracy"} <= set(bundle.manifest.metrics)
    assert encoder.calibration.sentiment_temperature != 1.0
    chances = probabilities(
        encoder.outputs(["my parcel did not arrive now"])["sentiment_logits"], encoder.calibration.sentiment_temperature
    )
    (angry,) = encoder.understand(["my parcel did not arrive now"])
    assert (angry.sentiment, angry.sentiment_probability) == ("negative", pytest.approx(chances.max()))
    figures = evaluate_files(request_.out, sentiments=request_.sources.sentiments, provider="cpu")
    assert set(figures) == {"sentiment_macro_f1", "sentiment_accuracy", "sentiment_ece"}
    assert figures["sentiment_macro_f1"] > 0.9
    report = (bundle.directory / "report" / "index.html").read_text("utf-8")
    assert "Moods, weakest first" in report
    assert "my parcel" not in report
    beside = {path.name for path in request_.out.parent.iterdir()}
    assert beside == {"bundle", "bundle.tensorboard"}


def test_a_killed_export_leaves_no_bundle_and_the_next_try_goes_on(
    request_: TrainRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, directory: Path, **__: object) -> None:
        directory.mkdir()
        (directory / "encoder.fp32.onnx").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "export_bundle", broken)
        with pytest.raises(KeyboardInterrupt):
            train(request_, lambda _: None)
    assert not request_.out.exists()
    lines: list[str] = []
    train(request_, lines.append)
    assert any(line.startswith("going on from step") for line in lines)
    load_bundle(request_.out)


def test_a_used_place_is_refused_before_training(request_: TrainRequest) -> None:
    request_.out.mkdir(parents=True)
    (request_.out / "something").write_text("here", "utf-8")
    lines: list[str] = []
    with pytest.raises(ExportError, match="already"):
        train(request_, lines.append)
    assert lines == []
