"""When people are there to answer: weekly hours and holidays in the desk's own time zone.

Knows no settings file, no clock and no wording: whoever asks says which moment is meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
LOOK_AHEAD_DAYS = 120
"""An opening farther away is not worth telling; and within a year a day and its weekday name one date."""

Span = tuple[time, time]
"""From (counted) to (not counted) in local time; a closing time of 00:00 is the midnight that ends the day."""


def parse_span(text: str) -> Span:
    """Read hours such as ``09:00-17:30``; ``24:00`` is the end of the day.

    Raises:
        ValueError: it is none, or it ends before it begins; hours over midnight are written as two.
    """
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} are no hours: write them such as 09:00-17:30")
    begins, ends = text.split("-")
    if begins >= ends:
        raise ValueError(f"{text!r} end before they begin: write hours over midnight as two days")
    return time.fromisoformat(begins), time.min if ends == "24:00" else time.fromisoformat(ends)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A week's hours.

    Attributes:
        week: spans of each weekday, Monday first; all empty: always closed.
        holidays: local dates on which nobody is there.
    """

    timezone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    @classmethod
    def of(cls, timezone: str, week: Mapping[str, Sequence[str]], holidays: Sequence[date]) -> "OpeningHours":
        """Read hours as settings hold them: spans by the names in `DAYS`."""
        spans = tuple(tuple(sorted(map(parse_span, week.get(day, ())))) for day in DAYS)
        return cls(ZoneInfo(timezone), spans, frozenset(holidays))

    def is_open(self, at: datetime) -> bool:
        """Whether people are there at an aware time; what counts is what the wall clock shows."""
        local = at.astimezone(self.timezone)
        now = local.time()
        return any(begins <= now and (now < ends or ends == time.min) for begins, ends in self._spans(local.date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first opening after an aware time, in the desk's time zone; None where none is near."""
        today = at.astimezone(self.timezone).date()
        return next((opening for opening in self._openings(today) if opening.astimezone(UTC) > at), None)

    def _openings(self, first: date) -> Iterator[datetime]:
        for ahead in range(LOOK_AHEAD_DAYS):
            day = first + timedelta(days=ahead)
            for begins, _ in self._spans(day):
                yield datetime.combine(day, begins, self.timezone)

    def _spans(self, day: date) -> tuple[Span, ...]:
        return () if day in self.holidays else self.week[day.weekday()]
