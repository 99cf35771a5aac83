"""Who the customer is, as the company's own site has signed it (JWT, HS256). Knows no storage and no pages.

A token that is not good makes its bearer anonymous, never somebody else: it is not an error to have none.
"""

import logging
from dataclasses import dataclass

import jwt

_log = logging.getLogger(__name__)
_MAX_CLAIM_CHARS = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer whom the company vouches for."""

    customer_id: str
    name: str | None


def identity_of(token: str | None, secret: str) -> Identity | None:
    """Read a signed identity.

    Args:
        token: JWT with ``sub`` (the customer's id in the company's own system), ``exp``, and perhaps ``name``.
        secret: the desk's ``identity_secret``; empty: nobody is believed.

    Returns:
        None for no token, and for one that is forged, expired, unsigned or without ``sub`` or ``exp``.
    """
    if not token or not secret:
        return None
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError as error:
        _log.warning("identity token refused: %s", type(error).__name__)
        return None
    name = claims.get("name")
    kept = name.strip()[:_MAX_CLAIM_CHARS] if isinstance(name, str) else ""
    return Identity(str(claims["sub"])[:_MAX_CLAIM_CHARS], kept or None)
