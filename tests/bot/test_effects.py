"""What a correction would change: exact for replies, an estimate for intents, and nothing is written."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.effects import NEAR, EffectKind, Effects, effects_of, pulled_turns
from bot.reviews import Opinion, Verdict
from bot.values import IntentScore, Understanding

TRACK = "You can follow your parcel under My account."


@pytest.fixture
def services(published_desk: Desk, tmp_path: Path) -> Iterator[Services]:
    with open_services(Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))) as opened:
        yield opened


def ask(services: Services, *texts: str) -> tuple[str, int]:
    conversation_id = services.store.conversations.start(channel="web", locale="en").conversation_id
    replies = [services.assistant.reply(conversation_id, text, f"m{place}") for place, text in enumerate(texts)]
    assert replies[-1] is not None
    return conversation_id, replies[-1].sequence


def effects(services: Services, place: tuple[str, int], **corrected: str) -> Effects:
    subject = services.store.reviews.subject(*place)
    opinion = Opinion(Verdict.CORRECTED, **corrected)
    return effects_of(services.store, services.assistant, services.live.current(), subject, opinion)


def test_corrected_words_reach_every_answer_that_used_the_reply(services: Services) -> None:
    place = ask(services, "where is my order")
    other = ask(services, "my card was declined", "has my package been sent")
    ask(services, "my card was declined")
    before = services.live.current().replies
    found = effects(services, place, reply_text="Look under My account.")
    assert found.turns == 4
    assert {(it.conversation_id, it.sequence) for it in found.answers} == {place, other}
    assert {(it.before, it.after, it.kind) for it in found.answers} == {
        (TRACK, "Look under My account.", EffectKind.NEW_WORDS)
    }
    assert found.pulled == ()
    assert services.live.current().replies is before
    assert services.store.reviews.of(*place) == []
    assert len(services.store.replies.history("r-track")) == 1


def test_a_new_reply_answers_past_turns_of_its_intent(services: Services) -> None:
    place = ask(services, "where is my order")
    returned = ask(services, "i want to return this jacket")
    ask(services, "my card was declined")
    words = "Put it into the parcel shop near you."
    found = effects(services, place, intent="return_item", reply_text=words)
    (changed,) = found.answers
    assert (changed.conversation_id, changed.sequence) == returned
    assert (changed.kind, changed.question, changed.after) == (
        EffectKind.OTHER_REPLY,
        "i want to return this jacket",
        words,
    )
    assert changed.before != words


def test_a_corrected_intent_alone_names_the_turns_that_lie_close(services: Services) -> None:
    place, twin = ask(services, "where is my order"), ask(services, "Where is my order")
    ask(services, "my card was declined")
    found = effects(services, place, intent="change_address")
    assert not found.reply
    assert found.answers == ()
    assert [(it.conversation_id, it.sequence) for it in found.pulled] == [twin]
    assert (found.pulled[0].before, found.pulled[0].after) == ("order_status", "change_address")


def test_only_near_turns_of_the_wrong_intent_are_pulled_the_nearest_first() -> None:
    corrected = np.array([1.0, 0.0], dtype=np.float32)

    def read(name: str, cosine: float, intent: str = "wrong") -> tuple[Any, Understanding]:
        message = SimpleNamespace(sequence=1, message=SimpleNamespace(text=name))
        said = SimpleNamespace(sequence=2)
        turn = SimpleNamespace(conversation_id=name, said=said, messages=(message,), burst=(1,))
        vector = np.array([cosine, np.sqrt(1 - cosine**2)], dtype=np.float32)
        return turn, Understanding((IntentScore(intent, 0.9),), None, None, vector)

    foreign = (read("foreign", 1.0)[0], Understanding((), None, None, None, "foreign"))
    turns = [
        read("edge", NEAR + 0.001),
        read("far", NEAR - 0.01),
        read("near", 0.99),
        read("right", 1.0, "right"),
        foreign,
    ]
    found = pulled_turns(turns, corrected, "wrong", "right")
    assert [effect.conversation_id for effect in found] == ["near", "edge"]
    assert found[0].nearness == pytest.approx(0.99, abs=1e-5)
