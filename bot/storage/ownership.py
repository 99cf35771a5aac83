"""Who owns a conversation, changed in one place and remembered as transitions. Knows no policy and no pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import MoveRefusedError
from bot.handoff import Move
from bot.storage.database import Database
from bot.storage.inputs import storable_key
from bot.storage.log_queries import conversation_row, move_owner
from bot.storage.people_tables import TransitionRow
from bot.storage.records import Clock
from bot.storage.tables import ConversationRow
from bot.values import Owner

DESK = "desk"
"""Who acts when nobody does: time ran out."""
CUSTOMER = "customer"
"""Who acts when the conversation's customer does."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of ownership; ``by`` is ``bot``, ``customer``, ``desk`` or a staff member's login name."""

    move: Move
    from_owner: Owner
    to_owner: Owner
    by: str
    reason: str | None
    at_utc: datetime


class Ownership:
    """Moves conversations between bot, queue and agents. Every call is one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def move(self, conversation_id: str, move: Move, *, by: str, reason: str | None = None) -> Owner:
        """Change who answers; what the bot has not answered when a person takes over stays with them.

        A conversation that an agent has may be handed back, released or closed by that agent alone, or by the desk;
        its customer may close it and nothing else. The bot hands off with the reply that says so, see
        ``Conversations.append_reply``: a hand-off without an announcement does not exist.

        Args:
            by: ``customer``, ``desk``, or a staff member's login name, who becomes the agent of a take-over.

        Raises:
            ConversationNotFoundError: no conversation has this id.
            MoveRefusedError: it is with somebody else, or closed.
        """
        name = storable_key(by, "name")

        def work(session: Session) -> Owner:
            row = conversation_row(session, conversation_id, lock=True)
            if move is Move.HAND_OFF or (name == CUSTOMER and move is not Move.CLOSE):
                raise MoveRefusedError(f"a {move.replace('_', ' ')} is not for {name} to do")
            if row.agent not in {None, name} and name not in {DESK, CUSTOMER}:
                raise MoveRefusedError(f"{row.agent} has this conversation: ask them to release it")
            return move_owner(session, row, move, by=name, reason=reason, now=self._clock())

        return self._database.write(work)

    def see(self, agent: str) -> None:
        """Note that an agent is there, for all conversations that they have."""
        mine = ConversationRow.agent == agent, ConversationRow.owner == Owner.AGENT.value
        self._database.write(
            lambda session: session.execute(update(ConversationRow).where(*mine).values(agent_seen_utc=self._clock()))
        )

    def release_absent(self, after: timedelta) -> list[str]:
        """Put conversations of agents who gave no sign for so long back into the queue; gives their ids."""
        since = self._clock() - after
        absent = ConversationRow.owner == Owner.AGENT.value, ConversationRow.agent_seen_utc < since
        if not self._database.read(
            lambda session: session.scalars(select(ConversationRow.conversation_id).where(*absent)).first()
        ):
            return []

        def work(session: Session) -> list[str]:
            rows: Sequence[ConversationRow] = session.scalars(
                select(ConversationRow).where(*absent).with_for_update()
            ).all()
            for row in rows:
                move_owner(session, row, Move.RELEASE, by=DESK, reason="agent_absent", now=self._clock())
            return [row.conversation_id for row in rows]

        return self._database.write(work)

    def history(self, conversation_id: str) -> list[Transition]:
        """Give the changes of one conversation's ownership, oldest first."""
        statement = select(TransitionRow).where(TransitionRow.conversation_id == conversation_id)
        rows = self._database.read(lambda session: list(session.scalars(statement.order_by(TransitionRow.id))))
        return [
            Transition(Move(row.move), Owner(row.from_owner), Owner(row.to_owner), row.by, row.reason, row.at_utc)
            for row in rows
        ]
