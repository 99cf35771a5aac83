import pytest

from ui.visitors import (
    CONVERSATION_COOKIE,
    ConversationKey,
    bound_session,
    conversation_key,
    new_visitor_secret,
    read_cookies,
    set_cookie,
    visitor_secret,
)


def test_conversation_key_survives_its_cookie() -> None:
    key = ConversationKey("c-1.x", "tok_en-")
    assert conversation_key({CONVERSATION_COOKIE: key.cookie_value()}) == key


@pytest.mark.parametrize("value", ["", ".", "a.", ".b", "nodot", "a." + "b" * 400, "ä.b"])
def test_conversation_key_refuses_what_is_none(value: str) -> None:
    assert conversation_key({CONVERSATION_COOKIE: value}) is None


def test_bound_session_depends_on_the_secret_and_hides_it() -> None:
    mine, other = new_visitor_secret(), new_visitor_secret()
    assert bound_session(mine, "abc") == bound_session(mine, "abc")
    assert bound_session(mine, "abc") != bound_session(other, "abc")
    assert bound_session(mine, "abc") != bound_session(mine, "abd")
    assert mine not in bound_session(mine, "abc")


def test_visitor_secret_takes_only_its_own_form() -> None:
    secret = new_visitor_secret()
    assert visitor_secret({"frontdesk_visitor": secret}) == secret
    assert visitor_secret({"frontdesk_visitor": "short"}) is None
    assert visitor_secret({}) is None


@pytest.mark.parametrize(
    ("secure", "cross_site", "ending"),
    [
        (False, False, "HttpOnly; SameSite=Lax"),
        (True, False, "HttpOnly; SameSite=Lax; Secure"),
        (False, True, "HttpOnly; SameSite=None; Secure; Partitioned"),
    ],
)
def test_set_cookie_fits_where_the_page_lives(secure: bool, cross_site: bool, ending: str) -> None:
    name, value = set_cookie("n", "v", secure=secure, cross_site=cross_site)
    assert name == b"set-cookie"
    assert value.decode().startswith("n=v; Path=/; ")
    assert value.decode().endswith(ending)


def test_read_cookies_survives_nonsense() -> None:
    assert read_cookies("a=1; b=2") == {"a": "1", "b": "2"}
    assert read_cookies("[bad]=1; \x00") == {}
