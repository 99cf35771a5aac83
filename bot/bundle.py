"""A bundle: one immutable directory of models, checked before anything in it is read.

Knows files, hashes and the manifest; knows nothing of ONNX, tokenizers or thresholds. The hashes find damage; they are
no signature, so a bundle is to be taken only from somebody whom one trusts with one's desk.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bot.errors import BundleError
from retrieval.artifact import MANIFEST_NAME, read_artifact, sha256, write_atomically
from retrieval.errors import ArtifactError

FORMAT = 1
TOKENIZER = "tokenizer.json"
CALIBRATION = "calibration.json"
REPORT = "report"
VARIANTS = ("fp32", "int8", "fp16")

_SAFE_SUFFIXES = frozenset({".json", ".onnx", ".html", ".png", ".svg", ".md", ".csv", ".txt", ".toml"})


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What a bundle says of itself.

    Attributes:
        format: version of this file's layout.
        version: time and short hash of the files, such as ``20261123-181500-1a2b3c4d``.
        created_utc: ISO 8601 time with offset.
        recipe: the training recipe as a plain mapping.
        dataset_fingerprint: hash of the training data; the data itself is never in a bundle.
        intents: labels in the order of the intent logits; empty without an intent head.
        sentiments: labels in the order of the sentiment logits; empty without that head.
        languages: BCP 47 primary subtags that the encoder was trained for.
        vector_dim: length of a vector.
        max_tokens: longest input; the rest is cut.
        variants: exported graphs, of ``fp32``, ``int8`` and ``fp16``.
        cpu_variant: the graph that a CPU runs.
        metrics: flat map from metric to number.
        files: relative POSIX name to sha256 in hex, of every file but the manifest.
        dataset: version of the desk's dataset that trained it, or None where plain files did.
        parent: version of the bundle that was live when it was trained, or None.
    """

    format: int
    version: str
    created_utc: str
    base_model: str
    recipe: dict[str, Any]
    dataset_fingerprint: str
    intents: tuple[str, ...]
    sentiments: tuple[str, ...]
    languages: tuple[str, ...]
    vector_dim: int
    max_tokens: int
    variants: tuple[str, ...]
    cpu_variant: str
    metrics: dict[str, float]
    files: dict[str, str]
    dataset: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A directory whose manifest and files have been checked."""

    directory: Path
    manifest: BundleManifest

    def path(self, name: str) -> Path:
        """Path of a listed file.

        Raises:
            BundleError: the manifest does not list it.
        """
        if name not in self.manifest.files:
            raise BundleError(
                f"bundle {self.directory}: it has no {name}; export the bundle again with frontdesk train"
            )
        return self.directory / name

    def encoder_path(self, variant: str) -> Path:
        """Path of the graph of one variant."""
        return self.path(encoder_name(variant))


def encoder_name(variant: str) -> str:
    """File name of the graph of one variant."""
    return f"encoder.{variant}.onnx"


def load_bundle(directory: Path) -> Bundle:
    """Reads the manifest and checks every file against it.

    Raises:
        BundleError: something is missing, damaged, unlisted, unsafe or of another format.
    """
    names = _walk(directory)
    try:
        content = read_artifact(directory)
    except (ArtifactError, OSError, RecursionError, AttributeError, ValueError) as error:
        reason = str(error) if isinstance(error, ArtifactError) else f"{directory}: {type(error).__name__}"
        raise BundleError(f"bundle {reason}; or go back with frontdesk rollback") from error
    manifest = _parse(content, directory)
    for name in names:
        if name != MANIFEST_NAME and name not in manifest.files:
            raise _refusal(directory, f"{name} is not in the manifest", "remove it or take a clean copy")
    needed = {TOKENIZER, CALIBRATION, *(encoder_name(variant) for variant in manifest.variants)}
    if absent := sorted(needed - manifest.files.keys()):
        raise _refusal(directory, f"the manifest lists no {absent[0]}", "export it again with frontdesk train")
    return Bundle(directory, manifest)


def read_manifest(directory: Path) -> BundleManifest:
    """What a bundle says of itself, without looking at its files: for lists, never for loading.

    Raises:
        BundleError: there is no manifest, or it is damaged or of another format.
    """
    try:
        content = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise _refusal(
            directory, f"its manifest cannot be read ({type(error).__name__})", "take a clean copy"
        ) from error
    if not isinstance(content, dict):
        raise _refusal(directory, "its manifest is not one", "take a clean copy")
    return _parse(content, directory)


def write_manifest(directory: Path, manifest: BundleManifest) -> None:
    """Writes the manifest last and atomically: a bundle without one is not a bundle.

    Raises:
        BundleError: a bundle is there already; bundles are immutable.
    """
    target = directory / MANIFEST_NAME
    if target.exists():
        raise _refusal(directory, "a bundle is there already", "give another --out")
    write_atomically(target, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))


def hash_files(directory: Path) -> dict[str, str]:
    """Hashes of all files below a directory but the manifest, by relative POSIX name in sorted order.

    Raises:
        BundleError: a link or a kind of file that no bundle may hold.
    """
    return {name: sha256(directory / name) for name in _walk(directory) if name != MANIFEST_NAME}


def bundle_version(created_utc: str, files: dict[str, str]) -> str:
    """Time and short hash: sorts by age, and two bundles of one second still differ.

    Args:
        created_utc: ISO 8601 time, such as ``2026-11-23T18:15:00+00:00``.
        files: names and hashes of all files.
    """
    digest = hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()
    stamp = re.sub(r"[^0-9T]", "", created_utc[:19]).replace("T", "-")
    return f"{stamp}-{digest[:8]}"


def _parse(content: dict[str, Any], directory: Path) -> BundleManifest:
    if content.get("format") != FORMAT:
        detail = f"format {content.get('format')!r} is not the known format {FORMAT}"
        raise _refusal(directory, detail, "use the frontdesk version that made it, or train again")
    names = {field.name for field in fields(BundleManifest)}
    content = {**dict.fromkeys(_LINEAGE), **content}  # bundles made before there was lineage do not name it
    if wrong := sorted(names.symmetric_difference(content)):
        detail = f"field {wrong[0]!r} of {MANIFEST_NAME} is missing or unknown"
        raise _refusal(directory, detail, "take a clean copy or train again")
    for name, kind in _KINDS.items():
        value = content[name]
        texts = kind is not list or all(isinstance(item, str) for item in value)
        if not isinstance(value, kind) or isinstance(value, bool) or not texts:
            raise _refusal(directory, f"field {name!r} of {MANIFEST_NAME} is of a wrong type", "take a clean copy")
    if wrong := [name for name in _LINEAGE if not isinstance(content[name], str | None)]:
        raise _refusal(directory, f"field {wrong[0]!r} of {MANIFEST_NAME} is of a wrong type", "take a clean copy")
    lists = {name: tuple(content[name]) for name, kind in _KINDS.items() if kind is list}
    manifest = BundleManifest(**{**content, **lists})
    if not set(manifest.variants) <= set(VARIANTS) or manifest.cpu_variant not in manifest.variants:
        raise _refusal(directory, "its variants do not fit together", "export it again with frontdesk train")
    return manifest


_LINEAGE = ("dataset", "parent")
_KINDS: dict[str, type] = {
    "version": str,
    "created_utc": str,
    "base_model": str,
    "recipe": dict,
    "dataset_fingerprint": str,
    "intents": list,
    "sentiments": list,
    "languages": list,
    "vector_dim": int,
    "max_tokens": int,
    "variants": list,
    "cpu_variant": str,
    "metrics": dict,
    "files": dict,
}


def _walk(directory: Path) -> list[str]:
    """Relative POSIX names of all files; links, which could point anywhere, and pickles and the like are refused."""
    names = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            raise _refusal(directory, f"{name} is a link", "take a clean copy without links")
        if path.is_dir():
            continue
        if path.suffix.lower() not in _SAFE_SUFFIXES:
            raise _refusal(directory, f"{name} is of a kind that no bundle may hold", "do not use this bundle")
        names.append(name)
    return names


def _refusal(directory: Path, what: str, remedy: str) -> BundleError:
    return BundleError(f"bundle {directory}: {what}; {remedy}")
