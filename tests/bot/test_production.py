"""Rates of what disappoints customers, by intent, against the desk's own."""

import pytest

from bot.label_findings import FindingKind
from bot.production import IntentTurn, Rate, disappointing, nearly_the_same


def turn(intent: str, **facts: bool) -> IntentTurn:
    plain = {"clarified": False, "handed_off": False, "first": True, "disliked": False}
    return IntentTurn(intent=intent, asked="a", following=None, **(plain | facts))


def test_wilson_interval_agrees_with_the_published_example() -> None:
    """Newcombe 1998 (Statistics in Medicine 17), table I: 15 of 148 gives .0624 to .1605; 0 of 20 gives 0 to .1611."""
    assert Rate(15, 148).interval == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Rate(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_only_intents_surely_above_the_desk_are_named_the_worst_first() -> None:
    turns = [turn("fine") for _ in range(80)]
    turns += [turn("bad", disliked=True) for _ in range(10)] + [turn("bad")] * 5
    turns += [turn("worse", handed_off=True) for _ in range(15)]
    turns += [turn("rare", disliked=True) for _ in range(2)]
    found = disappointing(turns)
    assert [(it.kind, it.given) for it in found] == [(FindingKind.HANDED_OFF, "worse"), (FindingKind.DISLIKED, "bad")]
    figures = found[1].figures
    assert (figures["turns"], figures["rate"]) == (15, pytest.approx(10 / 15))
    assert figures["desk_rate"] < figures["low"] < figures["rate"] < figures["high"]


def test_later_hand_offs_are_not_instant() -> None:
    turns = [turn("fine")] * 40 + [turn("slow", handed_off=True, first=False)] * 20
    assert disappointing(turns) == []


def test_nearly_the_same_looks_at_the_words() -> None:
    assert nearly_the_same("Where is my parcel?", "where IS my parcel now")
    assert not nearly_the_same("Where is my parcel?", "thanks a lot")
    assert not nearly_the_same("?", "?")
