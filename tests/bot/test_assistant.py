from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from bot.absence import Absence, absence_sentence
from bot.assistant import Assistant
from bot.audit import audit
from bot.bootstrap import Services
from bot.desk import Desk
from bot.errors import ModelError
from bot.explain import explain
from bot.handoff import Move
from bot.opening_hours import DAYS
from bot.phrases import phrase
from bot.policy import Reason, choose
from bot.publishing import live_encoder, publish_knowledge
from bot.reading import read_turn
from bot.storage.records import LoggedMessage
from bot.values import Action, Evidence, Owner, PassageSource, Reply, ReplySource, Role
from bot.worker import Worker

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def test_reply_answers_a_known_intent_with_the_approved_reply_and_logs_its_ground(services: Services) -> None:
    conversation = start(services)
    answer = ask(services, conversation, "where is my order")
    assert answer.decision is not None
    assert answer.decision.reason == Reason.APPROVED_REPLY
    assert answer.message.text == "You can follow your parcel under My account."
    assert answer.sources == (ReplySource("r-track", 1, {}),)
    assert answer.versions == services.live.current().versions
    log = services.store.conversations.messages_after(conversation, 0)
    assert [logged.message.role for logged in log] == [Role.CUSTOMER, Role.BOT]


def test_reply_never_sends_a_reply_whose_variable_the_conversation_lacks(services: Services) -> None:
    conversation = start(services)
    assert "{order_id}" not in ask(services, conversation, "has my package been sent").message.text
    ranked = services.assistant.consider(
        services.store.conversations.messages_after(conversation, 0)[:1], services.live.current(), "en", 0.0
    )[0].replies
    assert [candidate.reply.reply_id for candidate in ranked] == ["r-track"]


def test_reply_fills_a_variable_that_the_customer_gave(services: Services, desk: Desk) -> None:
    with_order = replace_replies(services, ["r-track"])
    conversation = start(with_order)
    answer = ask(with_order, conversation, "where is my order TT-123456")
    assert answer.message.text == "Order TT-123456 is on its way."
    assert answer.sources == (ReplySource("r-order", 1, {"order_id": "TT-123456"}),)


def test_reply_is_the_same_for_a_retried_message(services: Services) -> None:
    conversation = start(services)
    first = services.assistant.reply(conversation, "where is my order", "same-id")
    again = services.assistant.reply(conversation, "where is my order", "same-id")
    assert first == again
    assert len(services.store.conversations.messages_after(conversation, 0)) == 2


def test_reply_is_silent_while_a_person_owns_the_conversation(services: Services) -> None:
    conversation = start(services)
    services.store.ownership.move(conversation, Move.TAKE_OVER, by="ann")
    assert services.assistant.reply(conversation, "where is my order", "m1") is None
    assert len(services.store.conversations.messages_after(conversation, 0)) == 1


def test_reply_hands_off_once_and_then_stays_silent(services: Services) -> None:
    conversation = start(services)
    assert ask(services, conversation, "let me talk to a human").decision.action is Action.HANDOFF
    assert services.store.conversations.load(conversation).owner is Owner.QUEUE
    assert services.assistant.reply(conversation, "where is my order", "m2") is None
    assert services.assistant.request_person(conversation, "m3") is None


def test_request_person_hands_over_with_one_announcement(services: Services) -> None:
    conversation = start(services)
    announced = services.assistant.request_person(conversation, "button-1")
    assert announced is not None
    assert announced.decision is not None
    assert announced.decision.reason == Reason.ASKED_FOR_PERSON
    assert services.assistant.request_person(conversation, "button-2") is None


def test_reply_quotes_the_passage_literally(services: Services) -> None:
    sure = with_rules(services, passage=0.0, reply=None)
    conversation = start(sure)
    answer = ask(sure, conversation, "is the return label free?")
    assert answer.decision is not None
    assert answer.decision.reason == Reason.PASSAGE
    source = answer.sources[0]
    assert isinstance(source, PassageSource)
    passage = services.passage(answer.versions.knowledge, source.passage_id)
    for start_at, end in source.spans:
        assert passage.text[start_at:end] in answer.message.text
    assert answer.message.text.endswith("[1]")


def test_reply_takes_up_the_option_that_the_customer_picks(services: Services) -> None:
    unsure = with_rules(services, reply=1.0, passage=1.1, out_of_scope=None)
    conversation = start(unsure)
    question = ask(unsure, conversation, "parcel back money")
    assert question.decision.reason == Reason.CLARIFY_INTENTS
    assert len(question.options) == 2
    option = next((one for one in question.options if one == "Order status"), question.options[0])
    picked = ask(unsure, conversation, option)
    log = unsure.store.conversations.messages_after(conversation, 0)
    assert log[2].message.text == option
    expected = Reason.APPROVED_REPLY if option == "Order status" else Reason.NOT_UNDERSTOOD
    assert picked.decision.reason == expected


def test_reply_answers_the_picked_topic_although_a_passage_is_near_to_the_words_before(services: Services) -> None:
    unsure = with_rules(services, reply=1.0, passage=0.999, out_of_scope=None)
    conversation = start(unsure)
    question = ask(unsure, conversation, "where is my order")
    assert "Order status" in question.options
    picked = ask(unsure, conversation, "Order status")
    assert picked.decision.reason == Reason.APPROVED_REPLY


