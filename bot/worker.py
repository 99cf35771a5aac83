"""Background work of a desk: keeps the index in step with the articles, and sees that what is erased stays so.

Serving never waits for it; it never serves.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.articles import take_over_folders
from bot.bootstrap import open_store
from bot.desk import Desk
from bot.encoder import Encoder
from bot.erasure import PURGE, Erasure
from bot.errors import BotError, JobLostError, LiveChangedError
from bot.leftovers import remove_half_written
from bot.publishing import live_encoder, publish_knowledge, publish_replies
from bot.retention import RETENTION, retain
from bot.settings import Settings
from bot.storage.records import Job, JobState, utc_now
from bot.storage.store import Store
from bot.surge_watch import SurgeWatch
from bot.values import Versions
from retrieval.errors import RetrievalError

INDEX_KNOWLEDGE = "index_knowledge"
INDEX_REPLIES = "index_replies"
_PAUSE_S = 1.0
_RETENTION_EVERY = timedelta(days=1)
_TRIES = 3
_CLEAN_S = 3600.0

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
FolderState = tuple[tuple[str, int, int], ...]


@dataclass
class Worker:
    """Takes jobs, watches the desk's knowledge folders and its retention, one after the other."""

    desk: Desk
    settings: Settings
    store: Store
    _seen: FolderState | None = field(default=None, init=False)
    _cleaned: float | None = field(default=None, init=False)
    _opened: tuple[str, Encoder] | None = field(default=None, init=False)

    def run_once(self) -> bool:
        """Look at the folders and the calendar, then do one job; False where there was none."""
        self.watch_folders()
        self.watch_retention()
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

    def watch_retention(self) -> None:
        """Make the day's job that erases what is too old."""
        if not self.settings.privacy.retention_days:
            return
        last = self.store.jobs.newest(RETENTION)
        if last is None or utc_now() - last.enqueued_utc >= _RETENTION_EVERY:
            self.store.jobs.enqueue(RETENTION)

    def erase_again(self) -> None:
        """Erase what a restored backup brought back, and what a killed erasure left."""
        try:
            if not Erasure(*self._parts).again().nothing:
                self.store.jobs.enqueue(PURGE)
        except (BotError, OSError) as error:
            _log.error("what is erased could not be looked for: %s", error)

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
        def progress(done: int, total: int) -> None:
            self.store.jobs.progress(job.job_id, done, total)

        match job.kind:
            case kind if kind == INDEX_KNOWLEDGE:
                self._publish(lambda encoder: publish_knowledge(*self._parts, encoder, progress))
            case kind if kind == INDEX_REPLIES:
                self._publish(lambda encoder: publish_replies(*self._parts, encoder))
            case kind if kind == PURGE:
                self._purge(job, progress)
            case kind if kind == RETENTION:
                gone = retain(*self._parts, utc_now(), progress)
                _log.info("retention: %d conversations were too old", gone.conversations)
            case kind:
                raise BotError(f"job {job.job_id}: no worker of this version knows the kind {kind!r}; update frontdesk")

    def _purge(self, job: Job, progress: Progress) -> None:
        Erasure(*self._parts).again(progress)
        later = self.store.jobs.newest(PURGE)
        if later is None or later.job_id == job.job_id or later.state is not JobState.WAITING:
            self.store.purge()  # else the later job does, once for both

    @property
    def _parts(self) -> tuple[Desk, Settings, Store]:
        return self.desk, self.settings, self.store

    def _publish(self, publish: Callable[[Encoder], Versions]) -> None:
        """Index with the live bundle's encoder; begun anew where a bundle was published or rolled back meanwhile."""
        for left in reversed(range(_TRIES)):
            try:
                versions = publish(self._encoder())
            except LiveChangedError as error:
                if not left:
                    raise
                _log.info("indexing again: %s", error)
            else:
                _log.info("live now: knowledge %s, replies %s", versions.knowledge, versions.replies)
                return

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
        worker.erase_again()
        while not stopped.is_set():
            worker.clean_up()
            watch.attend()
            if not worker.run_once():
                stopped.wait(_PAUSE_S)


def _state_of(paths: Sequence[Path]) -> FolderState:
    files = (file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
    stats = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in stats)
