"""Unanswered questions of a real tiny desk, grouped and named."""

from dataclasses import replace
from uuid import uuid4

import pytest

from bot.assistant import Assistant
from bot.bootstrap import Services
from bot.errors import ModelError
from bot.figures import Period
from bot.gaps import GapKind, knowledge_gaps, question_groups
from bot.storage.figures import Unanswered
from bot.storage.records import utc_now


@pytest.fixture
def turns(services: Services) -> list[Unanswered]:
    """Nothing may be answered here: five questions, two of them in a language that the bundle does not know."""
    models = services.live.current()
    mute = replace(models, rules=replace(models.rules, reply=None, passage=None, out_of_scope=None))
    assistant = Assistant(services.store, lambda: mute, services.settings)
    for text in (
        "where is my order",
        "Where is my order?",
        "my card was declined",
        "我的包裹在哪里",
        "我的包裹在哪里？",
    ):
        conversation = services.store.conversations.start(channel="web", locale="en").conversation_id
        assistant.reply(conversation, text, uuid4().hex)
    return services.store.figures.unanswered(Period.last(1, now=utc_now(), timezone="UTC"))


def test_questions_that_ask_the_same_are_one_group(services: Services, turns: list[Unanswered]) -> None:
    groups = question_groups(turns, services.live.current())
    sizes = {group.question.casefold().strip("?？"): len(group.turns) for group in groups}
    assert sizes["where is my order"] == 2
    assert sizes["我的包裹在哪里"] == 2
    assert sizes["my card was declined"] == 1


def test_groups_fall_back_to_words_where_the_encoder_fails(
    services: Services, turns: list[Unanswered], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(texts: list[str]) -> object:
        raise ModelError("no numbers")

    monkeypatch.setattr(services.live.current().encoder, "encode", broken)
    assert sorted(len(group.turns) for group in question_groups(turns, services.live.current())) == [1, 2, 2]


def test_gaps_are_named_after_the_intent_the_article_or_nothing(services: Services, turns: list[Unanswered]) -> None:
    rules = replace(services.live.current().rules, passage=2.0)  # twice above the surest: everything is far
    gaps = knowledge_gaps(turns, rules)
    assert sum(gap.count for gap in gaps) == 5
    assert {gap.kind for gap in gaps} >= {GapKind.INTENT}
    by_name = {gap.name: gap for gap in gaps}
    assert by_name["order_status"].count >= 2
    assert len(by_name["order_status"].examples) == 2
    foreign = [gap for gap in gaps if any("包裹" in example for example in gap.examples)]
    assert [(gap.count, gap.best) for gap in foreign] == [(2, 0.0)]


def test_what_a_passage_nearly_answers_is_no_gap(services: Services, turns: list[Unanswered]) -> None:
    rules = replace(services.live.current().rules, passage=0.0)
    assert knowledge_gaps(turns, rules) == []
