from typing import Any

import pytest

from bot.errors import ChangedMeanwhileError, InvalidTextError, ReplyNotFoundError
from bot.storage.records import ProposedReply
from bot.storage.store import Store
from bot.values import ReplyState

SAFE = ProposedReply("safe", "Please send us your order number.", ("order_status",), 40)
OTHER = ProposedReply("other", "You can change the address in your account.", ("change_address",), 9)
RISKY = ProposedReply("risky", "You get 20 euros back by Friday.", ("refund",), 12, ("amount", "date"))


@pytest.fixture
def proposed(store: Store) -> Store:
    store.replies.propose([SAFE, OTHER, RISKY])
    return store


def approved_ids(store: Store) -> list[str]:
    return [reply.reply_id for reply in store.replies.approved()]


def test_proposed_replies_reach_nobody(proposed: Store) -> None:
    assert proposed.replies.approved() == []
    assert [reply.reply_id for reply in proposed.replies.proposed()] == ["safe", "risky", "other"]


def test_approval_keeps_name_and_date(proposed: Store, clock: Any) -> None:
    clock.advance(hours=1)
    assert proposed.replies.approve(["safe"], by="Ann").approved == ("safe",)
    (reply,) = proposed.replies.approved()
    assert (reply.reply_id, reply.version, reply.text) == ("safe", 1, SAFE.text)
    assert (reply.approved_by, reply.approved_utc) == ("Ann", clock.now)
    assert (reply.intents, reply.frequency) == (("order_status",), 40)


@pytest.mark.parametrize("bulk", [None, ["risky", "safe", "other"], ["safe", "risky", "risky"]])
def test_bulk_never_approves_amounts_dates_or_promises(proposed: Store, bulk: list[str] | None) -> None:
    result = proposed.replies.approve(bulk, by="Ann")
    assert "risky" not in result.approved
    assert result.held == {"risky": ("amount", "date")}
    assert "risky" not in approved_ids(proposed)
    assert "safe" in approved_ids(proposed)


def test_bulk_holds_a_risky_reply_that_is_the_only_one_left(store: Store) -> None:
    store.replies.propose([RISKY])
    assert store.replies.approve(None, by="Ann").held == {"risky": ("amount", "date")}
    assert approved_ids(store) == []


def test_risky_reply_is_approved_by_its_id(proposed: Store) -> None:
    assert proposed.replies.approve(["risky"], by="Ann").approved == ("risky",)
    assert approved_ids(proposed) == ["risky"]


def test_second_approval_changes_nothing(proposed: Store, clock: Any) -> None:
    proposed.replies.approve(["safe"], by="Ann")
    clock.advance(days=1)
    assert proposed.replies.approve(["safe"], by="Bob").approved == ()
    assert proposed.replies.approved()[0].approved_by == "Ann"


def test_unknown_id_approves_nothing(proposed: Store) -> None:
    with pytest.raises(ReplyNotFoundError):
        proposed.replies.approve(["safe", "unknown"], by="Ann")
    assert approved_ids(proposed) == []


@pytest.mark.parametrize("name", ["", "  ", "a\0"])
def test_approval_needs_a_name(proposed: Store, name: str) -> None:
    with pytest.raises(InvalidTextError):
        proposed.replies.approve(None, by=name)
    assert approved_ids(proposed) == []


def test_mining_again_adds_only_texts_that_are_new(proposed: Store) -> None:
    proposed.replies.approve(["safe"], by="Ann")
    proposed.replies.edit("other", "Change the address in your account.", by="Ann")
    proposed.replies.withdraw(["risky"], by="Ann")
    assert proposed.replies.propose([SAFE, OTHER, RISKY]) == 0
    assert proposed.replies.propose([ProposedReply("safe", "Which order number?")]) == 1
    assert [reply.text for reply in proposed.replies.proposed()] == [
        "Change the address in your account.",
        "Which order number?",
    ]


def test_edited_reply_is_proposed_again_and_the_old_text_stays_until_approval(proposed: Store, clock: Any) -> None:
    proposed.replies.approve(["safe"], by="Ann")
    clock.advance(hours=1)
    edited = proposed.replies.edit("safe", "Which order is it?", by="Bob")
    assert (edited.version, edited.state, edited.created_by) == (2, ReplyState.PROPOSED, "Bob")
    assert [reply.version for reply in proposed.replies.approved()] == [1]
    proposed.replies.approve(["safe"], by="Cy")
    assert [(reply.version, reply.text) for reply in proposed.replies.approved()] == [(2, "Which order is it?")]
    first, second = proposed.replies.history("safe")
    assert (first.state, first.approved_by, first.withdrawn_by) == (ReplyState.WITHDRAWN, "Ann", "Cy")
    assert (second.state, second.approved_by, second.withdrawn_by) == (ReplyState.APPROVED, "Cy", None)
    assert proposed.replies.get("safe", 1) == first


def test_edit_may_make_a_reply_risky(proposed: Store) -> None:
    proposed.replies.edit("safe", "You get 5 euros.", by="Bob", risky=["amount"])
    assert proposed.replies.approve(None, by="Ann").held == {"risky": ("amount", "date"), "safe": ("amount",)}


def test_edit_without_a_change_makes_no_version(proposed: Store) -> None:
    assert proposed.replies.edit("safe", SAFE.text, by="Bob").version == 1
    assert len(proposed.replies.history("safe")) == 1


def test_withdrawn_reply_comes_back_only_by_an_edit(proposed: Store) -> None:
    proposed.replies.approve(["safe"], by="Ann")
    assert proposed.replies.withdraw(["safe", "other"], by="Bob") == 2
    assert proposed.replies.withdraw(["safe"], by="Bob") == 0
    assert approved_ids(proposed) == []
    assert proposed.replies.approve(["safe"], by="Ann").held == {"safe": ("withdrawn",)}
    proposed.replies.edit("safe", SAFE.text, by="Bob")
    proposed.replies.approve(["safe"], by="Ann")
    assert [(reply.reply_id, reply.version) for reply in proposed.replies.approved()] == [("safe", 2)]


def test_unknown_reply_is_an_error(store: Store) -> None:
    for call in (
        lambda: store.replies.get("nobody", 1),
        lambda: store.replies.history("nobody"),
        lambda: store.replies.edit("nobody", "Hello", by="Ann"),
        lambda: store.replies.withdraw(["nobody"], by="Ann"),
    ):
        with pytest.raises(ReplyNotFoundError):
            call()


def test_only_the_version_that_was_read_is_approved_or_edited(proposed: Store) -> None:
    proposed.replies.edit("safe", "Which order is it?", by="Bob", version=1)
    with pytest.raises(ChangedMeanwhileError, match="version 2"):
        proposed.replies.approve(["safe"], by="Ann", version=1)
    with pytest.raises(ChangedMeanwhileError):
        proposed.replies.edit("safe", "Something else", by="Ann", version=1)
    assert approved_ids(proposed) == []
    assert proposed.replies.approve(["safe"], by="Ann", version=2).approved == ("safe",)


def test_withdrawn_replies_are_listed_once_and_only_while_nothing_else_is_left(proposed: Store) -> None:
    proposed.replies.approve(["safe"], by="Ann")
    proposed.replies.edit("safe", "Which order is it?", by="Bob")
    proposed.replies.withdraw(["safe", "other"], by="Ann")
    proposed.replies.edit("other", "A new text.", by="Bob")
    withdrawn = proposed.replies.in_state(ReplyState.WITHDRAWN)
    assert [(reply.reply_id, reply.version) for reply in withdrawn] == [("safe", 2)]
