"""Turns that the bot answered, with all that it had read. Knows no model and no opinion of anybody."""

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.storage.database import Database
from bot.storage.evidence import LoggedRow, logged_message
from bot.storage.log_queries import whole_logs
from bot.storage.records import AnsweredTurn
from bot.storage.tables import ConversationRow, DecisionRow, MessageRow

CONVERSATIONS_A_PAGE = 100

Place = tuple[str, int]
"""A conversation's id and the sequence of a bot message in it."""


class Answered:
    """The bot's turns, for answering them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, since_utc: datetime, limit: int) -> list[Place]:
        """Give the places of bot messages from a time on, the newest first."""
        statement = (
            select(MessageRow.conversation_id, MessageRow.sequence)
            .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
            .where(MessageRow.sent_utc >= since_utc)
            .order_by(MessageRow.sent_utc.desc(), MessageRow.id.desc())
            .limit(limit)
        )
        return self._database.read(lambda session: [(row[0], row[1]) for row in session.execute(statement)])

    def turns(self, places: Sequence[Place]) -> Iterator[AnsweredTurn]:
        """Give the turns of these places, conversation by conversation; those erased meanwhile are left out."""
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for conversation_id, sequence in places:
            wanted[conversation_id].add(sequence)
        ids = list(wanted)
        for start in range(0, len(ids), CONVERSATIONS_A_PAGE):
            page = ids[start : start + CONVERSATIONS_A_PAGE]
            locales, logs = self._database.read(functools.partial(_page, conversation_ids=page))
            for conversation_id in page:
                for sequence in sorted(wanted[conversation_id]):
                    turn = _turn(conversation_id, locales.get(conversation_id), logs[conversation_id], sequence)
                    if turn is not None:
                        yield turn


def _page(session: Session, *, conversation_ids: list[str]) -> tuple[dict[str, str], dict[str, list[LoggedRow]]]:
    columns = select(ConversationRow.conversation_id, ConversationRow.locale)
    here = columns.where(ConversationRow.conversation_id.in_(conversation_ids))
    locales = {row[0]: row[1] for row in session.execute(here)}
    return locales, whole_logs(session, conversation_ids)[0]


def _turn(conversation_id: str, locale: str | None, log: list[LoggedRow], sequence: int) -> AnsweredTurn | None:
    said = next((row for row in log if row[0].sequence == sequence and row[1] is not None), None)
    burst = tuple(row[0].sequence for row in log if row[0].answered_by == sequence)
    if locale is None or said is None or not burst:
        return None
    before = tuple(logged_message(row) for row in log if row[0].sequence <= burst[-1])
    return AnsweredTurn(conversation_id, locale, logged_message(said), before, burst)
