"""Replayed replies that differ, and what people think of them. Knows no model and no order of risk."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.orm import Session

from bot.errors import MessageNotFoundError
from bot.improvement import Difference, DifferenceKind, DifferenceVerdict, Said
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.loop_tables import ReplayDifferenceRow
from bot.storage.records import Clock
from bot.storage.tables import MessageRow


class Replays:
    """The differences of each run; a difference goes when its message is erased."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def replace(self, run_id: int, differences: Iterable[Difference]) -> None:
        """Keep a run's differences in place of its earlier ones; those of messages erased meanwhile are left out.

        A verdict that a difference brings along is kept as of now.
        """
        wanted = list(differences)

        def work(session: Session) -> None:
            session.execute(delete(ReplayDifferenceRow).where(ReplayDifferenceRow.run_id == run_id))
            rows = []
            for found in wanted:
                message_id = session.scalar(
                    select(MessageRow.id).where(_message(found.conversation_id, found.sequence))
                )
                if message_id is not None:
                    rows.append({"run_id": run_id, "message_id": message_id, **self._values(found)})
            if rows:
                session.execute(insert(ReplayDifferenceRow), rows)

        self._database.write(work)

    def of(self, run_id: int, *, limit: int = 50, skip: int = 0, unjudged: bool = False) -> list[Difference]:
        """Give a run's differences, the riskiest first."""
        wanted = ReplayDifferenceRow.run_id == run_id
        if unjudged:
            wanted = and_(wanted, ReplayDifferenceRow.verdict.is_(None))
        statement = (
            select(ReplayDifferenceRow, MessageRow.conversation_id, MessageRow.sequence)
            .join(MessageRow, MessageRow.id == ReplayDifferenceRow.message_id)
            .where(wanted)
            .order_by(ReplayDifferenceRow.risk.desc(), ReplayDifferenceRow.message_id)
            .limit(limit)
            .offset(skip)
        )
        return self._database.read(lambda session: [_difference(*row) for row in session.execute(statement)])

    def judge(
        self, run_id: int, conversation_id: str, sequence: int, verdict: DifferenceVerdict | None, *, by: str
    ) -> None:
        """Keep a person's verdict on a difference; None takes it back.

        Raises:
            MessageNotFoundError: the run has no difference there (any more).
        """
        name = storable_key(by, "name")

        def work(session: Session) -> None:
            message_id = session.scalar(select(MessageRow.id).where(_message(conversation_id, sequence)))
            row = session.get(ReplayDifferenceRow, (run_id, message_id)) if message_id is not None else None
            if row is None:
                raise MessageNotFoundError(f"run {run_id} has no difference at message {sequence} of {conversation_id}")
            row.verdict = verdict.value if verdict else None
            row.reviewer, row.reviewed_utc = (name, self._clock()) if verdict else (None, None)

        self._database.write(work)

    def judged(self) -> list[Difference]:
        """Give all differences that a person judged, in whatever run, the earliest run first."""
        statement = (
            select(ReplayDifferenceRow, MessageRow.conversation_id, MessageRow.sequence)
            .join(MessageRow, MessageRow.id == ReplayDifferenceRow.message_id)
            .where(ReplayDifferenceRow.verdict.is_not(None))
            .order_by(ReplayDifferenceRow.run_id, ReplayDifferenceRow.message_id)
        )
        return self._database.read(lambda session: [_difference(*row) for row in session.execute(statement)])

    def verdicts(self, run_id: int) -> Counter[DifferenceVerdict | None]:
        """Count a run's differences by verdict; None counts those that nobody judged."""
        columns = select(ReplayDifferenceRow.verdict, func.count()).where(ReplayDifferenceRow.run_id == run_id)
        rows = self._database.read(lambda session: list(session.execute(columns.group_by(ReplayDifferenceRow.verdict))))
        return Counter({DifferenceVerdict(verdict) if verdict else None: number for verdict, number in rows})

    def _values(self, found: Difference) -> dict[str, Any]:
        return {
            "kind": found.kind.value,
            "risk": found.risk,
            "before": found.before.as_json(),
            "after": found.after.as_json(),
            "verdict": found.verdict.value if found.verdict else None,
            "reviewer": found.reviewer,
            "reviewed_utc": self._clock() if found.verdict else None,
        }


def _message(conversation_id: str, sequence: int) -> ColumnElement[bool]:
    return and_(MessageRow.conversation_id == conversation_id, MessageRow.sequence == sequence)


def _difference(row: ReplayDifferenceRow, conversation_id: str, sequence: int) -> Difference:
    return Difference(
        conversation_id=conversation_id,
        sequence=sequence,
        kind=DifferenceKind(row.kind),
        risk=row.risk,
        before=Said.from_json(row.before),
        after=Said.from_json(row.after),
        verdict=DifferenceVerdict(row.verdict) if row.verdict else None,
        reviewer=row.reviewer,
    )
