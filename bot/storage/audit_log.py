"""What staff did and who tried to log in: rows that are added and read, never changed. Knows no rights."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.people_tables import AuditRow
from bot.storage.records import AuditEntry, Clock

LOGIN_FAILED = "login_failed"
LOGIN_TRIES = 5
LOGIN_WINDOW = timedelta(minutes=5)
"""So many failures from one address in this time, and it must wait until the oldest of them is older."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class AuditLog:
    """The audit log. It counts failed log-ins too, so that the limit holds across processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(
        self,
        actor: str,
        action: str,
        *,
        subject: str | None = None,
        address: str | None = None,
        detail: Mapping[str, Any] = _NOTHING,
    ) -> None:
        """Add an action.

        Args:
            actor: login name of who did it, or where it was done (``command line``).
            action: short code such as ``take_over``.
            detail: JSON values about it; never what a customer wrote.

        Raises:
            InvalidTextError: the actor or the action cannot be stored.
        """
        row = {
            "at_utc": self._clock(),
            "actor": storable_key(actor, "name"),
            "action": storable_key(action, "action"),
            "subject": storable_key(subject, "subject") if subject else None,
            "address": address,
            "detail": dict(detail),
        }
        self._database.write(lambda session: session.execute(insert(AuditRow), [row]))

    def newest(
        self, *, limit: int = 100, before: int | None = None, actor: str | None = None, action: str | None = None
    ) -> list[AuditEntry]:
        """Give actions, newest first.

        Args:
            before: an `AuditEntry.entry_id`; only older ones are given.
        """
        statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(AuditRow.id < before)
        if actor:
            statement = statement.where(AuditRow.actor == actor)
        if action:
            statement = statement.where(AuditRow.action == action)
        rows = self._database.read(lambda session: list(session.scalars(statement)))
        return [
            AuditEntry(row.id, row.at_utc, row.actor, row.action, row.subject, row.address, row.detail) for row in rows
        ]

    def login_wait(self, address: str) -> timedelta | None:
        """How long an address that failed too often has to wait before it may try to log in; None: not at all."""
        now = self._clock()
        recent = AuditRow.at_utc > now - LOGIN_WINDOW, AuditRow.action == LOGIN_FAILED, AuditRow.address == address
        statement = select(AuditRow.at_utc).where(*recent).order_by(AuditRow.at_utc.desc()).limit(LOGIN_TRIES)

        def work(session: Session) -> list[datetime]:
            return list(session.scalars(statement))

        failures = self._database.read(work)
        return failures[-1] + LOGIN_WINDOW - now if len(failures) == LOGIN_TRIES else None
