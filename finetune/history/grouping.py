"""Puts messages that came in any order back into their conversations. Knows no log format.

The messages wait in SQLite's own private temporary database: small logs stay in memory, large ones go to disk (where
``SQLITE_TMPDIR`` or ``TMPDIR`` says; about the size of the log), and SQLite removes it. So rows of one conversation
may lie gigabytes apart without being kept in memory.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.history.report import ImportReport

_SCHEMA = """
PRAGMA cache_size = -65536;
PRAGMA journal_mode = OFF;
CREATE TABLE conversation (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE message (
    conversation INTEGER NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
    sent_utc TEXT, intent TEXT, PRIMARY KEY (conversation, position)
) WITHOUT ROWID;
"""
_IN_ORDER = """
SELECT name, role, text, sent_utc, intent FROM message JOIN conversation ON number = conversation
ORDER BY conversation, position
"""


def grouped(messages: Iterator[tuple[str, DialogueMessage]]) -> Iterator[Dialogue]:
    """Group (conversation id, message) into dialogues, in the order in which conversations first appear.

    Messages are ordered by their times where every message of the conversation has one, else as they came.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")
        database.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", _numbered(database, messages))
        database.execute("COMMIT")
        for name, rows in groupby(database.execute(_IN_ORDER), key=itemgetter(0)):
            yield Dialogue(name, _in_time([_message(row) for row in rows]))


def counted(dialogues: Iterator[Dialogue], report: ImportReport) -> Iterator[Dialogue]:
    """Hand dialogues on and tell the report of them."""
    for dialogue in dialogues:
        report.dialogues += 1
        report.messages += len(dialogue.messages)
        yield dialogue


class SeenOnce:
    """Tells the first time of a key from the others, without keeping the keys in memory.

    Exports overlap: pages are fetched twice, and a list of conversations repeats their last messages.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript("PRAGMA journal_mode = OFF; CREATE TABLE seen (key TEXT PRIMARY KEY);")
        self._database.execute("BEGIN")

    def first(self, *key: str) -> bool:
        """Whether this key comes for the first time."""
        text = "\x1f".join(key)
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (text,)).rowcount == 1

    def close(self) -> None:
        """Give the database back."""
        self._database.close()


def _numbered(
    database: sqlite3.Connection, messages: Iterator[tuple[str, DialogueMessage]]
) -> Iterator[tuple[int, int, str, str, str | None, str | None]]:
    current, number = None, 0
    for position, (name, message) in enumerate(messages):
        if name != current:
            database.execute("INSERT OR IGNORE INTO conversation (name) VALUES (?)", (name,))
            (number,) = database.execute("SELECT number FROM conversation WHERE name = ?", (name,)).fetchone()
            current = name
        sent = message.sent_utc.isoformat() if message.sent_utc else None
        yield number, position, message.role.value, message.text, sent, message.intent


def _message(row: tuple[str, str, str, str | None, str | None]) -> DialogueMessage:
    _, role, text, sent, intent = row
    return DialogueMessage(Role(role), text, datetime.fromisoformat(sent) if sent else None, intent)


def _in_time(messages: list[DialogueMessage]) -> tuple[DialogueMessage, ...]:
    times = [message.sent_utc for message in messages if message.sent_utc is not None]
    if len(times) < len(messages):
        return tuple(messages)
    order = sorted(range(len(messages)), key=times.__getitem__)
    return tuple(messages[place] for place in order)
