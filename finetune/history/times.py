"""Times as logs write them become aware UTC. Knows no log format."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

AUTO = "auto"
"""ISO 8601, or Unix seconds or milliseconds."""

UNIX = "unix"
UNIX_MS = "unix_ms"
_MOST_SECONDS = 1e11
"""Larger numbers are milliseconds: as seconds they would be later than the year 5100."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """How a log writes its times.

    Attributes:
        form: `AUTO`, `UNIX`, `UNIX_MS`, or a pattern of ``datetime.strptime``.
        zone: the zone of times that name none.
    """

    form: str = AUTO
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def utc(self, value: object) -> datetime | None:
        """The moment in UTC, or None where there is no value.

        Raises:
            ValueError: the value is not a time of this form.
        """
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return self._moment(value)
        except (OverflowError, OSError) as error:
            raise ValueError("time out of range") from error

    def _moment(self, value: object) -> datetime:
        if self.form in (UNIX, UNIX_MS):
            return _from_unix(float(str(value)) / (1000 if self.form == UNIX_MS else 1))
        if self.form != AUTO:
            return self._in_utc(datetime.strptime(str(value).strip(), self.form))
        seconds = _number(value)
        if seconds is not None:
            return _from_unix(seconds / 1000 if abs(seconds) > _MOST_SECONDS else seconds)
        if not isinstance(value, str):
            raise ValueError("neither a text nor a number")
        return self._in_utc(datetime.fromisoformat(value.strip().removesuffix(" UTC")))

    def _in_utc(self, moment: datetime) -> datetime:
        aware = moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment
        return aware.astimezone(UTC)


def _from_unix(seconds: float) -> datetime:
    if not math.isfinite(seconds):
        raise ValueError("not a finite number")
    return datetime.fromtimestamp(seconds, UTC)


def _number(value: object) -> float | None:
    """Unix seconds, or None; eight digits are a date (20240131) rather than seconds of 1970."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value.strip()) < 9:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
