"""Tombstones of erased people: who was erased when, kept outside the database so that no restored backup undoes it.

A line is durable before the first row goes. It holds ids of conversations and a keyed hash of the customer, no words.
Knows no database and no training.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.errors import DeskError

FILE = "erased.jsonl"
_PURPOSE = b"frontdesk erasure\0"
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One erasure.

    Attributes:
        tombstone_id: names it on the certificate and in the audit log.
        by: who asked: ``customer``, ``command line`` or a login name.
        customer: `Tombstones.mark` of the customer's id; None where only conversations were named.
        conversation_ids: of all conversations that were known then.
        counts: rows by table that were there then.
    """

    tombstone_id: str
    at_utc: datetime
    by: str
    customer: str | None
    conversation_ids: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


def new_tombstone_id(now: datetime) -> str:
    """A name for an erasure of this moment."""
    return f"{now:%Y%m%d}-{secrets.token_hex(_ID_BYTES)}"


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The file; one JSON object a line, only ever added to."""

    path: Path
    key: str = field(repr=False)

    def mark(self, customer_id: str) -> str:
        """HMAC-SHA256 (hex) of a customer's id under the desk's secret: without it nobody can try ids out."""
        return hmac.new(self.key.encode(), _PURPOSE + customer_id.encode(), hashlib.sha256).hexdigest()

    def append(self, tombstone: Tombstone) -> None:
        """Add a tombstone; it is on the disk when this returns.

        Raises:
            OSError: the disk refused; nothing may be erased then.
        """
        row = asdict(tombstone) | {"at_utc": tombstone.at_utc.isoformat()}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _drop_torn_end(file)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.path.parent)


def read_tombstones(path: Path) -> list[Tombstone]:
    """All tombstones of a file, oldest first; an end that a kill tore is none, since nothing was erased for it.

    Raises:
        DeskError: a line is no tombstone.
    """
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [_parsed(line, f"{path}: line {number}") for number, line in enumerate(whole.splitlines(), start=1)]


def _parsed(line: bytes, where: str) -> Tombstone:
    try:
        row = json.loads(line)
        at_utc = datetime.fromisoformat(row["at_utc"])
        return Tombstone(**{**row, "at_utc": at_utc, "conversation_ids": tuple(row["conversation_ids"])})
    except (ValueError, KeyError, TypeError) as error:
        raise DeskError(f"{where} is no tombstone ({type(error).__name__}); take the file from a backup") from None


def _drop_torn_end(file: BinaryIO) -> None:
    content = file.read()
    file.seek(content.rfind(b"\n") + 1)
    file.truncate()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
