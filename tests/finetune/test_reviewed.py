"""From reviews in a real database to the rows of a dataset version."""

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.articles import current_passages
from bot.bootstrap import Services, open_services
from bot.dataset_files import conversations_in, forget
from bot.desk import Desk
from bot.redaction.redactor import redact
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.values import Role
from finetune.composition import Composition, GoldenSide, compose
from finetune.dataset import build_dataset
from finetune.dataset_store import DatasetStore
from finetune.history.report import ImportReport
from finetune.reviewed import Collected, ReviewedTurn, collect_reviewed
from finetune.training_folder import TrainingFolder

QUIET = lambda done, total: None  # noqa: E731


@pytest.fixture
def services(published_desk: Desk, tmp_path: Path) -> Iterator[Services]:
    with open_services(Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> TrainingFolder:
    path = tmp_path / "training"
    path.mkdir()
    rows = [
        (f"{text} {n}", name)
        for name, text in (("order_status", "where is it"), ("refund", "money"))
        for n in "abcdefgh"
    ]
    with (path / "intents.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "intent"), *rows])
    return TrainingFolder(path, ImportReport())


def talk(services: Services, *texts: str, customer: str | None = None) -> tuple[str, list[int]]:
    """A conversation with the real bot: its id and the sequences of the bot's messages."""
    started = services.store.conversations.start(channel="web", locale="en", customer_id=customer)
    replies = [services.assistant.reply(started.conversation_id, text, f"m{place}") for place, text in enumerate(texts)]
    return started.conversation_id, [reply.sequence for reply in replies if reply]


def review(services: Services, conversation_id: str, sequence: int, opinion: Opinion, reviewer: str = "rae") -> None:
    save_opinion(services.store, conversation_id, sequence, opinion, reviewer=reviewer)


def collected(services: Services) -> Collected:
    return collect_reviewed(services.store, None, QUIET)


NOBODY = GoldenSide()


def composed(services: Services, folder: TrainingFolder, golden: GoldenSide = NOBODY) -> Composition:
    found = collected(services).conversations
    return compose(folder, found, golden, current_passages(services.store), redact, QUIET)


def test_reviews_become_labels_of_the_turn_that_was_answered(services: Services) -> None:
    here, (first, second) = talk(services, "where is my order", "and the return of it")
    review(services, here, first, Opinion(Verdict.APPROVED))
    review(services, here, second, Opinion(Verdict.CORRECTED, "return_item", "Within 45 days."))
    talk(services, "nobody reviews this one")
    found = collected(services)
    assert (found.reviews, found.fresh, len(found.conversations)) == (2, 2, 1)
    (conversation,) = found.conversations
    assert [(turn.text, turn.intent) for turn in conversation.turns] == [
        ("where is my order", "order_status"),
        ("and the return of it", "return_item"),
    ]
    assert conversation.turns[0].reply_id == "r-track"
    said = [(message.role, message.text, message.intent) for message in conversation.dialogue.messages]
    assert said[0] == (Role.CUSTOMER, "where is my order", "order_status")
    assert said[1] == (Role.AGENT, "You can follow your parcel under My account.", None)
    assert said[3] == (Role.AGENT, "Within 45 days.", None)


def test_what_nobody_approved_stays_the_bots_own(services: Services) -> None:
    here, (first, _) = talk(services, "where is my order", "talk to a person")
    review(services, here, first, Opinion(Verdict.REJECTED))
    (conversation,) = collected(services).conversations
    assert {message.role for message in conversation.dialogue.messages} == {Role.CUSTOMER, Role.BOT}
    assert [message.intent for message in conversation.dialogue.messages] == [None] * 4


def test_an_approved_hand_off_is_no_reply_to_learn(services: Services) -> None:
    here, (only,) = talk(services, "talk to a person")
    review(services, here, only, Opinion(Verdict.APPROVED))
    (conversation,) = collected(services).conversations
    assert [message.role for message in conversation.dialogue.messages] == [Role.CUSTOMER, Role.BOT]


def test_reviewers_who_disagree_teach_no_intent(services: Services) -> None:
    here, (only,) = talk(services, "where is my order")
    review(services, here, only, Opinion(Verdict.CORRECTED, "return_item"))
    review(services, here, only, Opinion(Verdict.CORRECTED, "refund_status"), reviewer="sam")
    found = collected(services)
    assert found.disagreements == 1
    assert found.conversations[0].turns[0].intent is None


def test_a_burst_is_one_turn_with_one_label(services: Services) -> None:
    started = services.store.conversations.start(channel="web", locale="en")
    for place, text in enumerate(("hello", "where is my order")):
        services.store.conversations.append_customer(started.conversation_id, text, f"m{place}")
    reply = services.assistant.answer(started.conversation_id)
    assert reply is not None
    review(services, started.conversation_id, reply.sequence, Opinion(Verdict.CORRECTED, "order_status", "Soon."))
    (conversation,) = collected(services).conversations
    assert conversation.turns[0].text == "hello\nwhere is my order"
    assert conversation.dialogue.messages[0].text == "hello\nwhere is my order"
    assert conversation.dialogue.messages[0].intent == "order_status"


def test_only_reviews_since_the_last_run_are_fresh(services: Services) -> None:
    here, (only,) = talk(services, "where is my order")
    review(services, here, only, Opinion(Verdict.APPROVED))
    until = collected(services).until_utc
    assert until is not None
    assert collect_reviewed(services.store, until, QUIET).fresh == 0
    assert collect_reviewed(services.store, until - timedelta(seconds=1), QUIET).fresh == 1


def test_a_dataset_version_holds_base_and_reviewed_rows_redacted(services: Services, folder: TrainingFolder) -> None:
    passage = current_passages(services.store)[0]
    here, (only,) = talk(services, "I am anna@example.com, where is my order", customer="anna")
    review(services, here, only, Opinion(Verdict.CORRECTED, "order_status", passage=passage))
    there, (other,) = talk(services, "who won the cup, asks Anna of anna@example.com", customer="bert")
    review(services, there, other, Opinion(Verdict.REJECTED, "out_of_scope"))
    made = composed(services, folder)
    assert made.redactions["EMAIL"] >= 2
    store = DatasetStore(services.desk.directory / "datasets")
    version = store.write(made.content, parent=None, figures={"redactions": dict(made.redactions)})
    written = "".join(path.read_text() for path in version.directory.iterdir())
    assert "anna@" not in written
    assert conversations_in(version.directory) == {here, there}
    assert version.manifest["counts"]["out_of_scope"] == 1
    train, dev, calibration = build_dataset(version.sources)
    assert sum(len(part.intents) for part in (train, dev, calibration)) >= 17
    assert any(question.passage_id == passage.passage_id for question in train.questions)


def test_equal_rows_are_one_version_and_erased_ones_a_new_one(services: Services, folder: TrainingFolder) -> None:
    here, (only,) = talk(services, "where is my order")
    review(services, here, only, Opinion(Verdict.APPROVED))
    store = DatasetStore(services.desk.directory / "datasets")
    content = composed(services, folder).content
    version = store.write(content, parent=None, figures={})
    assert store.write(content, parent=None, figures={}).version == version.version
    assert [gone.version for gone in forget(store.directory, {here})] == [version.version]
    after = store.read(version.version)
    assert after.sources.dialogues is None
    assert after.sources.intents is not None
    assert "where is my order" not in "".join(path.read_text() for path in after.directory.iterdir())


def test_golden_customers_and_texts_never_train(services: Services, folder: TrainingFolder) -> None:
    here, (only,) = talk(services, "where is my order", customer="gold")
    review(services, here, only, Opinion(Verdict.APPROVED))
    made = composed(services, folder, GoldenSide({"gold"}, [("where is it a", None), ("where is my order", here)]))
    assert made.content.dialogues == []
    assert made.left_out == {"conversations of golden customers": 1}
    version = DatasetStore(services.desk.directory / "datasets").write(made.content, parent=None, figures={})
    rows = [json.loads(line) for line in (version.directory / "exclude.jsonl").read_text().splitlines()]
    assert [row["conversation_id"] for row in rows] == [None, here]
    parts = build_dataset(version.sources)
    assert not any(row.text == "where is it a" for part in parts for row in part.intents)


def test_a_marked_passage_that_is_gone_is_counted_and_an_edited_article_stands_for_it(
    services: Services, folder: TrainingFolder
) -> None:
    passages = current_passages(services.store)
    here, (only,) = talk(services, "where is my order")
    review(services, here, only, Opinion(Verdict.CORRECTED, None, passage=passages[0]))
    found = collected(services).conversations
    edited = [passage for passage in passages if passage.document_id != passages[0].document_id]
    assert compose(folder, found, NOBODY, edited, redact, QUIET).left_out["questions whose passage is gone"] == 1
    turn: ReviewedTurn = found[0].turns[0]
    assert turn.passage == passages[0]
