"""A million made-up messages in a database of its own, the same on every run. Knows no search and no clock.

Words are letters only and follow Zipf's law; no customer's text and none of the development data is in them.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

VOCABULARY, INTENTS, LABELS, VERSIONS = 30_000, 77, 20, 12
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
RARE_LABEL = "escalated-claim"
CHANNELS = ("web", "app", "email")

TABLES: dict[str, str] = {
    "conversations": "conversation_id channel locale owner token_hash started_utc updated_utc last_sequence revision "
    "reply_attempts",
    "messages": "id conversation_id sequence role text sent_utc client_message_id answers answered_by awaits_reply "
    "reply_failed search_tokens",
    "decisions": "message_id action reason intent confidence ranking out_of_scope passages replies sources options "
    "bundle_version latency_ms",
    "feedback": "message_id helpful given_utc",
    "labels": "conversation_id label author at_utc",
}
"""Columns of schema 0002 that are filled, by table, in the order of loading."""

Row = tuple[Any, ...]
_BATCH = 20_000


def word(rank: int) -> str:
    """The word of a rank, 0 = the commonest."""
    letters = ""
    rank += 26
    while rank:
        rank, digit = divmod(rank, 26)
        letters = chr(97 + digit) + letters
    return letters


def intent(rank: int) -> str:
    """The intent of a rank, 0 = the commonest."""
    return f"intent_{rank:02d}"


@dataclass(frozen=True)
class GeneratedLog:
    """The log's shape; rows are made while they are read.

    Attributes:
        messages: how many there are.
        of: conversation's number of each message, by id - 1.
        sequences: of each message in its conversation.
        sent_s: seconds after the first, of each message.
        starts_s: of each conversation.
        sizes: messages of each conversation.
    """

    messages: int
    of: np.ndarray[Any, Any]
    sequences: np.ndarray[Any, Any]
    sent_s: np.ndarray[Any, Any]
    starts_s: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any]

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table in the order of `TABLES`; always the same."""
        makers = {
            "conversations": self._conversations,
            "messages": self._messages,
            "decisions": self._decisions,
            "feedback": self._feedback,
            "labels": self._labels,
        }
        return makers[table]()

    def conversation(self, number: int) -> str:
        """A conversation's id."""
        return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()

    def _conversations(self) -> Iterator[Row]:
        for number, (start, size) in enumerate(zip(self.starts_s.tolist(), self.sizes.tolist(), strict=True)):
            began = FIRST + timedelta(seconds=start)
            ended = began + timedelta(seconds=60 * (size - 1))
            owner = ("bot", "bot", "bot", "closed", "queue" if number % 1000 == 4 else "bot")[number % 5]
            channel = CHANNELS[0 if number % 10 < 7 else 1 + number % 2]
            yield (self.conversation(number), channel, "en", owner, "none", began, ended, size, size, 0)

    def _messages(self) -> Iterator[Row]:
        random = np.random.default_rng(13)
        chances = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
        vocabulary = [word(rank) for rank in range(VOCABULARY)]
        for first in range(0, self.messages, _BATCH):
            numbers = range(first, min(first + _BATCH, self.messages))
            lengths = random.integers(3, 28, len(numbers))
            drawn = np.searchsorted(chances, random.random(int(lengths.sum())) * chances[-1]).tolist()
            end = 0
            for number, length in zip(numbers, lengths.tolist(), strict=True):
                spoken = [vocabulary[rank] for rank in drawn[end : end + length]]
                end += length
                yield self._message(number, spoken)

    def _message(self, number: int, spoken: Sequence[str]) -> Row:
        sequence = int(self.sequences[number])
        by_bot = sequence % 2 == 0
        return (
            number + 1,
            self.conversation(int(self.of[number])),
            sequence,
            "bot" if by_bot else "customer",
            " ".join(spoken),
            FIRST + timedelta(seconds=int(self.sent_s[number])),
            None if by_bot else f"m{sequence}",
            sequence - 1 if by_bot else None,
            None,
            False,
            False,
            " ".join(dict.fromkeys(spoken)),
        )

    def _decisions(self) -> Iterator[Row]:
        random = np.random.default_rng(17)
        bot = np.flatnonzero(self.sequences % 2 == 0)
        shares = 1 / np.arange(1, INTENTS + 1)
        ranks = random.choice(INTENTS, len(bot), p=shares / shares.sum()).tolist()
        sure = random.random(len(bot)).round(4).tolist()
        for number, rank, confidence in zip(bot.tolist(), ranks, sure, strict=True):
            action = "answer" if confidence > 0.3 else "clarify" if confidence > 0.1 else "handoff"
            ranking = json.dumps([[intent(rank), confidence]])
            version = f"b{number * VERSIONS // self.messages}"
            scores = (action, "reply_confident", intent(rank), confidence, ranking, 0.1)
            yield (number + 1, *scores, "[]", "[]", "[]", "[]", version, 20.0)

    def _feedback(self) -> Iterator[Row]:
        for number in np.flatnonzero(self.sequences % 2 == 0).tolist()[::20]:
            yield (number + 1, number % 3 > 0, FIRST + timedelta(seconds=int(self.sent_s[number]) + 30))

    def _labels(self) -> Iterator[Row]:
        for number in range(0, len(self.sizes), 3):
            yield (self.conversation(number), f"label_{number % LABELS}", "ann", FIRST)
        for number in range(0, len(self.sizes), max(1, len(self.sizes) // 40)):
            yield (self.conversation(number), RARE_LABEL, "ann", FIRST)


def generate(messages: int) -> GeneratedLog:
    """Draws the shape of a log: conversations of 2 to 8 messages, a minute apart, that overlap in time."""
    random = np.random.default_rng(11)
    sizes = random.integers(2, 9, messages // 2)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), messages)) + 1]
    sizes[-1] -= int(sizes.sum()) - messages
    starts = np.arange(len(sizes)) * 180
    of = np.repeat(np.arange(len(sizes)), sizes)
    sequences = np.arange(messages) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    sent = starts[of] + 60 * (sequences - 1)
    order = np.argsort(sent, kind="stable")
    return GeneratedLog(messages, of[order], sequences[order], sent[order], starts, sizes)


def load_sqlite(file: str, log: GeneratedLog) -> None:
    """Fills an empty file of schema 0002; its search index is left to the migration that makes it anew."""
    sqlite3.register_adapter(datetime, lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f"))
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'message_search_insert'").fetchone()[0]
    connection.execute("DROP TRIGGER message_search_insert")
    connection.execute("BEGIN")
    for table, columns in TABLES.items():
        names = columns.split()
        marks = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", log.rows(table))
    connection.execute(trigger)
    connection.execute("COMMIT")
    connection.close()


def load_postgresql(url: str, log: GeneratedLog) -> None:
    """Fills an empty database of schema 0002; its search index is left to the migration that makes it anew."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP INDEX message_search")
        for table, columns in TABLES.items():
            with cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
                for row in log.rows(table):
                    copy.write_row(row)
        cursor.execute("SELECT setval(pg_get_serial_sequence('messages', 'id'), %s)", [log.messages])