def test_reply_logs_the_reading_that_it_decided_on(services: Services) -> None:
    conversation = start(services)
    ask(services, conversation, "where is my order")
    messages = services.store.conversations.messages_after(conversation, 0)
    turn = read_turn(messages[:1], services.live.current(), services.settings)
    assert len(turn.readings) == 1
    ask(services, conversation, "hmm and the other one")
    messages = services.store.conversations.messages_after(conversation, 0)
    turn = read_turn(messages[:3], services.live.current(), services.settings)
    assert len(turn.readings) == 2
    decided, _ = choose(turn.readings, turn.state, services.live.current().rules)
    logged = list(services.store.conversations.decisions_since(LONG_AGO))[-1]
    assert [score.intent for score in logged.ranking[:3]] == [one.intent for one in decided.understanding.ranking[:3]]


def test_reply_hands_off_when_it_asked_back_and_still_does_not_understand(services: Services) -> None:
    unsure = with_rules(services, reply=None, passage=None, out_of_scope=None)
    conversation = start(unsure)
    assert ask(unsure, conversation, "hmm the thing").decision.action is Action.CLARIFY
    assert ask(unsure, conversation, "you know, the thing").decision.reason == Reason.NOT_UNDERSTOOD


def test_reply_skips_the_heads_for_a_foreign_language(services: Services) -> None:
    conversation = start(services, "zh-CN")
    answer = ask(services, conversation, "我的包裹在哪里？请帮我查一下")
    assert answer.decision.reason == Reason.FOREIGN_LANGUAGE
    recorded = next(iter(services.store.conversations.decisions_since(LONG_AGO)))
    assert recorded.foreign
    assert not recorded.ranking
    assert "人工" in answer.message.text


