"""What a customer hears when they are handed over while nobody is there, and the proof that a text says just that.

Knows no settings and no clock. A sentence is proven by reading its facts and writing it again from them.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.opening_hours import LOOK_AHEAD_DAYS

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS_ZH = "一二三四五六日"
_FARTHEST = timedelta(days=LOOK_AHEAD_DAYS)
_FACTS = (
    re.compile(
        r"(?: until [A-Z][a-z]+ (?P<day>\d{1,2}) (?P<month>[A-Z][a-z]+), "
        r"(?P<time>\d\d:\d\d) \((?P<zone>[\w/+-]+) time\))?"
        r".*?(?:, or write to (?P<email>\S+)\.)?"
    ),
    re.compile(
        r"(?:，(?P<month>\d{1,2})月(?P<day>\d{1,2})日（星期.）(?P<time>\d\d:\d\d)（(?P<zone>[\w/+-]+) 时间）恢复服务)?"
        r".*?(?:，您也可以发邮件至 (?P<email>[^\s。]\S*?)。)?"
    ),
)
_ENGLISH, _CHINESE = " Our team is away", "人工客服目前不在线"


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody is there.

    Attributes:
        until: when people are back, in the desk's time zone (a `ZoneInfo`); None where that is not known.
        email: an address that customers may write to; empty where there is none.
    """

    until: datetime | None
    email: str = ""


def opening_words(opening: datetime, locale: str) -> str:
    """Day, time and zone of an opening, as customers read them."""
    zone = str(opening.tzinfo)
    if _is_chinese(locale):
        day = f"{opening.month}月{opening.day}日（星期{_WEEKDAYS_ZH[opening.weekday()]}）"
        return f"{day}{opening:%H:%M}（{zone} 时间）"
    day = f"{_WEEKDAYS[opening.weekday()]} {opening.day} {_MONTHS[opening.month - 1]}"
    return f"{day}, {opening:%H:%M} ({zone} time)"


def absence_sentence(absence: Absence, locale: str) -> str:
    """What follows the words of a hand-off."""
    if _is_chinese(locale):
        until = f"，{opening_words(absence.until, locale)}恢复服务" if absence.until else ""
        write = f"，您也可以发邮件至 {absence.email}" if absence.email else ""
        return f"{_CHINESE}{until}。请留下您的邮箱，我们会通过邮件回复您{write}。"
    until = f" until {opening_words(absence.until, locale)}" if absence.until else ""
    write = f", or write to {absence.email}" if absence.email else ""
    return f"{_ENGLISH}{until}. Leave your e-mail address and we will answer you there{write}."


def is_absence_sentence(text: str, sent_utc: datetime) -> bool:
    """Whether a text is an absence sentence whose opening was to come when it was sent."""
    chinese = text.startswith(_CHINESE)
    start = _CHINESE if chinese else _ENGLISH
    facts = _FACTS[chinese].fullmatch(text.removeprefix(start)) if text.startswith(start) else None
    if facts is None:
        return False
    email, locale = facts["email"] or "", "zh" if chinese else "en"
    if facts["day"] is None:
        return text == absence_sentence(Absence(None, email), locale)
    openings = (_opening(facts, sent_utc.year + later) for later in (0, 1))
    return any(
        opening is not None
        and sent_utc < opening <= sent_utc + _FARTHEST
        and text == absence_sentence(Absence(opening, email), locale)
        for opening in openings
    )


def _opening(facts: re.Match[str], year: int) -> datetime | None:
    month = facts["month"]
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
        hour, minute = map(int, facts["time"].split(":"))
        return datetime(year, number, int(facts["day"]), hour, minute, tzinfo=ZoneInfo(facts["zone"]))
    except (ValueError, ZoneInfoNotFoundError):
        return None


def _is_chinese(locale: str) -> bool:
    return locale.lower().startswith("zh")
