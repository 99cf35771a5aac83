"""Conversations that are older than the desk keeps them: which, and how they go. Knows no clock but what it is told.

A conversation counts from the last thing that happened in it. One that waits for a person, that a person has, or in
which the bot owes a reply is open, and stays however old it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.bundle_flags import AGED
from bot.desk import Desk
from bot.erased_files import ErasedFiles, erase_from_files, rows_in_files
from bot.settings import Settings
from bot.storage.erasing import Erased
from bot.storage.store import Store

RETENTION = "retention"
"""Kind of the job; the worker makes one a day where ``[privacy] retention_days`` is set."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Aged:
    """What was too old: whole conversations, rows in the database and in files."""

    conversations: int
    rows: Erased
    files: ErasedFiles


def aged(desk: Desk, settings: Settings, store: Store, now: datetime) -> Aged:
    """Tell what `retain` would erase; nothing where conversations are kept for ever."""
    days = settings.privacy.retention_days
    found = store.erasing.idle_since(now - timedelta(days=days)) if days else []
    return Aged(len(found), store.erasing.counts(found), rows_in_files(desk.directory, found))


def retain(desk: Desk, settings: Settings, store: Store, now: datetime, progress: Progress) -> Aged:
    """Erase what is too old, with its rows in files; the bundles of datasets that lose rows are flagged as aged.

    Files come first: a kill leaves rows by which the next call finds the same conversations. There is no tombstone,
    since a restored backup is as old as it was.

    Args:
        desk: the desk.
        settings: say how many days are kept.
        store: its database.
        now: the present.
        progress: told (done, all) conversations.
    """
    days = settings.privacy.retention_days
    if not days:
        return Aged(0, Erased(), ErasedFiles())
    before = now - timedelta(days=days)
    found = store.erasing.idle_since(before)
    files = erase_from_files(desk.directory, found, AGED) if found else ErasedFiles()
    rows = store.erasing.erase(found, progress, idle_since=before)
    if found:
        store.purge()
    return Aged(rows.rows.get("conversations", 0), rows, files)
