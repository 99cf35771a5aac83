"""Background work of a desk: keeps the index in step with the articles. Serving never waits for it; it never serves."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.articles import take_over_folders
from bot.bootstrap import open_store
from bot.delivery import PURGE
from bot.desk import Desk
from bot.encoder import Encoder
from bot.errors import BotError, JobLostError, LiveChangedError
from bot.leftovers import remove_half_written
from bot.publishing import live_encoder, publish_knowledge, publish_replies
from bot.settings import Settings
from bot.storage.records import Job
from bot.storage.store import Store
from bot.surge_watch import SurgeWatch
from bot.values import Versions
from retrieval.errors import RetrievalError

INDEX_KNOWLEDGE = "index_knowledge"
INDEX_REPLIES = "index_replies"
_PAUSE_S = 1.0
_TRIES = 3
_CLEAN_S = 3600.0

_log = logging.getLogger(__name__)

FolderState = tuple[tuple[str, int, int], ...]


@dataclass
class Worker:
    """Takes jobs and watches the desk's knowledge folders, one after the other."""

    desk: Desk
    settings: Settings
    store: Store
    _seen: FolderState | None = field(default=None, init=False)
    _cleaned: float | None = field(default=None, init=False)
    _opened: tuple[str, Encoder] | None = field(default=None, init=False)

    def run_once(self) -> bool:
        """Look at the folders, then do one job; False where there was none."""
        self.watch_folders()
        job = self.store.jobs.take()
        if job is None:
            return False
        self._do(job)
        return True

    def watch_folders(self) -> None:
        """Take over what changed in the knowledge folders; an article whose file is gone is removed."""
        folders = self.desk.knowledge_folders(self.settings)
        state = _state_of([folder for folder in folders if folder.exists()])
        if state == self._seen:
            return
        changes = take_over_folders(self.store, folders)
        for problem in changes.problems:
            _log.warning("left out: %s", problem)
        for document_id in changes.kept:
            _log.warning("%s: changed by a person, so its file is not followed", document_id)
        if changes.changed:
            _log.info("%d articles changed", len(changes.changed))
            self.store.jobs.enqueue(INDEX_KNOWLEDGE)
        self._seen = state

    def clean_up(self) -> None:
        """Now and then remove what killed processes left half-written."""
        if self._cleaned is None or time.monotonic() - self._cleaned > _CLEAN_S:
            self._cleaned = time.monotonic()
            try:
                remove_half_written(self.desk)
            except OSError as error:
                _log.error("leftovers stay: %s", error)

    def use(self, encoder: Encoder) -> None:
        """Take an encoder of the live bundle that is open already."""
        self._opened = (self.desk.live().bundle, encoder)

    def _do(self, job: Job) -> None:
        try:
            self._run(job)
        except (BotError, RetrievalError, OSError) as error:
            _log.error("job %d (%s) failed: %s", job.job_id, job.kind, error)
            with suppress(JobLostError):  # another worker has it now and will tell
                self.store.jobs.fail(job.job_id, str(error))
            return
        self.store.jobs.finish(job.job_id)

    def _run(self, job: Job) -> None:
        if job.kind == PURGE:
            self.store.purge()
            return

        def progress(done: int, total: int) -> None:
            self.store.jobs.progress(job.job_id, done, total)

        match job.kind:
            case kind if kind == INDEX_KNOWLEDGE:
                versions = self._publish(lambda encoder: publish_knowledge(*self._parts, encoder, progress))
            case kind if kind == INDEX_REPLIES:
                versions = self._publish(lambda encoder: publish_replies(*self._parts, encoder))
            case kind:
                raise BotError(f"job {job.job_id}: no worker of this version knows the kind {kind!r}; update frontdesk")
        _log.info("live now: knowledge %s, replies %s", versions.knowledge, versions.replies)

    @property
    def _parts(self) -> tuple[Desk, Settings, Store]:
        return self.desk, self.settings, self.store

    def _publish(self, publish: Callable[[Encoder], Versions]) -> Versions:
        """Index with the live bundle's encoder; begun anew where a bundle was published or rolled back meanwhile."""
        for _ in range(_TRIES - 1):
            try:
                return publish(self._encoder())
            except LiveChangedError as error:
                _log.info("indexing again: %s", error)
        return publish(self._encoder())

    def _encoder(self) -> Encoder:
        version = self.desk.live().bundle
        if self._opened is None or self._opened[0] != version:
            self._opened = (version, live_encoder(self.desk, self.settings))
        return self._opened[1]


def run_worker(desk_directory: Path, stop: threading.Event | None = None) -> None:
    """Work until told to stop.

    Raises:
        BotError: settings or database cannot be used.
    """
    stopped = stop or threading.Event()
    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        worker, watch = Worker(desk, settings, store), SurgeWatch(store, settings)
        while not stopped.is_set():
            worker.clean_up()
            watch.attend()
            if not worker.run_once():
                stopped.wait(_PAUSE_S)


def _state_of(paths: Sequence[Path]) -> FolderState:
    files = (file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
    stats = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in stats)
