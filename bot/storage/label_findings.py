"""Findings of label audits, and what people say to them. Knows no method of finding and no training."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.orm import Session

from bot.errors import InvalidTextError, LabelFindingNotFoundError
from bot.label_findings import Finding, FindingKind, KeptFinding, LabelVerdict, Overrides, RowPlace
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.label_tables import LabelFindingRow
from bot.storage.records import Clock
from bot.storage.tables import MessageRow

_Places = Mapping[int, tuple[str, int]]
_EXAMPLE = "message"


class LabelFindings:
    """The findings that wait for a verdict, and those that have one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def replace(self, findings: Iterable[Finding], kinds: Collection[FindingKind]) -> int:
        """Keep an audit's findings in place of the unjudged ones of the same kinds.

        What somebody has judged is not asked again, unless the label or the suggestion is another now. Rows of messages
        that were erased meanwhile are left out.

        Returns:
            How many wait now.
        """
        wanted = [found for found in findings if found.kind in kinds]

        def work(session: Session) -> int:
            names = [kind.value for kind in kinds]
            here = LabelFindingRow.kind.in_(names)
            session.execute(delete(LabelFindingRow).where(here, LabelFindingRow.verdict.is_(None)))
            judged = {_key(row) for row in session.scalars(select(LabelFindingRow).where(here))}
            rows = [row for found in wanted if (row := self._row(session, found)) is not None]
            rows = [row for row in rows if _key(LabelFindingRow(**row)) not in judged]
            if rows:
                session.execute(insert(LabelFindingRow), rows)
            return len(rows)

        return self._database.write(work)

    def waiting(
        self, *, kind: FindingKind | None = None, limit: int = 50, without: Collection[int] = ()
    ) -> list[KeptFinding]:
        """Give findings without a verdict, worst first."""
        condition = and_(LabelFindingRow.verdict.is_(None), LabelFindingRow.id.not_in(without))
        if kind is not None:
            condition = and_(condition, LabelFindingRow.kind == kind.value)
        statement = select(LabelFindingRow).where(condition)
        statement = statement.order_by(LabelFindingRow.score.desc(), LabelFindingRow.id).limit(limit)
        return self._database.read(lambda session: _kept(session, session.scalars(statement).all()))

    def get(self, finding_id: int) -> KeptFinding:
        """Give one finding.

        Raises:
            LabelFindingNotFoundError: it is gone.
        """
        return self._database.read(lambda session: _kept(session, [_found(session, finding_id)])[0])

    def judge(self, finding_id: int, verdict: LabelVerdict, *, by: str, intent: str | None = None) -> None:
        """Keep a verdict; it replaces an earlier one.

        Raises:
            InvalidTextError: a change that names no label, or another verdict that does.
            LabelFindingNotFoundError: it is gone.
        """
        if (verdict is LabelVerdict.CHANGE) != (intent is not None):
            raise InvalidTextError("a changed label is named, any other verdict names none")
        name = storable_key(by, "name")
        label = storable_key(intent, "intent") if intent is not None else None

        def work(session: Session) -> None:
            row = _found(session, finding_id)
            row.verdict, row.intent = verdict.value, label
            row.judged_by, row.judged_utc = name, self._clock()

        self._database.write(work)

    def counts(self) -> Counter[tuple[FindingKind, LabelVerdict | None]]:
        """Count findings by kind and verdict; None counts those that wait."""
        columns = LabelFindingRow.kind, LabelFindingRow.verdict
        statement = select(*columns, func.count()).group_by(*columns)
        rows = self._database.read(lambda session: list(session.execute(statement)))
        return Counter(
            {(FindingKind(kind), LabelVerdict(verdict) if verdict else None): number for kind, verdict, number in rows}
        )

    def overrides(self) -> Overrides:
        """Give what the verdicts on rows make of labels, for whoever builds a dataset; the latest verdict counts."""
        judged = LabelFindingRow.verdict.is_not(None)
        statement = select(LabelFindingRow).where(judged).order_by(LabelFindingRow.judged_utc, LabelFindingRow.id)
        found = self._database.read(lambda session: _kept(session, session.scalars(statement).all()))
        rows: dict[tuple[str, str, str], str | None] = {}
        turns: dict[tuple[str, int], str | None] = {}
        for kept in found:
            place, label = kept.finding.row, _right_label(kept)
            if place is None:
                continue
            if place.conversation_id is not None and place.sequence is not None:
                turns[place.conversation_id, place.sequence] = label
            elif place.file is not None:
                rows[place.file, place.fingerprint, kept.finding.given] = label
        return Overrides(rows, turns)

    def _row(self, session: Session, found: Finding) -> dict[str, Any] | None:
        place = found.row
        message_id = _message_id(session, place)
        if place is not None and place.sequence is not None and message_id is None:
            return None
        return {
            "kind": found.kind.value,
            "given": found.given,
            "suggested": found.suggested,
            "score": found.score,
            "message_id": message_id,
            "file": place.file if place else None,
            "fingerprint": place.fingerprint if place and place.file else None,
            "examples": [_example(session, example) for example in found.examples],
            "figures": dict(found.figures),
            "found_utc": self._clock(),
        }


def _found(session: Session, finding_id: int) -> LabelFindingRow:
    row = session.get(LabelFindingRow, finding_id)
    if row is None:
        raise LabelFindingNotFoundError(f"finding {finding_id} is gone: load the list again")
    return row


def _key(row: LabelFindingRow) -> tuple[Any, ...]:
    return row.kind, row.message_id, row.file, row.fingerprint, row.given, row.suggested


def _right_label(kept: KeptFinding) -> str | None:
    return {LabelVerdict.KEEP: kept.finding.given, LabelVerdict.CHANGE: kept.intent}.get(
        kept.verdict or LabelVerdict.DROP
    )


def _message_id(session: Session, place: RowPlace | None) -> int | None:
    if place is None or place.sequence is None:
        return None
    here = MessageRow.conversation_id == place.conversation_id, MessageRow.sequence == place.sequence
    return session.scalar(select(MessageRow.id).where(*here))


def _example(session: Session, place: RowPlace) -> dict[str, Any]:
    message_id = _message_id(session, place)
    return {_EXAMPLE: message_id} if message_id else {"file": place.file, "fingerprint": place.fingerprint}


def _kept(session: Session, rows: Sequence[LabelFindingRow]) -> list[KeptFinding]:
    ids = {row.message_id for row in rows} | {
        example[_EXAMPLE] for row in rows for example in row.examples if _EXAMPLE in example
    }
    columns = select(MessageRow.id, MessageRow.conversation_id, MessageRow.sequence)
    found = session.execute(columns.where(MessageRow.id.in_(ids - {None}))).all()
    places = {message_id: (conversation_id, sequence) for message_id, conversation_id, sequence in found}
    return [_value(row, places) for row in rows]


def _value(row: LabelFindingRow, places: _Places) -> KeptFinding:
    place = None
    if row.message_id is not None:
        place = RowPlace("", None, *places[row.message_id])
    elif row.file is not None:
        place = RowPlace(row.fingerprint or "", row.file)
    examples = [
        RowPlace("", None, *places[example[_EXAMPLE]])
        if _EXAMPLE in example
        else RowPlace(example["fingerprint"], example["file"])
        for example in row.examples
        if example.get(_EXAMPLE) in places or "file" in example
    ]
    finding = Finding(FindingKind(row.kind), row.given, row.suggested, row.score, place, tuple(examples), row.figures)
    verdict = LabelVerdict(row.verdict) if row.verdict else None
    return KeptFinding(row.id, finding, row.found_utc, verdict, row.intent, row.judged_by)
