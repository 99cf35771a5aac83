"""A desk: one directory with settings, versioned models, knowledge and replies, and the pointer to the live ones.

Knows no models and no database: it only says which immutable directories are live, and moves that pointer atomically.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import DeskError
from bot.settings import Settings, load_settings
from bot.values import Versions
from retrieval.artifact import half_written, write_atomically
from retrieval.errors import ArtifactError

_POINTER = "live.json"
_SECRET = "secret.key"
_MIN_SECRET_CHARACTERS = 32
_IMPROVE_LOCK = ".improve.lock"
_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Published:
    """One state of the pointer: the live three and since when (ISO 8601, UTC)."""

    versions: Versions
    published_utc: str


@dataclass(frozen=True)
class Desk:
    """One desk in a directory."""

    directory: Path

    def settings(self) -> Settings:
        """The desk's settings, read now (see `load_settings` for its errors)."""
        return load_settings(self.directory / "desk.toml")

    def database_url(self, settings: Settings) -> str:
        """The database of this desk: the settings' URL, or a SQLite file in the directory."""
        return settings.database_url or f"sqlite:///{(self.directory / 'frontdesk.db').resolve()}"

    def secret_key(self, settings: Settings) -> str:
        """What this desk signs with: the setting, or a file that only its owner may read, made once.

        Raises:
            DeskError: it is too short to be a secret.
        """
        key = settings.secret_key or self._kept_secret()
        if len(key) < _MIN_SECRET_CHARACTERS:
            raise DeskError(f"the secret key has fewer than {_MIN_SECRET_CHARACTERS} characters: set a longer one")
        return key

    def _kept_secret(self) -> str:
        file = self.directory / _SECRET
        if not file.exists():
            new = self.directory / f".{_SECRET}.{secrets.token_hex(8)}"
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(secrets.token_urlsafe(48))
                handle.flush()
                os.fsync(handle.fileno())
            with suppress(FileExistsError):  # another process was faster: its key counts
                file.hardlink_to(new)
            new.unlink()
        return file.read_text(encoding="utf-8").strip()

    def knowledge_folders(self, settings: Settings) -> list[Path]:
        """Files and folders whose articles the desk keeps indexed."""
        return [self.directory / path for path in settings.knowledge_paths]

    def bundle_directory(self, version: str) -> Path:
        """Where a published bundle lies."""
        return self.directory / "bundles" / version

    def knowledge_directory(self, version: str) -> Path:
        """Where a knowledge snapshot lies."""
        return self.directory / "knowledge-snapshots" / version

    def replies_directory(self, version: str) -> Path:
        """Where a reply snapshot lies."""
        return self.directory / "reply-snapshots" / version

    @property
    def pointer(self) -> Path:
        """The file that names the live three."""
        return self.directory / _POINTER

    def history(self) -> list[Published]:
        """States of the pointer, live one first.

        Raises:
            DeskError: the pointer file is broken.
        """
        try:
            rows = json.loads(self.pointer.read_text(encoding="utf-8"))
            return [Published(Versions(**row["versions"]), row["published_utc"]) for row in rows]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise DeskError(f"{self.pointer} is broken ({error}); publish a bundle again") from error

    def live(self) -> Versions:
        """The live versions.

        Raises:
            DeskError: nothing has been published yet.
        """
        history = self.history()
        if not history:
            raise DeskError(
                f"{self.directory} has no live bundle; run `frontdesk publish BUNDLE --desk {self.directory}`"
            )
        return history[0].versions

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Hold the pointer's lock for a moment, so that two publishers cannot overwrite each other's pointer."""
        with self._locked(".publish.lock"):
            yield

    @contextmanager
    def indexing(self) -> Iterator[None]:
        """Hold the lock of those who index for the live bundle, which may take minutes; take `publishing` inside it.

        It is apart from `publishing` so that a rollback never waits for an index that is being built.
        """
        with self._locked(".index.lock"):
            yield

    @contextmanager
    def improving(self) -> Iterator[None]:
        """Be the only ``improve`` of this desk; the lock goes with the process, however that ends.

        Raises:
            DeskError: another process improves the desk; names it and since when.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / _IMPROVE_LOCK).open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                raise DeskError(f"{self.directory} is being improved by {holder}; wait until it ends") from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()} since {datetime.now(UTC).isoformat(timespec='seconds')}\n")
            lock.flush()
            yield
            lock.truncate(0)

    def improver(self) -> str | None:
        """Who improves the desk at this moment, such as ``process 12 since 2026-01-31T09:00:00+00:00``; None: nobody.

        A name that a killed process left counts for nothing: its lock is free.
        """
        try:
            with (self.directory / _IMPROVE_LOCK).open(encoding="utf-8") as lock:
                holder = lock.read().strip()
                if not holder:
                    return None
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return holder
        return None

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def point_to(self, versions: Versions) -> None:
        """Make versions live in one step. Call inside `publishing`, after checking that the three fit."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        states = _remembered([Published(versions, now), *self.history()])
        write_atomically(self.pointer, json.dumps([asdict(state) for state in states], indent=2))

    def roll_back(self, bundle: str | None = None) -> Versions:
        """Make the last state of an earlier bundle live again: the pointer moves and nothing is loaded or encoded.

        For a desk whose database is away; `bot.rollback` also takes care of what was withdrawn since.

        Args:
            bundle: its version; None: the one that was live before the live one.

        Raises:
            DeskError: there is no such earlier state.
        """
        with self.publishing():
            versions = self.earlier(bundle)
            self.point_to(versions)
            return versions

    def earlier(self, bundle: str | None = None) -> Versions:
        """The last state of an earlier bundle: of the given one, or of that before the live one.

        Raises:
            DeskError: there is none.
        """
        live = self.live().bundle
        others = [state.versions for state in self.history() if state.versions.bundle != live]
        wanted = [versions for versions in others if bundle is None or versions.bundle == bundle]
        if not wanted:
            known = ", ".join(dict.fromkeys(versions.bundle for versions in others)) or "none"
            asked = f"state of bundle {bundle}" if bundle else "bundle"
            raise DeskError(f"{self.directory} has no earlier {asked} to roll back to; earlier bundles: {known}")
        return wanted[0]

    def add_bundle(self, source: Path, version: str) -> Path:
        """Copy a bundle into the desk; an equal version that is there already is kept."""
        target = self.bundle_directory(version)
        if not target.exists():
            try:
                with half_written(target) as folder:
                    shutil.copytree(source, folder, dirs_exist_ok=True)
            except ArtifactError:  # another process was faster: its copy is of the same version
                if not target.exists():
                    raise
        return target

    def bundles(self) -> list[str]:
        """Versions of the bundles in the desk, newest last."""
        folder = self.directory / "bundles"
        return (
            sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
        )


def _remembered(states: list[Published]) -> list[Published]:
    """The newest states, and of each earlier bundle the last one, however many articles have been edited since."""
    last_of: dict[str, Published] = {}
    for state in states:
        last_of.setdefault(state.versions.bundle, state)
    kept = list(last_of.values())[:_REMEMBERED]
    return [state for place, state in enumerate(states) if place < _REMEMBERED or any(state is one for one in kept)]


def with_knowledge(versions: Versions, knowledge: str | None) -> Versions:
    """The same versions with another knowledge snapshot."""
    return replace(versions, knowledge=knowledge)


def with_replies(versions: Versions, replies: str | None) -> Versions:
    """The same versions with another reply snapshot."""
    return replace(versions, replies=replies)
