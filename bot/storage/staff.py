"""Staff members and their logins. Keeps only hashes of passwords and login secrets. Knows no cookies and no pages."""

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from bot.errors import StaffRefusedError
from bot.passwords import hash_password, is_password
from bot.storage.database import Database
from bot.storage.inputs import is_storable
from bot.storage.people_tables import StaffRow, StaffSessionRow
from bot.storage.records import Clock, StaffMember, StaffRole
from bot.storage.upsert import insert_missing

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_RESERVED = frozenset({"bot", "customer", "desk", "queue", "mined"})
"""These stand for who acts in transitions and histories when no staff member does."""


class Staff:
    """Who may log in. What takes rights away ends all logins of the member in the same transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, password: str, role: StaffRole) -> StaffMember:
        """Add a staff member; names are compared in lower case.

        Raises:
            StaffRefusedError: the name is taken or no login name, or the password is too short.
        """
        login = login_name(name)
        if not _NAME.fullmatch(login) or login in _RESERVED:
            raise StaffRefusedError(f"{name!r} is no login name: use letters, digits and . _ @ + -")
        row = {
            "name": login,
            "role": role.value,
            "password_hash": hash_password(password),
            "disabled": False,
            "created_utc": self._clock(),
        }

        def work(session: Session) -> StaffMember:
            if session.get(StaffRow, login) is not None:
                raise StaffRefusedError(f"there is a staff member {login!r} already: change their password or role")
            insert_missing(session, StaffRow, [row])
            return _member(session.get_one(StaffRow, login))

        return self._database.write(work)

    def set_password(self, name: str, password: str) -> None:
        """Give a member another password.

        Raises:
            StaffRefusedError: unknown name, or the password is too short.
        """
        hashed = hash_password(password)

        def work(session: Session) -> None:
            _locked(session, name).password_hash = hashed
            self._end(session, StaffSessionRow.name == login_name(name))

        self._database.write(work)

    def set_role(self, name: str, role: StaffRole) -> None:
        """Let a member do more or less.

        Raises:
            StaffRefusedError: unknown name, or the desk would be left without an admin.
        """

        def work(session: Session) -> None:
            row = _locked(session, name)
            if role is not StaffRole.ADMIN:
                _need_another_admin(session, row)
            row.role = role.value
            self._end(session, StaffSessionRow.name == row.name)

        self._database.write(work)

    def disable(self, name: str) -> None:
        """Keep a member from logging in.

        Raises:
            StaffRefusedError: unknown name, or the desk would be left without an admin.
        """

        def work(session: Session) -> None:
            row = _locked(session, name)
            _need_another_admin(session, row)
            row.disabled = True
            self._end(session, StaffSessionRow.name == row.name)

        self._database.write(work)

    def enable(self, name: str) -> None:
        """Let a disabled member log in again.

        Raises:
            StaffRefusedError: unknown name.
        """

        def work(session: Session) -> None:
            _locked(session, name).disabled = False

        self._database.write(work)

    def get(self, name: str) -> StaffMember | None:
        """Give a member, or None for an unknown name."""
        row = self._row(name)
        return None if row is None else _member(row)

    def members(self) -> list[StaffMember]:
        """Give all members by name, disabled ones too."""
        statement = select(StaffRow).order_by(StaffRow.name)
        return [_member(row) for row in self._database.read(lambda session: session.scalars(statement).all())]

    def check(self, name: str, password: str) -> StaffMember | None:
        """Give the member whom name and password belong to; an unknown name takes as long as a wrong password."""
        row = self._row(name)
        matches = is_password(password, row.password_hash if row is not None else None)
        return _member(row) if row is not None and matches and not row.disabled else None

    def start_session(self, name: str, lifetime: timedelta) -> str:
        """Begin a login; gives its secret, of which only a hash is kept. Logins that ended are swept out."""
        secret, now = secrets.token_urlsafe(32), self._clock()

        def work(session: Session) -> None:
            row = _locked(session, name)
            if row.disabled:
                raise StaffRefusedError(f"{row.name} may not log in any more")
            ended = StaffSessionRow.name == row.name, StaffSessionRow.expires_utc < now
            session.execute(delete(StaffSessionRow).where(*ended))
            started = {"session_hash": _hash(secret), "name": row.name, "started_utc": now}
            session.execute(insert(StaffSessionRow), [{**started, "expires_utc": now + lifetime}])

        self._database.write(work)
        return secret

    def find_session(self, secret: str) -> StaffMember | None:
        """Give the member of a login that has neither expired nor been revoked."""
        statement = (
            select(StaffRow)
            .join(StaffSessionRow, StaffSessionRow.name == StaffRow.name)
            .where(StaffSessionRow.session_hash == _hash(secret), StaffSessionRow.revoked_utc.is_(None))
            .where(StaffSessionRow.expires_utc > self._clock(), ~StaffRow.disabled)
        )
        row = self._database.read(lambda session: session.scalars(statement).one_or_none())
        return None if row is None else _member(row)

    def revoke_session(self, secret: str) -> None:
        """End one login now."""
        self._database.write(lambda session: self._end(session, StaffSessionRow.session_hash == _hash(secret)))

    def revoke_sessions(self, name: str) -> None:
        """End all logins of a member now."""
        self._database.write(lambda session: self._end(session, StaffSessionRow.name == login_name(name)))

    def _end(self, session: Session, which: ColumnElement[bool]) -> None:
        open_ones = which, StaffSessionRow.revoked_utc.is_(None)
        session.execute(update(StaffSessionRow).where(*open_ones).values(revoked_utc=self._clock()))

    def _row(self, name: str) -> StaffRow | None:
        login = login_name(name)
        return self._database.read(lambda session: session.get(StaffRow, login)) if is_storable(login) else None


def login_name(name: str) -> str:
    """The form in which a login name is kept and compared."""
    return name.strip().lower()


def _locked(session: Session, name: str) -> StaffRow:
    login = login_name(name)
    statement = select(StaffRow).where(StaffRow.name == login).with_for_update()
    row = session.scalars(statement).one_or_none() if is_storable(login) else None
    if row is None:
        raise StaffRefusedError(f"there is no staff member {name!r}: look at `frontdesk staff list`")
    return row


def _need_another_admin(session: Session, leaving: StaffRow) -> None:
    able = StaffRow.role == StaffRole.ADMIN.value, ~StaffRow.disabled
    admins = session.scalars(select(StaffRow.name).where(*able).with_for_update()).all()
    if list(admins) == [leaving.name]:
        raise StaffRefusedError(f"{leaving.name} is the last admin: make somebody else an admin first")


def _member(row: StaffRow) -> StaffMember:
    return StaffMember(row.name, StaffRole(row.role), row.disabled, row.created_utc)


def _hash(secret: str) -> str:
    # A fast hash is enough: the secret has 256 random bits.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
