"""Weights of replies by what came after, and pairs and examples made of dialogues."""

import pytest

from bot.values import Role
from finetune.dialogue_examples import intent_examples, reply_pairs
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.outcomes import LEAST_WEIGHT, MOST_WEIGHT, reply_weight
from finetune.turns import turns_of

SPEAKERS = {"c": Role.CUSTOMER, "a": Role.AGENT, "b": Role.BOT}


def _dialogue(*messages: str) -> Dialogue:
    """Messages written "c: text" or "c[intent]: text"."""
    made = []
    for message in messages:
        who, text = message.split(": ", 1)
        intent = who[2:-1] if "[" in who else None
        made.append(DialogueMessage(SPEAKERS[who[0]], text, intent=intent))
    return Dialogue("7", tuple(made))


def _weight(*later: str) -> float:
    turns = turns_of(_dialogue("c: my parcel never came to me", "a: we look into it", *later))
    return reply_weight(turns, 1)


def test_weight_rises_with_thanks_and_falls_with_repetition_or_complaint() -> None:
    plain = _weight("c: which street")
    assert _weight("c: thank you so much") > _weight() > plain
    assert _weight("c: which street", "a: the same", "c: thanks") > plain
    assert _weight("c: my parcel never came to me!!") < plain
    assert _weight("c: this is useless") < plain
    assert _weight("c: thanks for nothing") < plain
    worst = _weight("c: still not here, my parcel never came to me")
    assert LEAST_WEIGHT <= worst < plain
    assert _weight("c: 谢谢") == _weight("c: thanks") <= MOST_WEIGHT


def test_pairs_join_turns_and_drop_signatures() -> None:
    turns = turns_of(
        _dialogue(
            "c: hi", "b: hello", "c: where is it", "c: order 5", "a: On its way. *TMT", "a: Anything else? ^AB", "c: no"
        )
    )
    (pair,) = reply_pairs("7", turns)
    assert pair.context == ("hi", "hello", "where is it order 5")
    assert pair.reply == "On its way. Anything else?"
    assert pair.conversation_id == "7"


@pytest.mark.parametrize("messages", [("a: hello",), ("c: hi", "b: hello"), ("c: hi", "a: ^AB"), ("b: x", "a: y")])
def test_no_pair_without_a_customer_turn_and_an_agents_text(messages: tuple[str, ...]) -> None:
    assert list(reply_pairs("7", turns_of(_dialogue(*messages)))) == []


def test_labelled_messages_become_examples_with_and_without_context() -> None:
    turns = turns_of(_dialogue("c[greet]: hi", "a[say_hi]: hello *TMT", "c[shoes]: and for shoes?"))
    examples = list(intent_examples("7", turns))
    assert [(e.text, e.intent, e.context, e.group) for e in examples] == [
        ("hi", "greet", (), "7"),
        ("and for shoes?", "shoes", (), "7"),
        ("and for shoes?", "shoes", ("hi", "hello"), "7"),
    ]
