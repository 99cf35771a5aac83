"""The encoder at work: texts in, vectors and calibrated understanding out. The only file with ONNX Runtime sessions.

Knows nothing of conversations, replies or decisions: a text that it is given is one turn, context included.
"""

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Self

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from bot.bundle import CALIBRATION, TOKENIZER, Bundle
from bot.calibration import Calibration, probabilities, read_calibrations
from bot.errors import BundleError, ModelError
from bot.values import IntentScore, Understanding

Array = NDArray[np.float32]
Outputs = dict[str, Array]
Providers = Literal["auto", "cpu", "cuda"]

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
_BATCH_TEXTS = 32
_FEW_TEXTS = 4
"""Up to so many texts run one by one, so that the readings of a turn go side by side and nothing is padded."""

_BATCH_TOKENS = 4096
_CHARACTERS_PER_TOKEN = 24
_RANKING = 10
_UNKNOWN_TOKENS = ("[UNK]", "<unk>")


class Encoder:
    """A bundle's graph with its tokenizer and calibration; safe to share between threads.

    On a CPU a run takes one thread, and batches run side by side. Threads inside a run would have to spin to be worth
    their waking up: on two cores, two that sleep made one short int8 message a fifth slower than a single one, and two
    that spin steal the cores from other turns.

    Attributes:
        provider: the execution provider that really runs, such as ``CPUExecutionProvider``.
        variant: the graph in use: ``fp32``, ``int8`` or ``fp16``.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        calibration: Calibration,
        bundle: Bundle,
        variant: str,
        runs: int,
    ) -> None:
        """Use ``Encoder.open``; this takes the opened parts, and how many runs may go side by side."""
        self._session = session
        self._pool = ThreadPoolExecutor(runs, thread_name_prefix="encoder")
        self._tokenizer = tokenizer
        self._bundle = bundle
        self._names = [output.name for output in session.get_outputs()]
        self._unknown_ids = {tokenizer.token_to_id(name) for name in _UNKNOWN_TOKENS}
        self.calibration = calibration
        self.variant = variant
        self.provider: str = session.get_providers()[0]

    @property
    def bundle_version(self) -> str:
        """Version of the bundle whose graph this is."""
        return self._bundle.manifest.version

    @classmethod
    def open(
        cls, bundle: Bundle, *, providers: Providers = "auto", threads: int | None = None, variant: str | None = None
    ) -> Self:
        """Opens the graph that fits the machine: fp16 with CUDA, else the bundle's ``cpu_variant``.

        Args:
            bundle: a checked bundle.
            providers: ``auto`` takes CUDA when it really works.
            threads: runs of one call that go side by side; None takes the CPUs that this process may use.
            variant: forces a graph, for measuring it.

        Raises:
            ModelError: the graph does not open, or ``cuda`` was asked for and does not work.
            BundleError: a part of the bundle cannot be read.
        """
        session, chosen = _open_session(bundle, providers, variant)
        runs = 1 if session.get_providers()[0] == CUDA else threads or usable_cpus()
        return cls(session, open_tokenizer(bundle), _calibration(bundle, chosen), bundle, chosen, runs)

    def encode(self, texts: Sequence[str]) -> Array:
        """Unit vectors of texts, shape (n, dim), in their order.

        Raises:
            ModelError: the model failed or gave scores that are not numbers.
        """
        vectors: Array = self.outputs(texts)["vector"]
        return vectors

    def understand(self, texts: Sequence[str]) -> list[Understanding]:
        """Calibrated intents (likeliest ten), out-of-scope score, sentiment and vector of each text.

        Raises:
            ModelError: the model failed or gave scores that are not numbers.
        """
        if not texts:
            return []
        outputs = self.outputs(texts)
        rankings = self._rankings(outputs, len(texts))
        scope = self.calibration.out_of_scope(outputs) if "intent_logits" in outputs else None
        if scope is not None and not np.isfinite(scope).all():
            raise ModelError(f"{self._name}: out-of-scope score is not a number; roll back to another bundle")
        moods = self._moods(outputs, len(texts))
        return [
            Understanding(
                ranking=rankings[row],
                out_of_scope=None if scope is None else float(scope[row]),
                sentiment=moods[row][0],
                vector=outputs["vector"][row],
                sentiment_probability=moods[row][1],
            )
            for row in range(len(texts))
        ]

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Raw outputs of the graph by name, each of n rows in the order of the texts; ``vector`` of unit length.

        Raises:
            ModelError: the model failed or gave scores that are not numbers.
        """
        encodings = self._tokenise(texts)
        parts: dict[str, list[Array]] = {name: [] for name in self._names}
        order = sorted(range(len(encodings)), key=lambda index: len(encodings[index].ids))
        batches = [[encodings[index] for index in batch] for batch in _batches(order, encodings)]
        for values in self._pool.map(self._run, batches) if len(batches) > 1 else map(self._run, batches):
            for name, value in zip(self._names, values, strict=True):
                parts[name].append(value)
        if not order:
            return {"vector": np.zeros((0, self._bundle.manifest.vector_dim), dtype=np.float32)}
        back = np.argsort(np.asarray(order))
        outputs = {name: np.concatenate(values)[back] for name, values in parts.items()}
        self._refuse_not_numbers(outputs)
        lengths = np.linalg.norm(outputs["vector"], axis=1, keepdims=True)
        outputs["vector"] = outputs["vector"] / np.maximum(lengths, 1e-12)
        return outputs

    @property
    def intents(self) -> tuple[str, ...]:
        """Labels of the intent head; empty where the bundle has none."""
        return self._bundle.manifest.intents

    @property
    def sentiments(self) -> tuple[str, ...]:
        """Labels of the sentiment head; empty where the bundle has none."""
        return self._bundle.manifest.sentiments

    def unknown_token_share(self, text: str) -> float:
        """Share of a text's tokens that the vocabulary does not know, 0..1; 0 for an empty text."""
        ids = self._tokenise([text], special_tokens=False)[0].ids
        return sum(token in self._unknown_ids for token in ids) / len(ids) if ids else 0.0

    @property
    def _name(self) -> str:
        return f"bundle {self._bundle.manifest.version} ({self.variant})"

    def _tokenise(self, texts: Sequence[str], *, special_tokens: bool = True) -> list[Encoding]:
        longest = self._bundle.manifest.max_tokens * _CHARACTERS_PER_TOKEN
        clean = [text[:longest].encode("utf-8", "replace").decode("utf-8") for text in texts]
        return self._tokenizer.encode_batch(clean, add_special_tokens=special_tokens)

    def _run(self, encodings: list[Encoding]) -> list[Array]:
        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), max(width, 1)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        try:
            return list(self._session.run(self._names, {"input_ids": ids, "attention_mask": mask}))
        except Exception as error:  # ONNX Runtime's own errors share no root below Exception
            raise ModelError(
                f"{self._name}: the model failed ({type(error).__name__}); roll back or restart"
            ) from error

    def _rankings(self, outputs: Outputs, count: int) -> list[tuple[IntentScore, ...]]:
        if "intent_logits" not in outputs:
            return [()] * count
        intents = self._bundle.manifest.intents
        chances = probabilities(outputs["intent_logits"], self.calibration.temperature)
        best = np.argsort(-chances, axis=1, kind="stable")[:, :_RANKING]
        return [
            tuple(IntentScore(intents[index], float(chances[row, index])) for index in best[row])
            for row in range(count)
        ]

    def _moods(self, outputs: Outputs, count: int) -> list[tuple[str, float] | tuple[None, None]]:
        """The likeliest mood of each row with its calibrated probability."""
        if "sentiment_logits" not in outputs:
            return [(None, None)] * count
        chances = probabilities(outputs["sentiment_logits"], self.calibration.sentiment_temperature)
        return [(self.sentiments[row.argmax()], float(row.max())) for row in chances]

    def _refuse_not_numbers(self, outputs: Outputs) -> None:
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise ModelError(f"{self._name}: {name} is not a number; roll back to another bundle")


