"""Who is calling: a visitor's cookies, and the stream name that is bound to them. Knows no pages and no storage."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

VISITOR_COOKIE = "frontdesk_visitor"
CONVERSATION_COOKIE = "frontdesk_conversation"
LANGUAGE_COOKIE = "frontdesk_language"
_LIFETIME_S = 30 * 24 * 3600
_MAX_COOKIE_CHARS = 300


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """What opens one conversation: its id and its secret token."""

    conversation_id: str
    token: str

    def cookie_value(self) -> str:
        """Both in one cookie; tokens are URL-safe and hold no dot."""
        return f"{self.conversation_id}.{self.token}"


def read_cookies(header: str) -> dict[str, str]:
    """Cookies of a request's ``Cookie`` header; a header that is not one gives none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def conversation_key(cookies: Mapping[str, str]) -> ConversationKey | None:
    """The visitor's conversation, as far as the cookie claims it; only the store can say whether it is true."""
    value = cookies.get(CONVERSATION_COOKIE, "")
    conversation_id, dot, token = value.rpartition(".")
    if not dot or not conversation_id or not token or len(value) > _MAX_COOKIE_CHARS or not value.isascii():
        return None
    return ConversationKey(conversation_id, token)


def visitor_secret(cookies: Mapping[str, str]) -> str | None:
    """The secret of this browser, if it sent one of the right form."""
    value = cookies.get(VISITOR_COOKIE, "")
    return value if len(value) == 43 and value.isascii() else None


def new_visitor_secret() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def bound_session(secret: str, session_hash: str) -> str:
    """The stream name that Gradio sees: a keyed hash (HMAC-SHA256) of the one that the browser chose.

    Gradio's own name comes from ``Math.random()`` and travels in URLs. Whoever learns it, but lacks the HttpOnly
    cookie, lands in another stream. Nothing is kept in memory, so nothing can be evicted or lost in a restart.
    """
    return hmac.new(secret.encode(), session_hash.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def set_cookie(name: str, value: str, *, secure: bool, cross_site: bool) -> tuple[bytes, bytes]:
    """A ``Set-Cookie`` header; by hand, because ``Partitioned`` is unknown to Python below 3.14."""
    site = "SameSite=None; Secure; Partitioned" if cross_site else "SameSite=Lax" + ("; Secure" if secure else "")
    return b"set-cookie", f"{name}={value}; Path=/; Max-Age={_LIFETIME_S}; HttpOnly; {site}".encode("latin-1")
