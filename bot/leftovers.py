"""What killed processes left half-written, and old versions that nothing needs: found and removed.

A half-written folder is hidden and its writer holds a lock on it, so nothing of a living process is touched. A version
is hidden first and removed then: killed in between, the next run finds the rest. Knows no content.
"""

import logging
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.desk import Desk
from bot.errors import DeskError
from retrieval.artifact import is_held

_KINDS = ("bundles", "knowledge-snapshots", "reply-snapshots", "datasets")
_REMOVED = ".removed"
_REST_S = 60.0
"""A folder this young may be between its making and its lock."""

_FILE_REST_S = 3600.0
_NEW_S = 3600.0
"""A version this young may be one that somebody prepares and has not published yet."""

_UNFINISHED_S = 7 * 24 * 3600.0
"""So long an unfinished training can still be gone on with."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed: names relative to the desk."""

    half_written: tuple[str, ...]
    old_versions: tuple[str, ...] = ()


def remove_half_written(desk: Desk) -> Removed:
    """Remove what no process writes any more: half-copied bundles, half-built snapshots, old unfinished trainings."""
    given_up = _given_up_trainings(desk)
    found = [*_hidden_folders(desk), *_torn_files(desk), *given_up]
    for path in found:
        with suppress(FileNotFoundError):  # two may clean up at once
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            _log.info("removed %s, which was never finished", path)
    return Removed(_names(desk, found))


def remove_old_versions(desk: Desk, keep: int, cited: Collection[str]) -> Removed:
    """Remove bundles and snapshots beyond the newest of each kind.

    What is live, what a rollback reaches, what is cited, and what was made within the last hour stays in any case.

    Args:
        keep: bundles and reply snapshots that stay beside those, the newest ones; as many knowledge snapshots.
        cited: knowledge snapshots that answers in the log quote; the audit reads them.

    Raises:
        DeskError: the pointer is broken; an ``improve`` is under way.
    """
    with desk.improving(), desk.publishing():
        states = [state.versions for state in desk.history()]
        named: dict[str, set[str | None]] = {
            "bundles": {versions.bundle for versions in states},
            "knowledge-snapshots": {versions.knowledge for versions in states} | set(cited),
            "reply-snapshots": {versions.replies for versions in states},
        }
        old = [path for kind, names in named.items() for path in _beyond(desk.directory / kind, names, keep)]
        hidden = [_hide(path) for path in old]
    for path in hidden:
        shutil.rmtree(path)
    return Removed((), _names(desk, old))


def _beyond(folder: Path, needed: Collection[str | None], keep: int) -> list[Path]:
    """Versions that nothing names, without the newest ones; names sort by age."""
    versions = sorted((path for path in _folders(folder) if path.name[0] != "."), reverse=True)
    free = [path for path in versions if path.name not in needed]
    return [path for path in free[keep:] if _age_s(path) > _NEW_S]


def _hidden_folders(desk: Desk) -> Iterator[Path]:
    for kind in _KINDS:
        for path in _folders(desk.directory / kind):
            with suppress(FileNotFoundError):  # its writer has just finished it
                if path.name[0] == "." and _age_s(path) > _REST_S and not is_held(path):
                    yield path


def _torn_files(desk: Desk) -> Iterator[Path]:
    """Files that were to replace another one and never did."""
    for pattern in (".live.json.*", ".bundle-flags.json.*", ".secret.key.*"):
        yield from (path for path in desk.directory.glob(pattern) if _age_s(path) > _FILE_REST_S)


def _given_up_trainings(desk: Desk) -> list[Path]:
    """Trainings that nobody went on with for a week, hidden now; none while an ``improve`` runs."""
    folders = _folders(desk.directory / "work")
    hidden = [path for path in folders if path.name.endswith(_REMOVED)]
    old = [path for path in folders if path.name[0] != "." and _age_s(path) > _UNFINISHED_S]
    with suppress(DeskError):  # somebody improves the desk: another time
        if old:
            with desk.improving():
                hidden += [_hide(path) for path in old]
    return hidden


def _hide(path: Path) -> Path:
    return path.rename(path.with_name(f".{path.name}{_REMOVED}"))


def _names(desk: Desk, paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(desk.directory).as_posix() for path in paths))


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _age_s(path: Path) -> float:
    """Seconds since anything directly in it changed."""
    inside = path.iterdir() if path.is_dir() else ()
    newest: float = max(one.stat().st_mtime for one in (path, *inside))
    return time.time() - newest
