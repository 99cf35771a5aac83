"""What hangs on a conversation goes with it, on both databases, and nothing of anybody else does."""

from typing import Any

from sqlalchemy import Table, select

from bot.handoff import Move
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.columns import Base
from bot.storage.erasing import BATCH
from bot.storage.proposals import ERASED_TEXT
from bot.storage.store import Store
from bot.storage.tables import ConversationRow
from bot.values import Action, ReplyState

CANARY, OTHER = "zqcanaryq", "zqotherq"


def everything(store: Store) -> str:
    """All rows of all tables as text."""

    def work(session: Any) -> str:
        return "".join(str(list(session.execute(select(table)))) for table in Base.metadata.sorted_tables)

    return store._database.read(work)


def hanging() -> set[str]:
    """Tables from which a foreign key leads, in the end, to a conversation."""
    found = {ConversationRow.__tablename__}

    def leads(table: Table) -> bool:
        return any(key.column.table.name in found for key in table.foreign_keys)

    for table in Base.metadata.sorted_tables:
        if leads(table):
            found.add(table.name)
    return found


def test_every_key_towards_a_conversation_cascades() -> None:
    keys = [(table.name, key) for table in Base.metadata.sorted_tables for key in table.foreign_keys]
    assert [name for name, key in keys if key.column.table.name in hanging() and key.ondelete != "CASCADE"] == []


def test_all_that_a_customer_left_is_counted_goes_and_leaves_the_others(store: Store, leave_traces: Any) -> None:
    here, other = leave_traces(CANARY, "ada"), leave_traces(OTHER, "eve")
    counted = store.erasing.counts([here])
    told: list[tuple[int, int]] = []
    erased = store.erasing.erase([here], lambda done, total: told.append((done, total)))
    assert erased == counted
    assert set(erased.rows) >= hanging() - {"label_findings"}
    assert (erased.rows["messages"], erased.rows["jobs"], erased.replies, told) == (2, 1, 1, [(1, 1)])
    assert CANARY not in everything(store)
    assert everything(store).count(OTHER) > 10
    assert store.conversations.search(CANARY) == []
    assert [hit.conversation_id for hit in store.conversations.search(OTHER)] == [other, other]
    assert store.erasing.erase([here]).rows == {}


def test_people_are_found_by_id_and_by_address_in_any_case(store: Store, leave_traces: Any, clock: Any) -> None:
    first = leave_traces(CANARY, "ada")
    clock.advance(hours=1)
    later, anonymous = leave_traces(CANARY, "ada"), leave_traces(CANARY)
    assert store.erasing.of_customer("ada") == [first, later]
    assert store.erasing.of_customer("Ada") == store.erasing.of_customer("") == []
    assert set(store.erasing.of_contact(f" {CANARY.upper()}@example.com")) == {first, later, anonymous}
    assert store.erasing.same_contact([first]) == [anonymous]
    assert store.erasing.of_customer_until("ada", clock.now) == [first, later]
    assert store.erasing.customers(clock.now) == ["ada"]
    assert store.erasing.known(["x", later]) == [later]


def test_a_draft_is_erased_and_an_approved_correction_is_named(store: Store, leave_traces: Any) -> None:
    here = leave_traces(CANARY)
    (draft,) = store.replies.proposed()
    store.replies.approve([draft.reply_id], by="Ann")
    again = Opinion(Verdict.CORRECTED, "returns", f"Only for you, {CANARY}.")
    save_opinion(store, here, 2, again, reviewer="rae")
    erased = store.erasing.erase([here])
    assert (erased.replies, erased.approved_replies) == (1, ())  # the review's words are the draft's by now
    assert [row.text for row in store.replies.history(draft.reply_id)] == [draft.text, ERASED_TEXT]
    assert [row.state for row in store.replies.history(draft.reply_id)] == [ReplyState.APPROVED, ReplyState.WITHDRAWN]
    assert store.replies.edit(draft.reply_id, "Look here.", by="rae").version == 3


def test_a_correction_that_stands_as_approved_is_named_and_stays(store: Store, leave_traces: Any) -> None:
    here = leave_traces(CANARY)
    (draft,) = store.replies.proposed()
    store.replies.approve([draft.reply_id], by="Ann")
    assert store.erasing.erase([here]).approved_replies == (draft.reply_id,)
    assert [reply.text for reply in store.replies.approved()] == [draft.text]


def test_words_that_somebody_elses_review_has_as_well_are_nobodys(store: Store, leave_traces: Any) -> None:
    here, other = leave_traces(CANARY), leave_traces(OTHER)
    for conversation_id in (here, other):
        common = Opinion(Verdict.CORRECTED, "returns", "Thirty days, free of charge.")
        save_opinion(store, conversation_id, 2, common, reviewer="ben")
    store.erasing.erase([here])
    assert "Thirty days, free of charge." in [reply.text for reply in store.replies.proposed()]


def test_only_idle_conversations_are_too_old(store: Store, clock: Any, make_reply: Any, make_evidence: Any) -> None:
    def begin() -> str:
        return store.conversations.start(channel="web", locale="en").conversation_id

    idle, closed, waiting, owed = (begin() for _ in range(4))
    store.ownership.move(closed, Move.CLOSE, by="customer")
    store.conversations.append_customer(waiting, "a person, please", "m1")
    store.conversations.append_reply(waiting, make_reply(action=Action.HANDOFF), make_evidence(), answers=1)
    store.conversations.append_customer(owed, "hello?", "m1")
    clock.advance(days=10)
    active, before = begin(), clock.now
    assert set(store.erasing.idle_since(before)) == {idle, closed}
    store.conversations.append_customer(idle, "still here", "m1")  # between the look and the deletion
    assert store.erasing.erase([idle, closed], idle_since=before).rows["conversations"] == 1
    assert set(store.erasing.known([idle, closed, waiting, owed, active])) == {idle, waiting, owed, active}


def test_many_conversations_go_in_batches_with_progress(store: Store) -> None:
    many = [store.conversations.start(channel="web", locale="en").conversation_id for _ in range(BATCH + 5)]
    told: list[tuple[int, int]] = []
    store.erasing.erase(many, lambda done, total: told.append((done, total)))
    assert told == [(BATCH, BATCH + 5), (BATCH + 5, BATCH + 5)]
    assert store.erasing.known(many) == []
