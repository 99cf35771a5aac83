from typing import Any

import pytest

from bot.errors import ConversationNotFoundError, InvalidTextError
from bot.storage.aftercare import Left
from bot.storage.store import Store


def test_nothing_is_left_at_first_and_by_nobody(store: Store, conversation_id: str) -> None:
    assert store.aftercare.of(conversation_id) == Left()
    assert store.aftercare.of("nobody") == store.aftercare.of("\0") == Left()


def test_keep_contact_keeps_the_latest_address_in_its_usual_form(store: Store, conversation_id: str) -> None:
    store.aftercare.keep_contact(conversation_id, "old@example.com")
    assert store.aftercare.keep_contact(conversation_id, " Ann.Lee+x@EXAMPLE.com ") == "Ann.Lee+x@example.com"
    assert store.aftercare.of(conversation_id).contact == "Ann.Lee+x@example.com"


@pytest.mark.parametrize("text", ["", "ann", "ann@", "a b@example.com", "ann@example", "a@b.com\0", "\ud800@b.com"])
def test_keep_contact_refuses_what_is_no_address(store: Store, conversation_id: str, text: str) -> None:
    with pytest.raises(InvalidTextError):
        store.aftercare.keep_contact(conversation_id, text)
    assert store.aftercare.of(conversation_id).contact is None


def test_rate_keeps_the_latest_rating_and_when_it_was_given(store: Store, conversation_id: str, clock: Any) -> None:
    store.aftercare.rate(conversation_id, 2, "slow")
    clock.advance(minutes=3)
    store.aftercare.rate(conversation_id, 5, "  ")
    assert store.aftercare.of(conversation_id) == Left(None, 5, None, clock.now)


@pytest.mark.parametrize(("rating", "comment"), [(0, None), (6, None), (3, "x" * 1001), (3, "a\0b")])
def test_rate_refuses_other_numbers_and_comments(
    store: Store, conversation_id: str, rating: int, comment: str | None
) -> None:
    with pytest.raises(InvalidTextError):
        store.aftercare.rate(conversation_id, rating, comment)
    assert store.aftercare.of(conversation_id) == Left()


def test_what_a_customer_leaves_is_shown_to_other_watchers(store: Store, conversation_id: str) -> None:
    with store._database._readers.connect() as connection:
        before = connection.exec_driver_sql("SELECT revision FROM conversations").scalar_one()
    store.aftercare.rate(conversation_id, 4)
    with store._database._readers.connect() as connection:
        assert connection.exec_driver_sql("SELECT revision FROM conversations").scalar_one() == before + 1


def test_unknown_conversations_are_an_error(store: Store) -> None:
    with pytest.raises(ConversationNotFoundError):
        store.aftercare.rate("nobody", 5)
    with pytest.raises(ConversationNotFoundError):
        store.aftercare.keep_contact("nobody", "ann@example.com")