def test_reply_hands_off_when_the_model_gives_no_numbers(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(texts: list[str]) -> list[object]:
        raise ModelError("bundle b: vector is not a number; roll back to another bundle")

    monkeypatch.setattr(services.live.current().encoder, "understand", broken)
    conversation = start(services)
    assert ask(services, conversation, "where is my order").decision.reason == Reason.MODEL_FAILURE


def test_answer_finishes_what_a_crash_left_open(services: Services) -> None:
    conversation = start(services)
    services.store.conversations.append_customer(conversation, "where is my order", "m1")
    assert services.assistant.answer(conversation) is not None
    assert services.store.conversations.reply_to(conversation, 1) is not None
    assert services.assistant.answer(conversation) is None


def test_audit_proves_every_answer_and_finds_a_forged_one(services: Services, desk: Desk) -> None:
    conversation = start(services)
    ask(services, conversation, "where is my order")
    quoting = with_rules(services, passage=0.0, reply=None)
    ask(quoting, start(quoting), "is the return label free?")
    ask(services, conversation, "a human please, let me talk to a person")
    result = audit(services.store, desk, LONG_AGO)
    assert (result.checked, result.findings) == (3, ())
    forge_last_answer(desk, "We refund you twice.")
    forged = audit(services.store, desk, LONG_AGO)
    assert [finding.problem for finding in forged.findings] == ["the text is none of the desk's own sentences"]


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_hand_off_outside_opening_hours_says_so_and_is_proven(services: Services, desk: Desk, locale: str) -> None:
    in_two_days = (datetime.now(UTC) + timedelta(days=2)).replace(hour=9, minute=0, tzinfo=ZoneInfo("UTC"))
    hours = {DAYS[in_two_days.weekday()]: ("09:00-17:00",)}
    settings = services.settings.model_copy(update={"opening_hours": hours, "contact_email": "help@shop.example"})
    closed = replace(services.assistant, settings=settings)
    conversation = start(services, locale)
    said = closed.request_person(conversation, "wish-for-person")
    assert said is not None
    absence = absence_sentence(Absence(in_two_days, "help@shop.example"), locale)
    assert said.message.text == phrase(Reason.ASKED_FOR_PERSON, locale) + absence
    answered = closed.reply(start(services, locale), "where is my order", "m1")
    assert answered is not None
    assert answered.decision is not None
    assert answered.decision.action is Action.ANSWER
    opened = replace(closed, clock=lambda: in_two_days).request_person(start(services, locale), "wish-for-person")
    assert opened is not None
    assert opened.message.text == phrase(Reason.ASKED_FOR_PERSON, locale)
    assert audit(services.store, desk, LONG_AGO).findings == ()


def test_explain_shows_ranking_thresholds_and_the_reason_without_logging(services: Services) -> None:
    lines = "\n".join(explain(services.assistant, ["where is my order"], "en"))
    for wanted in ("order_status", "threshold   reply: 0.500", "approved_reply", "r-track v1", "latency"):
        assert wanted in lines
    assert list(services.store.conversations.decisions_since(LONG_AGO)) == []


def test_explain_shows_the_mood_with_its_probability(services: Services) -> None:
    class OfMood:
        models = services.assistant.models

        def consider(self, *turn: Any) -> tuple[Evidence, Reply]:
            evidence, reply = services.assistant.consider(*turn)
            read = replace(evidence.understanding, sentiment="negative", sentiment_probability=0.8125)
            return replace(evidence, understanding=read), reply

    assert "mood        0.812  negative" in list(explain(OfMood(), ["where is my order"], "en"))
    assert not any(line.startswith("mood") for line in explain(services.assistant, ["where is my order"], "en"))


def test_an_edited_article_is_live_without_training_and_only_it_is_encoded(services: Services, desk: Desk) -> None:
    before = services.live.current()
    (desk.directory / "knowledge" / "boots.md").write_text("# Care of boots\n\nGrease them with butter.\n")
    encoded: list[str] = []
    encoder = services.live.current().encoder
    worker = Worker(desk, services.settings, services.store)
    worker.watch_folders()
    worker.use(_Recording(encoder, encoded))
    assert worker.run_once()
    assert services.live.follow()
    assert services.live.current().versions.bundle == before.versions.bundle
    texts = [passage.text for passage in services.live.current().retriever.passages]
    assert any("butter" in text for text in texts)
    assert any("45 days" in text for text in texts)
    assert encoded
    assert all("45 days" not in text for text in encoded)


def test_a_removed_file_takes_its_article_away(services: Services, desk: Desk) -> None:
    (desk.directory / "knowledge" / "boots.md").unlink()
    worker = Worker(desk, services.settings, services.store)
    assert worker.run_once()
    services.live.follow()
    assert {passage.document_id for passage in services.live.current().retriever.passages} == {"knowledge/returns.md"}


def test_follow_keeps_serving_the_old_versions_when_the_new_ones_are_damaged(services: Services, desk: Desk) -> None:
    before = services.live.current()
    with desk.publishing():
        desk.point_to(replace(before.versions, replies="missing"))
    assert not services.live.follow()
    assert services.live.current() is before
    assert "missing" in str(services.health()["not_live"])


def test_a_knowledge_snapshot_of_another_encoder_is_searched_by_keywords_and_health_says_so(
    services: Services, desk: Desk, tmp_path: Path
) -> None:
    from retrieval.snapshot import build_snapshot

    passages = services.live.current().retriever.passages
    encoder = services.live.current().encoder
    build_snapshot(passages, encoder.encode, encoder_id="other", directory=desk.knowledge_directory("foreign"))
    with desk.publishing():
        desk.point_to(replace(services.live.current().versions, knowledge="foreign"))
    assert services.live.follow()
    assert "other" in str(services.health()["degraded"])
    assert services.live.current().rules.passage is None  # found by keywords alone, it may be offered, never quoted
    assert (
        services.live.current().retriever.search("return label", None, 1)[0].passage.document_id.endswith("returns.md")
    )


def test_publish_knowledge_keeps_the_old_snapshot_live_when_it_cannot_be_built(services: Services, desk: Desk) -> None:
    before = desk.live()
    encoder = live_encoder(desk, services.settings)
    object.__setattr__(encoder, "encode", lambda texts: (_ for _ in ()).throw(ModelError("broken")))
    (desk.directory / "knowledge" / "boots.md").write_text("# New\n\nSomething new.\n")
    Worker(desk, services.settings, services.store).watch_folders()
    with pytest.raises(ModelError):
        publish_knowledge(desk, services.settings, services.store, encoder, lambda done, total: None)
    assert desk.live() == before


def start(services: Services, locale: str = "en") -> str:
    return services.store.conversations.start(channel="web", locale=locale).conversation_id


def ask(services: Services, conversation: str, text: str) -> LoggedMessage:
    answer = services.assistant.reply(conversation, text, uuid4().hex)
    assert answer is not None
    return answer


class _Recording:
    """An encoder that notes what it is given."""

    def __init__(self, encoder: object, texts: list[str]) -> None:
        self._encoder, self._texts = encoder, texts
        self.bundle_version = encoder.bundle_version

    def encode(self, texts: list[str]) -> object:
        self._texts.extend(texts)
        return self._encoder.encode(texts)

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)


def with_rules(services: Services, **changes: float | None) -> Services:
    """The same desk under other rules."""
    models = services.live.current()
    changed = replace(models, rules=replace(models.rules, **changes))
    return replace(services, assistant=Assistant(services.store, lambda: changed, services.settings))


def replace_replies(services: Services, without: list[str]) -> Services:
    """The same desk without some replies."""
    models = services.live.current()
    rows = [row for row, reply in enumerate(models.replies.replies) if reply.reply_id not in without]
    ranker = replace(
        models.replies, replies=tuple(models.replies.replies[row] for row in rows), vectors=models.replies.vectors[rows]
    )
    changed = replace(models, replies=ranker)
    return replace(services, assistant=Assistant(services.store, lambda: changed, services.settings))


def forge_last_answer(desk: Desk, text: str) -> None:
    import sqlite3

    with sqlite3.connect(desk.directory / "frontdesk.db") as database:
        database.execute(
            "UPDATE messages SET text = ? WHERE id = (SELECT max(id) FROM messages WHERE role = 'bot')", (text,)
        )
