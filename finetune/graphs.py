"""The trained model as ONNX graphs, each proven equal to it. Knows nothing of bundles, calibration or reports."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from onnxruntime.transformers.float16 import convert_float_to_float16  # type: ignore[import-untyped]
from torch import Tensor

from bot.bundle import encoder_name
from finetune.attention import EXPLICIT, attention_for
from finetune.errors import ExportError
from finetune.model import EncoderModel, TrainedModel

LEAST_COSINE = {"fp32": 0.99999, "fp16": 0.999, "int8": 0.9}
"""Parity: least cosine between a graph's vector and torch's, for any row of a padded batch."""

MOST_LOGIT_GAP = {"fp32": 1e-3, "fp16": 2e-2, "int8": 0.5}
"""Parity: most that a logit may differ, as a share of the largest logit of the batch (at least 1)."""

_PARITY_ROWS = 4


def export_graphs(
    trained: TrainedModel, directory: Path, say: Callable[[str], None] = lambda _: None
) -> tuple[str, ...]:
    """Writes ``encoder.fp32.onnx``, ``encoder.int8.onnx`` and ``encoder.fp16.onnx``, each checked against torch.

    An int8 graph that differs too much is left out, and a CPU serves fp32: not every model bears eight bits.

    Args:
        trained: the model, in eval mode on the CPU.
        directory: where the graphs go.
        say: told of a graph that is left out.

    Returns:
        The variants that were written.

    Raises:
        ExportError: a graph could not be made or does not equal the model.
    """
    paths = {variant: directory / encoder_name(variant) for variant in ("fp32", "int8", "fp16")}
    try:
        with _quiet():
            _export_fp32(trained, paths["fp32"])
            _export_int8(paths["fp32"], paths["int8"])
            _export_fp16(paths["fp32"], paths["fp16"])
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExportError(f"{directory}: the model cannot be exported ({reason}); try another base model") from error
    for variant in ("fp32", "fp16"):
        check_parity(trained, paths[variant], variant)
    try:
        check_parity(trained, paths["int8"], "int8")
    except ExportError as error:
        say(f"int8 is left out, a CPU will run fp32: {error}")
        paths.pop("int8").unlink()
    return tuple(paths)


def check_parity(trained: TrainedModel, path: Path, variant: str) -> None:
    """Compares a graph with torch on padded batches of three lengths.

    Raises:
        ExportError: an output differs by more than the variant's tolerance.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if tuple(names) != trained.output_names:
        raise ExportError(f"{path}: outputs {names} are not {list(trained.output_names)}; export again")
    for ids, mask in _padded_batches(trained):
        with torch.no_grad():
            expected = trained.model(ids, mask)
        found = session.run(names, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        for name, value in zip(names, found, strict=True):
            _compare(expected[name].numpy(), value, name, variant, path)


def _compare(expected: np.ndarray, found: np.ndarray, name: str, variant: str, path: Path) -> None:
    if found.shape != expected.shape or found.dtype != np.float32 or not np.isfinite(found).all():
        raise ExportError(f"{path}: {name} has a wrong shape or type, or is not a number; try another base model")
    if name == "vector":
        worst = float((expected * found).sum(axis=1).min())
        if worst < LEAST_COSINE[variant]:
            raise ExportError(f"{path}: vectors differ from torch (cosine {worst:.4f}); try another base model")
        return
    gap = float(np.abs(expected - found).max() / max(1.0, float(np.abs(expected).max())))
    if gap > MOST_LOGIT_GAP[variant]:
        raise ExportError(f"{path}: {name} differs from torch by {gap:.3f}; try another base model")


def _padded_batches(trained: TrainedModel) -> Iterator[tuple[Tensor, Tensor]]:
    random = torch.Generator().manual_seed(0)
    vocabulary = trained.tokenizer.get_vocab_size()
    for width in sorted({4, min(17, trained.max_tokens), trained.max_tokens}):
        ids = torch.randint(0, vocabulary, (_PARITY_ROWS, width), generator=random)
        lengths = torch.linspace(width, 2, _PARITY_ROWS).long()
        mask = (torch.arange(width)[None, :] < lengths[:, None]).long()
        yield ids * mask, mask


def _export_fp32(trained: TrainedModel, path: Path) -> None:
    model: EncoderModel = trained.model.eval()
    model.backbone.set_attn_implementation(attention_for(model.backbone))
    # The sample is padded: from a mask of ones the exporter would conclude that it never matters.
    ids = torch.full((3, 7), 1, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    mask[2, 5:] = 0
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=trained.max_tokens)}
    try:
        program = torch.onnx.export(
            model,
            (ids, mask),
            dynamo=True,
            input_names=["input_ids", "attention_mask"],
            output_names=list(trained.output_names),
            dynamic_shapes=(axes, axes),
            verbose=False,
        )
    finally:
        model.backbone.set_attn_implementation(EXPLICIT)
    if program is None:
        raise ExportError("torch gave no ONNX program")
    program.save(str(path), external_data=False)
    graph = onnx.load(str(path))
    # The exporter's notes on shapes contradict the quantiser's own after it turns Gemm into MatMul.
    del graph.graph.value_info[:]
    onnx.save(graph, str(path))


def _export_int8(source: Path, target: Path) -> None:
    quantize_dynamic(
        str(source),
        str(target),
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _export_fp16(source: Path, target: Path) -> None:
    graph = onnx.load(str(source))
    onnx.save(convert_float_to_float16(graph, keep_io_types=True), str(target))


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporters' own notes say nothing to somebody who trains; what matters is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
