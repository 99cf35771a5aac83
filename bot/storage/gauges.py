"""What the desk has open at this moment, as counts. Knows no pages and no format of metrics."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.records import Clock, JobState
from bot.storage.tables import ConversationRow, JobRow
from bot.values import Owner

_OPEN = (Owner.QUEUE, Owner.AGENT)


@dataclass(frozen=True, slots=True)
class DeskGauges:
    """Counts of one moment.

    Attributes:
        conversations: how many wait for a person (``queue``) or are with one (``agent``).
        jobs: background jobs by state.
        longest_wait_s: since when the longest waiting customer waits; 0 where nobody does.
    """

    conversations: dict[str, int]
    jobs: dict[str, int]
    longest_wait_s: float


class Gauges:
    """Counts what is open."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self) -> DeskGauges:
        """Count now, in one read.

        Raises:
            StorageError: the database cannot be read.
        """
        return self._database.read(self._read)

    def _read(self, session: Session) -> DeskGauges:
        owner, state = ConversationRow.owner, JobRow.state
        owned = select(owner, func.count(), func.min(ConversationRow.waiting_since_utc))
        rows = session.execute(owned.where(owner.in_([each.value for each in _OPEN])).group_by(owner)).all()
        jobs = session.execute(select(state, func.count()).group_by(state)).all()
        since = {str(row[0]): row[2] for row in rows}.get(Owner.QUEUE.value)
        return DeskGauges(
            conversations={each.value: 0 for each in _OPEN} | {str(row[0]): row[1] for row in rows},
            jobs={each.value: 0 for each in JobState} | {str(row[0]): row[1] for row in jobs},
            longest_wait_s=max(0.0, (self._clock() - since).total_seconds()) if since else 0.0,
        )
