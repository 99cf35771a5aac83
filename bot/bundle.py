"""A bundle: one immutable directory of models, checked before anything in it is read.

Knows files, hashes and the manifest; knows nothing of ONNX, tokenizers or thresholds. The hashes find damage; they are
no signature, so a bundle is to be taken only from somebody whom one trusts with one's desk.
"""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import BundleError

FORMAT = 1
MANIFEST = "manifest.json"
TOKENIZER = "tokenizer.json"
CALIBRATION = "calibration.json"
REPORT = "report"
VARIANTS = ("fp32", "int8", "fp16")

_SAFE_SUFFIXES = frozenset({".json", ".onnx", ".html", ".png", ".svg", ".md", ".csv", ".txt", ".toml"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


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
    manifest = _parse(_read_manifest(directory), directory)
    listed = {MANIFEST, *manifest.files}
    for name in _walk(directory):
        if name not in listed:
            raise _refusal(directory, f"{name} is not in the manifest", "remove it or take a clean copy")
    for name, digest in manifest.files.items():
        _check_file(directory, name, digest)
    needed = {TOKENIZER, CALIBRATION, *(encoder_name(variant) for variant in manifest.variants)}
    if absent := sorted(needed - manifest.files.keys()):
        raise _refusal(directory, f"the manifest lists no {absent[0]}", "export it again with frontdesk train")
    return Bundle(directory, manifest)


def write_manifest(directory: Path, manifest: BundleManifest) -> None:
    """Writes the manifest last and atomically: a bundle without one is not a bundle.

    Raises:
        BundleError: a bundle is there already; bundles are immutable.
    """
    target = directory / MANIFEST
    if target.exists():
        raise _refusal(directory, "a bundle is there already", "give another --out")
    temporary = directory / f".{MANIFEST}.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def hash_files(directory: Path) -> dict[str, str]:
    """Hashes of all files below a directory but the manifest, by relative POSIX name in sorted order.

    Raises:
        BundleError: a link or a kind of file that no bundle may hold.
    """
    names = [name for name in _walk(directory) if name != MANIFEST]
    for name in names:
        _check_name(directory, name)
    return {name: file_hash(directory / name) for name in names}


def file_hash(path: Path) -> str:
    """Hash (sha256, hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bundle_version(created_utc: str, files: dict[str, str]) -> str:
    """Time and short hash: sorts by age, and two bundles of one second still differ.

    Args:
        created_utc: ISO 8601 time, such as ``2026-11-23T18:15:00+00:00``.
        files: names and hashes of all files.
    """
    digest = hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()
    stamp = re.sub(r"[^0-9T]", "", created_utc[:19]).replace("T", "-")
    return f"{stamp}-{digest[:8]}"


def _read_manifest(directory: Path) -> dict[str, Any]:
    path = directory / MANIFEST
    if path.is_symlink():
        raise _refusal(directory, f"{MANIFEST} is a link", "take a clean copy")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refusal(directory, f"no {MANIFEST}", "name a finished bundle, or export it again") from None
    except (OSError, ValueError, RecursionError) as error:
        detail = f"{MANIFEST} cannot be read ({type(error).__name__})"
        raise _refusal(directory, detail, "take a clean copy") from error
    if not isinstance(content, dict):
        raise _refusal(directory, f"{MANIFEST} is no JSON object", "take a clean copy")
    if content.get("format") != FORMAT:
        detail = f"format {content.get('format')!r} is not the known format {FORMAT}"
        raise _refusal(directory, detail, "use the frontdesk version that made it, or train again")
    return content


def _parse(content: dict[str, Any], directory: Path) -> BundleManifest:
    names = {field.name for field in fields(BundleManifest)}
    if wrong := sorted(names.symmetric_difference(content)):
        detail = f"field {wrong[0]!r} of {MANIFEST} is missing or unknown"
        raise _refusal(directory, detail, "take a clean copy or train again")
    lists = ("intents", "sentiments", "languages", "variants")
    for name, kind in _KINDS.items():
        value = content[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise _refusal(directory, f"field {name!r} of {MANIFEST} is of a wrong type", "take a clean copy")
    if any(not isinstance(item, str) for name in lists for item in content[name]):
        raise _refusal(directory, f"a list of {MANIFEST} holds something else than text", "take a clean copy")
    manifest = BundleManifest(**{**content, **{name: tuple(content[name]) for name in lists}})
    if (
        not manifest.variants
        or not set(manifest.variants) <= set(VARIANTS)
        or manifest.cpu_variant not in manifest.variants
    ):
        raise _refusal(directory, f"variants of {MANIFEST} do not fit together", "export it again with frontdesk train")
    return manifest


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


def _check_name(directory: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    unsafe = not name or name != "/".join(parts) or name.startswith("/") or "\\" in name or ":" in name or ".." in parts
    if unsafe or name == MANIFEST:
        raise _refusal(directory, f"unsafe file name {name!r}", "do not use this bundle")
    if PurePosixPath(name).suffix.lower() not in _SAFE_SUFFIXES:
        raise _refusal(directory, f"{name!r} is of a kind that no bundle may hold", "do not use this bundle")


def _check_file(directory: Path, name: str, digest: object) -> None:
    _check_name(directory, name)
    path = directory / name
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise _refusal(directory, f"no valid hash for {name}", "take a clean copy")
    if not path.is_file():
        raise _refusal(directory, f"{name} is missing", "copy the bundle again or roll back")
    if file_hash(path) != digest:
        raise _refusal(
            directory, f"{name} is damaged or was changed (hash differs)", "copy the bundle again or roll back"
        )


def _walk(directory: Path) -> list[str]:
    """Relative POSIX names of all files; links are refused, because they could point anywhere."""
    names = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            raise _refusal(directory, f"{name} is a link", "take a clean copy without links")
        if not path.is_dir():
            names.append(name)
    return names


def _refusal(directory: Path, what: str, remedy: str) -> BundleError:
    return BundleError(f"bundle {directory}: {what}; {remedy}")
