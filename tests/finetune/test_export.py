import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from transformers import BertConfig, BertModel

from bot.bundle import load_bundle
from bot.calibration import read_calibrations
from bot.encoder import Encoder
from finetune import graphs
from finetune.attention import EXPLICIT, attention_for
from finetune.errors import ExportError
from finetune.evaluate import IntentResult
from finetune.examples import Dataset, IntentExample, QuestionPassage
from finetune.export import Parts, export_bundle
from finetune.graphs import check_parity, export_graphs
from finetune.model import TrainedModel
from finetune.report import write_report
from finetune.variants import Calibration, DevResult, calibrate_variants, choose_cpu_variant


@pytest.mark.parametrize("variant", ["fp32", "int8", "fp16"])
def test_exported_graph_equals_torch(tiny_bundle: Path, tiny_trained: TrainedModel, variant: str) -> None:
    check_parity(tiny_trained, load_bundle(tiny_bundle).encoder_path(variant), variant)


def test_attention_is_one_operator_of_each_layer_in_the_exported_graph(tiny_bundle: Path) -> None:
    for variant in ("fp32", "int8", "fp16"):
        nodes = onnx.load(str(load_bundle(tiny_bundle).encoder_path(variant))).graph.node
        assert [node.op_type for node in nodes].count("MultiHeadAttention") == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"is_decoder": True},
        {"sliding_window": 8},
        {"local_attention": 8},
        {"layer_types": ["full_attention", "sliding_attention"]},
        {"num_key_value_heads": 1},
    ],
)
def test_attention_that_the_operator_cannot_say_stays_explicit(odd: dict[str, object]) -> None:
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=9)
    backbone = BertModel(config, add_pooling_layer=False)
    assert attention_for(backbone) != EXPLICIT
    for name, value in odd.items():
        setattr(backbone.config, name, value)
    assert attention_for(backbone) == EXPLICIT


def test_a_model_with_explicit_attention_is_exported_as_well(
    tiny_trained: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(tiny_trained.model.backbone), "_supports_attention_backend", False)
    assert export_graphs(tiny_trained, tmp_path) == ("fp32", "int8", "fp16")
    nodes = onnx.load(str(tmp_path / "encoder.fp32.onnx")).graph.node
    assert "MultiHeadAttention" not in {node.op_type for node in nodes}


def test_a_passage_is_calibrated_on_questions_and_on_what_no_passage_answers(
    tiny_bundle: Path, tiny_dataset: Dataset
) -> None:
    draft = load_bundle(tiny_bundle)
    # Questions on payment are labelled with a passage that is not theirs: the curve needs wrong ones as well.
    names = [row.intent.replace("payment_problem", "change_address") for row in tiny_dataset.intents]
    rows = zip(tiny_dataset.intents, names, strict=True)
    answered = [QuestionPassage(row.text, name, name.replace("_", " ")) for row, name in rows]
    data = replace(tiny_dataset, questions=tuple(answered))
    fitted = calibrate_variants(draft, Parts(data, data, data), ())["fp32"]
    assert fitted.passage_curve is not None
    assert fitted.passage_curve.score + fitted.passage_curve.lead > 0
    assert (fitted.passage is None) != (fitted.passage_missing is None)


def test_check_parity_refuses_a_graph_that_ignores_the_mask(
    tiny_bundle: Path, tiny_trained: TrainedModel, tmp_path: Path
) -> None:
    graph = onnx.load(str(load_bundle(tiny_bundle).encoder_path("fp32")))
    for node in graph.graph.node:
        names = ["full_mask" if name == "attention_mask" else name for name in node.input]
        del node.input[:]
        node.input.extend(names)
    ones = onnx.helper.make_node(
        "ConstantOfShape", ["mask_shape"], ["full_mask"], value=onnx.numpy_helper.from_array(np.array([1], np.int64))
    )
    shape = onnx.helper.make_node("Shape", ["attention_mask"], ["mask_shape"])
    graph.graph.node.insert(0, ones)
    graph.graph.node.insert(0, shape)
    path = tmp_path / "pruned.onnx"
    onnx.save(graph, str(path))
    with pytest.raises(ExportError, match="differ"):
        check_parity(tiny_trained, path, "fp32")


def test_graph_takes_int64_and_gives_float32(tiny_bundle: Path) -> None:
    for variant in ("fp32", "int8", "fp16"):
        graph = onnx.load(str(load_bundle(tiny_bundle).encoder_path(variant))).graph
        assert {value.type.tensor_type.elem_type for value in graph.input} == {onnx.TensorProto.INT64}
        assert {value.type.tensor_type.elem_type for value in graph.output} == {onnx.TensorProto.FLOAT}


