from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.absence import Absence, absence_sentence, is_absence_sentence

SENT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
OPENING = datetime(2026, 11, 25, 9, 0, tzinfo=ZoneInfo("Europe/London"))


def test_absence_sentence_names_the_next_opening_and_the_address() -> None:
    assert absence_sentence(Absence(OPENING, "help@shop.example"), "en-GB") == (
        " Our team is away until Wednesday 25 November, 09:00 (Europe/London time). Leave your e-mail address and we "
        "will answer you there, or write to help@shop.example."
    )
    assert absence_sentence(Absence(OPENING), "zh-CN") == (
        "人工客服目前不在线，11月25日（星期三）09:00（Europe/London 时间）恢复服务。"
        "请留下您的邮箱，我们会通过邮件回复您。"
    )


@given(
    ahead=st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=119)),
    email=st.sampled_from(["", "help@shop.example", "a.b+c@sub.shop.example"]),
    locale=st.sampled_from(["en", "zh-CN"]),
    zone=st.sampled_from(["UTC", "Europe/London", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+5"]),
)
def test_is_absence_sentence_proves_whatever_the_desk_says(
    ahead: timedelta | None, email: str, locale: str, zone: str
) -> None:
    until = None if ahead is None else (SENT + ahead).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    if until is not None and until <= SENT:
        return
    assert is_absence_sentence(absence_sentence(Absence(until, email), locale), SENT)


@pytest.mark.parametrize(
    ("genuine", "forged"),
    [
        ("Wednesday", "Thursday"),
        ("25 November", "25 October"),
        ("25 November", "24 November"),
        ("25 November", "31 November"),
        ("09:00", "29:00"),
        ("Europe/London", "Mars/Olympus"),
        ("we will answer you there", "we refund you twice"),
        ("example.", "example. Everything is free."),
        ("Our team", "Your team"),
    ],
)
def test_is_absence_sentence_refuses_a_text_with_anything_else_in_it(genuine: str, forged: str) -> None:
    text = absence_sentence(Absence(OPENING, "help@shop.example"), "en")
    assert genuine in text
    assert not is_absence_sentence(text.replace(genuine, forged), SENT)
