"""A login's cookie: signed, expiring, and void as soon as the database says so. Knows no pages and no passwords."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, TimestampSigner

from bot.storage.records import StaffMember
from bot.storage.staff import Staff

STAFF_COOKIE = "frontdesk_staff"
STAFF_PATH = "/staff"
LIFETIME = timedelta(hours=8)
_MAX_COOKIE_CHARS = 200


@dataclass(frozen=True)
class StaffSessions:
    """Begins, finds and ends logins; the database keeps only hashes of their secrets.

    Attributes:
        key: what the desk signs with.
        secure: send the cookie over HTTPS only.
    """

    staff: Staff
    key: str
    secure: bool

    def start(self, name: str) -> str:
        """Log somebody in whose password was right; gives the cookie's value."""
        return self._signer().sign(self.staff.start_session(name, LIFETIME)).decode()

    def member(self, cookies: Mapping[str, str]) -> StaffMember | None:
        """Whoever is logged in with these cookies; blocks for one look at the database where the signature is right."""
        secret = self._secret(cookies)
        return None if secret is None else self.staff.find_session(secret)

    def end(self, cookies: Mapping[str, str]) -> StaffMember | None:
        """Log out; gives who it was."""
        secret = self._secret(cookies)
        if secret is None:
            return None
        member = self.staff.find_session(secret)
        self.staff.revoke_session(secret)
        return member

    def cookie(self, value: str) -> str:
        """The ``Set-Cookie`` header of a login; an empty value takes the cookie away."""
        age = int(LIFETIME.total_seconds()) if value else 0
        secure = "; Secure" if self.secure else ""
        return f"{STAFF_COOKIE}={value}; Path={STAFF_PATH}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"

    def _secret(self, cookies: Mapping[str, str]) -> str | None:
        value = cookies.get(STAFF_COOKIE, "")
        if not value or len(value) > _MAX_COOKIE_CHARS:
            return None
        try:
            secret = self._signer().unsign(value, max_age=int(LIFETIME.total_seconds()))
        except (BadSignature, UnicodeError):
            return None
        return secret.decode()

    def _signer(self) -> TimestampSigner:
        return TimestampSigner(self.key, salt="frontdesk.staff")


def cookie_value(cookies: Mapping[str, str]) -> str | None:
    """What the browser sent as its login, unchecked; binds Gradio's streams to it."""
    return cookies.get(STAFF_COOKIE) or None
