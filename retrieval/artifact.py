"""Immutable directories: files first, a manifest with their sha256 last, moved into place in one step.

Bundles, knowledge snapshots and reply snapshots are all of this kind. Knows nothing of what the files mean.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from retrieval.errors import ArtifactError

MANIFEST_NAME = "manifest.json"


def write_artifact(directory: Path, manifest: Mapping[str, Any], write_files: Callable[[Path], None]) -> None:
    """Create an immutable directory atomically: readers see all of it or nothing.

    Args:
        directory: must not exist yet; its parent is created.
        manifest: the manifest without ``files``, which is added here.
        write_files: writes every other file into the folder that it is given.

    Raises:
        ArtifactError: the directory exists already.
    """
    if directory.exists():
        raise ArtifactError(f"{directory} exists already; choose another name or remove it")
    with half_written(directory) as folder:
        write_files(folder)
        seal(folder, manifest)


@contextmanager
def half_written(directory: Path) -> Iterator[Path]:
    """A hidden folder that becomes a directory in one step when the block ends well, and is gone otherwise.

    This process holds a lock on the folder: one whose lock is free was left behind by a process that was killed.

    Raises:
        ArtifactError: the directory has come to exist meanwhile.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
        for path in folder.rglob("*"):
            _sync(path)
        folder.chmod(0o755)
        os.utime(folder)  # a copy would be as old as what it was copied from
        _move(folder, directory)
        _sync(directory.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def is_held(folder: Path) -> bool:
    """Whether a living process writes into a half-written folder."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def seal(directory: Path, manifest: Mapping[str, Any]) -> None:
    """Hash every file of a directory and write its manifest last."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST_NAME)
    hashes = {path.relative_to(directory).as_posix(): sha256(path) for path in files}
    for path in files:
        _sync(path)
    text = json.dumps({**manifest, "files": hashes}, ensure_ascii=False, indent=2, sort_keys=True)
    write_atomically(directory / MANIFEST_NAME, text)


def read_artifact(directory: Path) -> dict[str, Any]:
    """Read a manifest and prove that every file is the one that was written.

    Raises:
        ArtifactError: no manifest, broken JSON, a name that leaves the directory, or a missing or changed file.
    """
    try:
        manifest = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
        files: dict[str, str] = dict(manifest["files"])
    except FileNotFoundError:
        raise ArtifactError(
            f"{directory} has no {MANIFEST_NAME}; it is missing or half-written: make it again"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{directory / MANIFEST_NAME} is broken ({error}); make the directory again") from error
    for name, expected in files.items():
        _check_file(directory, name, expected)
    return dict(manifest)


def sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file in one step, durable before it is visible."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)
    _sync(path.parent)


def _move(folder: Path, directory: Path) -> None:
    try:
        folder.rename(directory)
    except OSError as error:
        if directory.exists():
            raise ArtifactError(f"{directory} exists already; choose another name or remove it") from error
        raise


def _check_file(directory: Path, name: str, expected: str) -> None:
    path = directory / name
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or path.is_symlink():
        raise ArtifactError(f"{directory}: its manifest names '{name}', which lies outside; do not use this directory")
    if not path.is_file():
        raise ArtifactError(f"{path} is missing; make or copy the directory again")
    if sha256(path) != expected:
        raise ArtifactError(f"{path} is not the file that was written (wrong sha256); make or copy the directory again")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
