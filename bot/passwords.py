"""Passwords of staff members: what is long enough, and their Argon2id hashes. Knows no names and no storage."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import StaffRefusedError

MIN_CHARACTERS = 10
MAX_CHARACTERS = 256

_HASHER = PasswordHasher()
"""The library's defaults are those of RFC 9106 for limited memory: 64 MiB, some 50 ms."""


def hash_password(password: str) -> str:
    """Give the salted Argon2id hash of a password, with its parameters in it.

    Raises:
        StaffRefusedError: it is too short or too long.
    """
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise StaffRefusedError(f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters: choose another")
    return _HASHER.hash(_encoded(password))


def is_password(password: str, stored_hash: str | None) -> bool:
    """Whether a password belongs to a hash; without a hash the answer is no and takes as long."""
    try:
        _HASHER.verify(stored_hash or _nobodys_hash(), _encoded(password[: MAX_CHARACTERS + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody's password")


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
