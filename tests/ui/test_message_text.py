import pytest

from ui.errors import InputRefusedError, Refusal
from ui.message_text import accepted_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  hello\r\nworld \n", "hello\nworld"),
        ("cafe\u0301", "caf\u00e9"),
        ("你好 \U0001f469\u200d\U0001f467", "你好 \U0001f469\u200d\U0001f467"),
        ("a\tb", "a\tb"),
        ("x" * 11, "x" * 11),
    ],
)  # fmt: skip
def test_accepted_text_keeps_what_people_write(text: str, kept: str) -> None:
    assert accepted_text(text, 11) == kept


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", Refusal.BLANK),
        (" \n\t ", Refusal.BLANK),
        ("\u200b\u00a0\u2060", Refusal.BLANK),
        ("x" * 11, Refusal.TOO_LONG),
        ("a\x00b", Refusal.BAD_CHARACTERS),
        ("a\x1b[31m", Refusal.BAD_CHARACTERS),
        ("a\x7fb", Refusal.BAD_CHARACTERS),
        ("half \ud83d", Refusal.BAD_CHARACTERS),
    ],
)
def test_accepted_text_refuses_with_the_reason(text: str, refusal: Refusal) -> None:
    with pytest.raises(InputRefusedError) as caught:
        accepted_text(text, 10)
    assert caught.value.refusal is refusal