def open_tokenizer(bundle: Bundle) -> Tokenizer:
    """The bundle's tokenizer, cutting at the bundle's longest input and not padding.

    Raises:
        BundleError: it cannot be read.
    """
    try:
        tokenizer = Tokenizer.from_file(str(bundle.path(TOKENIZER)))
    except BundleError:
        raise
    except Exception as error:  # tokenizers raises plain Exception
        raise BundleError(f"bundle {bundle.directory}: {TOKENIZER} cannot be read; export the bundle again") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(bundle.manifest.max_tokens)
    return tokenizer


def _open_session(
    bundle: Bundle, providers: Providers, variant: str | None
) -> tuple[onnxruntime.InferenceSession, str]:
    manifest = bundle.manifest
    if providers != "cpu" and _has_nvidia_driver() and CUDA in onnxruntime.get_available_providers():
        onnxruntime.preload_dlls()
        chosen = variant or ("fp16" if "fp16" in manifest.variants else "fp32")
        if chosen in manifest.variants:
            session = _session(bundle.encoder_path(chosen), [CUDA, CPU])
            if session.get_providers()[0] == CUDA:
                return session, chosen
    if providers == "cuda":
        raise ModelError("CUDA was asked for but does not run here; install an NVIDIA driver or set providers to auto")
    chosen = variant or manifest.cpu_variant
    return _session(bundle.encoder_path(chosen), [CPU]), chosen


def _session(path: Path, providers: list[str]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # ONNX Runtime's own errors share no root below Exception
        raise ModelError(f"{path}: ONNX Runtime cannot open it ({type(error).__name__}); export it again") from error


def usable_cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _has_nvidia_driver() -> bool:
    """Whether the driver's own library loads: ONNX Runtime lists CUDA also where there is none."""
    name = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _calibration(bundle: Bundle, variant: str) -> Calibration:
    calibrations = read_calibrations(bundle.path(CALIBRATION))
    if variant not in calibrations:
        raise BundleError(f"bundle {bundle.directory}: {CALIBRATION} lacks {variant}; export the bundle again")
    return calibrations[variant]


def _batches(order: list[int], encodings: list[Encoding]) -> list[list[int]]:
    """Cuts an order by rising length into batches of bounded size, so that little is padded.

    The cut does not depend on the machine: int8 takes its scales from a batch, and the same texts shall give the same.
    """
    batches: list[list[int]] = []
    most = 1 if len(order) <= _FEW_TEXTS else _BATCH_TEXTS
    for index in order:
        width = len(encodings[index].ids)
        if not batches or len(batches[-1]) == most or (len(batches[-1]) + 1) * width > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(index)
    return batches
