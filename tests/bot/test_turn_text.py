import pytest

from bot.turn_text import turn_text


def test_single_message_is_itself() -> None:
    assert turn_text(["where is my parcel"]) == "where is my parcel"


def test_current_message_comes_first_then_the_two_newest() -> None:
    assert turn_text(["a", "b", "c", "and for shoes?"]) == "and for shoes? [SEP] c [SEP] b"


def test_only_earlier_messages_are_cut() -> None:
    joined = turn_text(["x" * 300, "y" * 300])
    assert joined == "y" * 300 + " [SEP] " + "x" * 200


def test_no_message_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        turn_text([])
