import dataclasses
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from training_helpers import TEXTS, fit, recipe, sample

from finetune.average import WeightAverage
from finetune.base_model import resolve_base_model
from finetune.errors import TrainingDataError
from finetune.examples import Dataset
from finetune.fast import logistic_regression
from finetune.fit import WorkPlace, fit_model
from finetune.model import TrainedModel
from finetune.recipe import Recipe, SentimentOptions, ShallowOptions, parse_recipe


def _fit(base: Path, work: Path, data: Dataset, made: Recipe, dev: Dataset | None = None) -> object:
    place = WorkPlace(work / "checkpoints", work / "log")
    base_model = resolve_base_model(str(base))
    return fit_model(data, dev or data, made, base_model, place=place, report=lambda _: None).trained


def test_training_learns_the_sample_and_says_how_it_went(tiny_base: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    fitted = fit(tiny_base, tmp_path, lines.append, epochs=12)
    assert fitted.summary is not None
    assert fitted.summary.dev_scores[-1]["intent"] > fitted.summary.dev_scores[0]["intent"] or (
        fitted.summary.dev_scores[0]["intent"] == 1.0
    )
    assert set(fitted.summary.dev_scores[0]) == {"intent", "reply", "question", "sentiment"}
    assert any("dev intent" in line for line in lines)
    assert not any(text in line for line in lines for texts in TEXTS.values() for text in texts)
    assert list((tmp_path / "log").glob("events.*"))


def test_a_trained_model_is_ready_for_export(tiny_base: Path, tmp_path: Path) -> None:
    trained = fit(tiny_base, tmp_path).trained
    assert trained.output_names == ("vector", "intent_logits", "sentiment_logits")
    assert trained.sentiments == ("negative", "neutral", "positive")
    assert trained.intents == ("address", "delivery", "refund")
    assert (trained.vector_dim, trained.max_tokens) == (32, 32)
    assert not trained.model.training
    short = torch.tensor([[2, 5, 3]]), torch.tensor([[1, 1, 1]])
    padded = torch.tensor([[2, 5, 3, 0, 0]]), torch.tensor([[1, 1, 1, 0, 0]])
    outputs, same = trained.model(*short), trained.model(*padded)
    assert tuple(outputs) == trained.output_names
    assert torch.allclose(outputs["vector"].norm(dim=1), torch.ones(1), atol=1e-6)
    assert all(torch.allclose(outputs[name], same[name], atol=1e-5) for name in outputs)


def test_a_head_without_data_is_absent(tiny_base: Path, tmp_path: Path) -> None:
    data = dataclasses.replace(sample(), intents=(), out_of_scope=(), sentiments=())
    trained = _fit(tiny_base, tmp_path, data, recipe())
    assert trained.output_names == ("vector",)
    assert (trained.intents, trained.sentiments) == ((), ())
    assert not trained.model.heads


def test_moods_alone_train_and_weigh_nothing_where_the_recipe_says_so(tiny_base: Path, tmp_path: Path) -> None:
    moods = Dataset(sentiments=sample().sentiments)
    assert _fit(tiny_base, tmp_path / "alone", moods, recipe(epochs=1)).output_names == ("vector", "sentiment_logits")
    without = dataclasses.replace(recipe(epochs=1), sentiment=SentimentOptions(weight=0.0))
    assert _fit(tiny_base, tmp_path / "without", sample(), without).sentiments == ()


def test_a_frozen_encoder_stays_as_it_was_and_its_head_learns(tiny_base: Path, tmp_path: Path) -> None:
    table = {"name": "f", "encoder": "frozen", "head": {"layers": 2, "first_token": True}, "max_tokens": 32}
    trained = _fit(tiny_base, tmp_path, sample(), parse_recipe(table, source="f"))
    before = resolve_base_model(str(tiny_base)).load_backbone().state_dict()
    after = trained.model.backbone.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert trained.model.heads["intent_logits"].in_features == 3 * 32
    texts = [(text, intent) for intent, rows in TEXTS.items() for text in rows]
    right = 0
    for text, intent in texts:
        ids = torch.tensor([trained.tokenizer.encode(text).ids])
        logits = trained.model(ids, torch.ones_like(ids))["intent_logits"]
        right += trained.intents[int(logits.argmax())] == intent
    assert right == len(texts)
    assert _moods_right(trained) == len(sample().sentiments)


def _moods_right(trained: TrainedModel) -> int:
    right = 0
    for row in sample().sentiments:
        ids = torch.tensor([trained.tokenizer.encode(row.text).ids])
        logits = trained.model(ids, torch.ones_like(ids))["sentiment_logits"]
        right += trained.sentiments[int(logits.argmax())] == row.sentiment
    return right


@pytest.mark.parametrize(
    ("train", "dev", "message"),
    [
        (Dataset(), Dataset(), "nothing to train on"),
        (Dataset(sample().intents[:2]), Dataset(), "at least two intents"),
        (Dataset(sample().intents[:8]), Dataset(sample().intents[8:]), "no training row"),
        (Dataset(sentiments=sample().sentiments[:4]), Dataset(), "at least two sentiments"),
        (Dataset(sentiments=sample().sentiments[:6]), Dataset(sentiments=sample().sentiments[6:]), "no training row"),
    ],
)
def test_useless_data_is_refused_before_training(
    train: Dataset, dev: Dataset, message: str, tiny_base: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingDataError, match=message):
        _fit(tiny_base, tmp_path, train, recipe(), dev)


def test_logistic_regression_is_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression

    random = torch.Generator().manual_seed(3)
    features = torch.randn(60, 4, generator=random)
    labels = (features @ torch.randn(4, 3, generator=random)).argmax(dim=1)
    weight, bias = logistic_regression(features, labels, 3, ShallowOptions(2.0, 500))
    theirs = LogisticRegression(C=2.0, max_iter=5000, tol=1e-8).fit(features.numpy(), labels.numpy())
    ours = torch.softmax(features @ weight.T + bias, dim=1)
    assert torch.allclose(ours, torch.tensor(theirs.predict_proba(features.numpy())).float(), atol=2e-3)


def test_weight_average_by_hand_and_back() -> None:
    weight = torch.zeros(1)
    average = WeightAverage([weight], 0.5)
    weight.fill_(10.0)
    average.update()
    with average.applied():
        assert weight.item() == pytest.approx(9.0)
    assert weight.item() == 10.0
