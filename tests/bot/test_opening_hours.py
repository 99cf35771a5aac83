from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.opening_hours import DAYS, OpeningHours, parse_span

LONDON = ZoneInfo("Europe/London")
WEEK = {day: ["09:00-12:30", "13:30-17:30"] for day in DAYS[:5]} | {"sat": ["10:00-24:00"]}
HOURS = OpeningHours.of("Europe/London", WEEK, [date(2026, 12, 25)])


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-25T08:59:59", False),
        ("2026-11-25T09:00", True),
        ("2026-11-25T12:30", False),
        ("2026-11-25T17:29:59", True),
        ("2026-11-28T23:59:59", True),
        ("2026-11-29T00:00", False),
        ("2026-12-25T10:00", False),
        ("2026-07-01T09:00", True),
    ],
)
def test_is_open_goes_by_the_wall_clock_of_the_desk(at: str, is_open: bool) -> None:
    assert HOURS.is_open(london(at)) is is_open
    assert HOURS.is_open(london(at).astimezone(ZoneInfo("Asia/Shanghai"))) is is_open


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-25T08:00", "2026-11-25T09:00"),
        ("2026-11-25T09:00", "2026-11-25T13:30"),
        ("2026-11-25T18:00", "2026-11-26T09:00"),
        ("2026-11-28T11:00", "2026-11-30T09:00"),
        ("2026-12-24T20:00", "2026-12-26T10:00"),
    ],
)
def test_next_opening_skips_closed_days_and_holidays(at: str, opening: str) -> None:
    assert HOURS.next_opening(london(at)) == london(opening)


def test_next_opening_is_unknown_where_no_day_is_open() -> None:
    assert OpeningHours.of("UTC", {}, []).next_opening(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_hours_follow_the_change_to_summer_time() -> None:
    friday, monday = datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert HOURS.is_open(friday)
    assert HOURS.is_open(monday)
    assert HOURS.next_opening(datetime(2026, 3, 29, 12, tzinfo=UTC)) == monday


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_next_opening_is_later_and_open(at: datetime) -> None:
    opening = HOURS.next_opening(at)
    assert opening is not None
    assert opening.astimezone(UTC) > at
    assert HOURS.is_open(opening)


@pytest.mark.parametrize("text", ["9-17", "09:00-25:00", "17:00-09:00", "09:00-09:00", "09:60-10:00", ""])
def test_parse_span_refuses_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_span(text)
