"""Runs of ``improve``: what each does, found and decided. Knows no gate and no model."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from bot.errors import RunNotFoundError
from bot.improvement import GateResult, Run, RunState
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.loop_tables import ImproveRunRow
from bot.storage.records import Clock

KILLED = "its process ended without a word; the next run goes on from its last checkpoint"
_MEASURED = (RunState.PUBLISHED.value, RunState.HELD.value)


class Runs:
    """The log of runs. Only the process that holds the desk's improve lock writes to it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def start(self, *, by: str, parent_bundle: str | None) -> int:
        """Begin a run; one that still says it runs was killed, since the lock is ours, and is marked as failed.

        Returns:
            The run's id.
        """
        name, now = storable_key(by, "name"), self._clock()
        begun = {"state": RunState.RUNNING.value, "by": name, "started_utc": now, "parent_bundle": parent_bundle}
        empty: dict[str, Any] = {"step": "", "done": 0, "total": 0, "gates": [], "figures": {}}
        new = insert(ImproveRunRow).values(begun | empty).returning(ImproveRunRow.id)

        def work(session: Session) -> int:
            ended = {"state": RunState.FAILED.value, "finished_utc": now, "reason": KILLED}
            killed = ImproveRunRow.state == RunState.RUNNING.value
            session.execute(update(ImproveRunRow).where(killed).values(ended))
            return session.execute(new).scalar_one()

        return self._database.write(work)

    def step(self, run_id: int, step: str, done: int = 0, total: int = 0) -> None:
        """Say what the run does now and how far that is."""
        self._change(run_id, step=step, done=done, total=total)

    def record(self, run_id: int, **values: str | datetime | None) -> None:
        """Keep ``dataset_version``, ``bundle_version`` or ``reviews_until_utc``."""
        self._change(run_id, **values)

    def add_figures(self, run_id: int, figures: Mapping[str, float]) -> None:
        """Keep numbers of the run beside those that it has."""

        def work(session: Session) -> None:
            row = _row(session, run_id)
            row.figures = {**row.figures, **figures}

        self._database.write(work)

    def add_gate(self, run_id: int, gate: GateResult) -> None:
        """Keep what a gate found."""

        def work(session: Session) -> None:
            row = _row(session, run_id)
            row.gates = [*row.gates, {**asdict(gate), "figures": dict(gate.figures)}]

        self._database.write(work)

    def finish(self, run_id: int, state: RunState, reason: str | None = None) -> None:
        """End a run; the reason is one line for people, without a customer's words."""
        self._change(run_id, state=state.value, finished_utc=self._clock(), reason=reason)

    def get(self, run_id: int) -> Run:
        """Give one run.

        Raises:
            RunNotFoundError: there is none of this id.
        """
        return self._database.read(lambda session: _run(_row(session, run_id)))

    def newest(self, limit: int = 50) -> list[Run]:
        """Give the newest runs, the newest first."""
        return self._list(select(ImproveRunRow).limit(limit))

    def last_measured(self) -> Run | None:
        """Give the newest run that came to a verdict: published or held."""
        found = self._list(select(ImproveRunRow).where(ImproveRunRow.state.in_(_MEASURED)).limit(1))
        return found[0] if found else None

    def _list(self, statement: Select[ImproveRunRow]) -> list[Run]:
        ordered = statement.order_by(ImproveRunRow.id.desc())
        return self._database.read(lambda session: [_run(row) for row in session.scalars(ordered)])

    def _change(self, run_id: int, **values: Any) -> None:  # Any: columns of several types
        def work(session: Session) -> None:
            row = _row(session, run_id)
            for column, value in values.items():
                setattr(row, column, value)

        self._database.write(work)


def _row(session: Session, run_id: int) -> ImproveRunRow:
    row = session.get(ImproveRunRow, run_id)
    if row is None:
        raise RunNotFoundError(f"there is no run {run_id}: list them with `frontdesk improve --list`")
    return row


def _run(row: ImproveRunRow) -> Run:
    return Run(
        run_id=row.id,
        state=RunState(row.state),
        by=row.by,
        started_utc=row.started_utc,
        finished_utc=row.finished_utc,
        step=row.step,
        done=row.done,
        total=row.total,
        dataset_version=row.dataset_version,
        bundle_version=row.bundle_version,
        parent_bundle=row.parent_bundle,
        reviews_until_utc=row.reviews_until_utc,
        gates=tuple(GateResult(**gate) for gate in row.gates),
        figures=row.figures,
        reason=row.reason,
    )
