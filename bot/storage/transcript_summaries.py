"""What a list shows of conversations, read for a page of them at once. Knows no filters."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from bot.storage.people_tables import LabelRow
from bot.storage.search import Hit, among
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, MessageRow
from bot.storage.transcript_records import Thumb, TranscriptSummary
from bot.values import Action, Owner, Role

EXCERPT_CHARACTERS = 200


def summaries_of(session: Session, wanted: Sequence[str | Hit]) -> tuple[TranscriptSummary, ...]:
    """Read summaries of conversations, given by id or by a search's hit, in that order; erased ones are left out."""
    hits = {hit.conversation_id: hit for hit in wanted if isinstance(hit, Hit)}
    identifiers = [entry.conversation_id if isinstance(entry, Hit) else entry for entry in wanted]
    rows = {
        row.conversation_id: row
        for row in session.scalars(
            select(ConversationRow).where(among(session, ConversationRow.conversation_id, identifiers))
        )
    }
    details = _Details(session, identifiers, [hit.message_id for hit in hits.values()])
    return tuple(details.of(rows[identifier], hits.get(identifier)) for identifier in identifiers if identifier in rows)


class _Details:
    """What belongs to some conversations, by their ids."""

    def __init__(self, session: Session, identifiers: Sequence[str], hits: Sequence[int]) -> None:
        excerpt = func.substr(MessageRow.text, 1, EXCERPT_CHARACTERS)
        here = among(session, MessageRow.conversation_id, identifiers)
        last = ConversationRow.conversation_id == MessageRow.conversation_id
        self.first = _texts(
            session, select(MessageRow.conversation_id, excerpt).where(here, MessageRow.sequence == _first_question())
        )
        self.last = _texts(
            session,
            select(MessageRow.conversation_id, excerpt)
            .join(ConversationRow, last)
            .where(here, MessageRow.sequence == ConversationRow.last_sequence),
        )
        self.hits: dict[int, str] = _texts(
            session, select(MessageRow.id, MessageRow.text).where(MessageRow.id.in_(hits))
        )
        self.decisions = _last_decisions(session, identifiers)
        self.thumbs = _thumbs(session, identifiers)
        self.labels: dict[str, list[str]] = {}
        labels = select(LabelRow).where(among(session, LabelRow.conversation_id, identifiers)).order_by(LabelRow.label)
        for row in session.scalars(labels):
            self.labels.setdefault(row.conversation_id, []).append(row.label)

    def of(self, row: ConversationRow, hit: Hit | None) -> TranscriptSummary:
        """Put one conversation together."""
        identifier = row.conversation_id
        intent, action, confidence = self.decisions.get(identifier, (None, None, None))
        return TranscriptSummary(
            conversation_id=identifier,
            started_utc=row.started_utc,
            channel=row.channel,
            owner=Owner(row.owner),
            message_count=row.last_sequence,
            rating=row.rating,
            first_question=self.first.get(identifier, ""),
            last_message=self.last.get(identifier, ""),
            intent=intent,
            action=None if action is None else Action(action),
            confidence=confidence,
            thumb=self.thumbs.get(identifier, Thumb.NONE),
            labels=tuple(self.labels.get(identifier, ())),
            hit_sequence=None if hit is None else hit.sequence,
            hit_text=None if hit is None else self.hits.get(hit.message_id),
        )


def _first_question() -> Any:  # a scalar subquery; its type has no public name
    early = aliased(MessageRow)
    return (
        select(func.min(early.sequence))
        .where(early.conversation_id == MessageRow.conversation_id, early.role == Role.CUSTOMER.value)
        .correlate(MessageRow)
        .scalar_subquery()
    )


def _texts(session: Session, statement: Select[Any, str]) -> dict[Any, str]:
    return {row[0]: row[1] for row in session.execute(statement)}


def _last_decisions(session: Session, identifiers: Sequence[str]) -> dict[str, tuple[str | None, str, float | None]]:
    newest = (
        select(MessageRow.conversation_id, func.max(DecisionRow.message_id).label("message_id"))
        .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
        .where(among(session, MessageRow.conversation_id, identifiers))
        .group_by(MessageRow.conversation_id)
        .subquery()
    )
    statement = select(newest.c.conversation_id, DecisionRow.intent, DecisionRow.action, DecisionRow.confidence).join(
        DecisionRow, DecisionRow.message_id == newest.c.message_id
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(statement)}


def _thumbs(session: Session, identifiers: Sequence[str]) -> dict[str, Thumb]:
    statement = (
        select(MessageRow.conversation_id, FeedbackRow.helpful)
        .join(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
        .where(among(session, MessageRow.conversation_id, identifiers))
        .order_by(FeedbackRow.helpful.desc())  # one down outweighs those up
    )
    return {identifier: Thumb.UP if up else Thumb.DOWN for identifier, up in session.execute(statement)}