def test_bundle_is_calibrated_for_each_variant(tiny_bundle: Path) -> None:
    calibrations = read_calibrations(tiny_bundle / "calibration.json")
    assert set(calibrations) == {"fp32", "int8", "fp16"}
    for calibration in calibrations.values():
        assert calibration.out_of_scope_threshold is not None
        assert calibration.reply is not None
        assert calibration.reply.bound <= 0.05
        assert calibration.passage_missing is not None


def test_export_refuses_a_directory_in_use(tiny_trained: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "something.txt").write_text("x")
    parts = Parts(Dataset(), Dataset(), Dataset())
    with pytest.raises(ExportError, match="already"):
        export_bundle(tiny_trained, parts, recipe={}, directory=tmp_path)


def result(right: int, rows: int) -> DevResult:
    labels = np.zeros(rows, dtype=np.int64)
    guesses = np.where(np.arange(rows) < right, 0, 1)
    return DevResult(Calibration(), IntentResult(guesses, labels, np.full(rows, 0.9), None))


@pytest.mark.parametrize(
    ("exact", "small", "rows", "chosen"),
    [
        (100, 98, 100, "int8"),
        (100, 97, 100, "fp32"),
        (950, 947, 1000, "int8"),
        (950, 946, 1000, "fp32"),
        (90, 100, 100, "int8"),
    ],
)
def test_int8_serves_only_where_it_loses_next_to_nothing(exact: int, small: int, rows: int, chosen: str) -> None:
    assert choose_cpu_variant({"fp32": result(exact, rows), "int8": result(small, rows)}) == chosen


def test_an_int8_graph_that_differs_too_much_is_left_out_and_the_bundle_serves_fp32(
    tiny_trained: TrainedModel, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(graphs.LEAST_COSINE, "int8", 1.1)
    said: list[str] = []
    parts = Parts(tiny_dataset, tiny_dataset, tiny_dataset)
    bundle = export_bundle(tiny_trained, parts, recipe={}, directory=tmp_path / "bundle", say=said.append)
    assert (bundle.manifest.variants, bundle.manifest.cpu_variant) == (("fp32", "fp16"), "fp32")
    assert not (tmp_path / "bundle" / "encoder.int8.onnx").exists()
    assert any("int8 is left out" in line for line in said)
    assert Encoder.open(bundle, providers="cpu").variant == "fp32"


def test_int8_does_not_serve_unproven() -> None:
    nothing = DevResult(Calibration())
    assert choose_cpu_variant({"fp32": nothing, "int8": nothing}) == "fp32"


def test_report_holds_no_message_and_fetches_nothing(tiny_bundle: Path, tiny_dataset: Dataset) -> None:
    pages = [path for path in (tiny_bundle / "report").iterdir() if path.suffix in (".html", ".md", ".csv", ".svg")]
    text = "\n".join(path.read_text() for path in pages)
    messages = [row.text for row in tiny_dataset.intents if len(row.text) > 25]
    assert not [message for message in messages if message in text]
    page = (tiny_bundle / "report" / "index.html").read_text()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert not re.search(r"url\(\s*['\"]?https?:", page)


def test_report_escapes_labels_and_names_wrong_rows(tiny_bundle: Path, tmp_path: Path) -> None:
    intents = ("<script>alert(1)</script>", "=cmd()")
    dev = Dataset(intents=tuple(IntentExample(f"private words {at}", intents[at % 2]) for at in range(10)))
    guesses = IntentResult(
        np.zeros(10, dtype=np.int64), np.arange(10, dtype=np.int64) % 2, np.linspace(0.5, 0.9, 10), None
    )
    manifest = replace(load_bundle(tiny_bundle).manifest, intents=intents, cpu_variant="fp32")
    write_report(tmp_path / "report", manifest, {"fp32": DevResult(Calibration(), guesses)}, dev, {"train_s": 1.5})
    page = (tmp_path / "report" / "index.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    rows = (tmp_path / "report" / "confused_rows.csv").read_text()
    assert rows.splitlines()[1].startswith("9,")
    assert "private words" not in rows + page
    assert "'=cmd()" in rows


def test_manifest_records_the_recipe_and_figures(tiny_bundle: Path) -> None:
    content = json.loads((tiny_bundle / "manifest.json").read_text())
    assert content["recipe"] == {"name": "tiny"}
    assert content["metrics"]["intent_accuracy"] > 0.95
