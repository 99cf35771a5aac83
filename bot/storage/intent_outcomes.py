"""What followed the bot's turns of each intent: thumb, hand-off, the customer's next words. Knows no rates."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from bot.production import IntentTurn
from bot.storage.database import Database
from bot.storage.tables import DecisionRow, FeedbackRow, MessageRow
from bot.values import Action, Role

TURNS_A_PAGE = 2000


class IntentOutcomes:
    """Reads the bot's turns of a period, with the words that tell a rephrasing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, since_utc: datetime) -> Iterator[IntentTurn]:
        """Give the bot's turns with an intent from a time on, a page in memory at a time."""
        last_id = 0
        while True:
            statement = _turns(since_utc).where(MessageRow.id > last_id).order_by(MessageRow.id).limit(TURNS_A_PAGE)
            rows = self._database.read(lambda session, page=statement: session.execute(page).all())  # type: ignore[misc]
            yield from (_turn(row) for row in rows)
            if len(rows) < TURNS_A_PAGE:
                return
            last_id = rows[-1].id


def _turns(since_utc: datetime) -> Select[*tuple[Any, ...]]:
    asked, later, following, earlier = (aliased(MessageRow) for _ in range(4))
    next_sequence = (
        select(func.min(later.sequence))
        .where(later.conversation_id == MessageRow.conversation_id, later.sequence > MessageRow.sequence)
        .where(later.role == Role.CUSTOMER.value)
        .scalar_subquery()
    )
    spoken_before = (
        exists()
        .where(earlier.conversation_id == MessageRow.conversation_id, earlier.sequence < MessageRow.sequence)
        .where(earlier.role == Role.BOT.value)
    )
    here = asked.conversation_id == MessageRow.conversation_id
    return (
        select(
            MessageRow.id,
            DecisionRow.intent,
            DecisionRow.action,
            FeedbackRow.helpful,
            asked.text.label("asked"),
            following.text.label("following"),
            spoken_before.label("spoken_before"),
        )
        .join(DecisionRow, DecisionRow.message_id == MessageRow.id)
        .join(asked, and_(here, asked.sequence == MessageRow.answers))
        .outerjoin(FeedbackRow, FeedbackRow.message_id == MessageRow.id)
        .outerjoin(
            following,
            and_(following.conversation_id == MessageRow.conversation_id, following.sequence == next_sequence),
        )
        .where(MessageRow.sent_utc >= since_utc, DecisionRow.intent.is_not(None))
    )


def _turn(row: Any) -> IntentTurn:
    return IntentTurn(
        intent=row.intent,
        asked=row.asked,
        following=row.following,
        clarified=row.action == Action.CLARIFY.value,
        handed_off=row.action == Action.HANDOFF.value,
        first=not row.spoken_before,
        disliked=row.helpful is False,
    )
