"""Erasing one person everywhere, so that it outlives a kill and a restored backup. Knows no pages and no training.

In this order: a tombstone on the disk, flags of bundles, rows of files, rows of the database, its files. Whatever is
killed on the way is finished by `Erasure.again`, which does nothing where all is gone.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from bot.bundle_flags import ERASED, bundles_trained_on
from bot.certificate import Certificate, Removed
from bot.dataset_files import DATASETS, TRAINING
from bot.desk import Desk
from bot.erased_files import ErasedFiles, erase_from_files, rows_in_files
from bot.errors import NothingToEraseError
from bot.settings import Settings
from bot.storage.erasing import Erased
from bot.storage.records import Clock, utc_now
from bot.storage.store import Store
from bot.tombstones import FILE, Tombstone, Tombstones, new_tombstone_id, read_tombstones

PURGE = "purge"
"""Kind of the job that takes erased conversations out of the desk's files and overwrites what the database left."""

CUSTOMER = "customer"
"""Who erased, where a customer did it alone."""

Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom to erase: a signed-in customer's id, conversations by id, everybody who left an e-mail address."""

    customer_id: str | None = None
    conversation_ids: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of them.

    Attributes:
        mark: keyed hash of the customer's id.
        conversation_ids: also those that only files know.
        rows: in the database.
        files: rows in files.
        same_contact: further conversations without a customer that left the same address.
    """

    mark: str | None
    conversation_ids: tuple[str, ...]
    rows: Erased
    files: ErasedFiles
    same_contact: int

    @property
    def nothing(self) -> bool:
        """Whether nothing is, or was, kept."""
        return not self.rows.rows and not self.files.rows


@dataclass(frozen=True)
class Erasure:
    """Erases on one open desk."""

    desk: Desk
    settings: Settings
    store: Store
    clock: Clock = utc_now

    @property
    def tombstones(self) -> Tombstones:
        """The desk's tombstones.

        Raises:
            DeskError: the secret key is too short.
        """
        return Tombstones(self.desk.directory / FILE, self.desk.secret_key(self.settings))

    def find(self, whom: Whom) -> Found:
        """Tell what is kept of somebody.

        Raises:
            NothingToEraseError: nothing is.
        """
        erasing, tombstones = self.store.erasing, self.tombstones
        mark = tombstones.mark(whom.customer_id) if whom.customer_id else None
        earlier = (
            stone.conversation_ids for stone in read_tombstones(tombstones.path) if mark and stone.customer == mark
        )
        own = erasing.of_customer(whom.customer_id) if whom.customer_id else []
        by_contact = chain.from_iterable(map(erasing.of_contact, whom.contacts))
        ids = tuple(dict.fromkeys([*own, *whom.conversation_ids, *by_contact, *chain.from_iterable(earlier)]))
        known = erasing.known(ids)
        found = Found(
            mark, ids, erasing.counts(known), rows_in_files(self.desk.directory, ids), len(erasing.same_contact(known))
        )
        if found.nothing:
            raise NothingToEraseError("nothing is kept of them: check the id; it is written as it was signed")
        return found

    def preview(self, found: Found) -> Certificate:
        """Tell what `erase` would do."""
        return self._certificate(None, found, found.rows, found.files)

    def erase(self, found: Found, *, by: str, progress: Progress) -> Certificate:
        """Erase what was found; the person may be told when this returns.

        Args:
            found: from `find`.
            by: who asked.
            progress: told (done, all) conversations.

        Raises:
            OSError: the tombstone cannot be written: nothing was erased.
            StorageError: the database refused half-way: `again` goes on.
        """
        tombstone = self._bury(by, found.mark, found.conversation_ids, found.rows)
        files = erase_from_files(self.desk.directory, found.conversation_ids, ERASED)
        rows = self.store.erasing.erase(found.conversation_ids, progress)
        self.store.audit.record(by, "erase", subject=tombstone.tombstone_id, detail={"rows": dict(rows.rows)})
        self.store.purge(compact=True)
        return replace(self._certificate(tombstone, found, rows, files), purged=self.store.cleaning)

    def erase_conversation(self, conversation_id: str, *, by: str = CUSTOMER) -> bool:
        """Erase one conversation's rows now; a job does the rest. For the customer who waits.

        Returns:
            Whether there was one.
        """
        known = self.store.erasing.known([conversation_id])
        if known:
            self._bury(by, None, known, self.store.erasing.counts(known))
            self.store.erasing.erase(known)
            self.store.jobs.enqueue(PURGE)
        return bool(known)

    def again(self, progress: Progress | None = None, *, files: bool = True) -> Found:
        """Erase again whatever a tombstone names: after a restore, a kill, or a run of ``improve`` meanwhile.

        Args:
            progress: told (done, all) conversations.
            files: look into the desk's files as well, which takes longer.

        Returns:
            What was there and is gone; have the database purged where it is not `Found.nothing`.
        """
        stones = read_tombstones(self.desk.directory / FILE)
        ids = tuple(dict.fromkeys(chain.from_iterable(stone.conversation_ids for stone in stones)))
        back = tuple(dict.fromkeys([*self.store.erasing.known(ids), *self._of_marked(stones)]))
        gone = ErasedFiles()
        if files and stones:
            gone = erase_from_files(self.desk.directory, [*ids, *back], ERASED)
        rows = self.store.erasing.erase(back, progress)
        found = Found(None, back, rows, gone, 0)
        if not found.nothing:
            _log.warning("erased again: %d conversations, %d rows of files", len(back), gone.rows)
        return found

    def _bury(self, by: str, mark: str | None, conversation_ids: Sequence[str], rows: Erased) -> Tombstone:
        now = self.clock()
        tombstone = Tombstone(new_tombstone_id(now), now, by, mark, tuple(conversation_ids), rows.rows)
        self.tombstones.append(tombstone)
        return tombstone

    def _of_marked(self, stones: Sequence[Tombstone]) -> list[str]:
        """Conversations that an erased customer began before their erasure; what they began later is theirs to keep."""
        until: dict[str, datetime] = {stone.customer: stone.at_utc for stone in stones if stone.customer}
        if not until:
            return []
        tombstones = self.tombstones
        marks = {name: tombstones.mark(name) for name in self.store.erasing.customers(max(until.values()))}
        began = self.store.erasing.of_customer_until
        return [found for name, mark in marks.items() if mark in until for found in began(name, until[mark])]

    def _certificate(self, tombstone: Tombstone | None, found: Found, rows: Erased, files: ErasedFiles) -> Certificate:
        touched = [forgotten.version for forgotten in files.datasets]
        live = next((state.versions.bundle for state in self.desk.history()), None)
        bundles = bundles_trained_on(self.desk.directory, touched)
        return Certificate(
            tombstone_id=tombstone.tombstone_id if tombstone else None,
            at_utc=(tombstone.at_utc if tombstone else self.clock()).isoformat(timespec="seconds"),
            customer=found.mark,
            conversations=rows.rows.get("conversations", 0),
            removed=(*_from_database(rows), *_from_files(files)),
            flagged_bundles=tuple(f"{name}*" if name == live else name for name in bundles),
            replies_to_read=rows.approved_replies,
            same_contact=found.same_contact,
            improving=files.running,
        )


def _from_database(rows: Erased) -> Iterator[Removed]:
    for table, count in sorted(rows.rows.items(), key=lambda item: -item[1]):
        yield Removed(table.replace("_", " "), "database", count)
    if messages := rows.rows.get("messages"):
        yield Removed("messages in the search index", "database", messages)
    if rows.replies:
        yield Removed("proposed replies that reviewers wrote for them", "database", rows.replies)


def _from_files(files: ErasedFiles) -> Iterator[Removed]:
    for forgotten in files.datasets:
        yield Removed("rows", f"{DATASETS}/{forgotten.version}", forgotten.rows)
    if files.training:
        yield Removed("rows", TRAINING, files.training)
    if files.unfinished:
        yield Removed("unfinished trainings", "work", files.unfinished)
