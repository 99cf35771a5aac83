"""Conversations: messages in a strict order, each acknowledged only when durable. Knows no models and no policy."""

import functools
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

from bot.errors import ConversationClosedError, MessageNotFoundError, MoveRefusedError, OwnedByPersonError
from bot.handoff import Move
from bot.policy import Reason
from bot.storage.database import Database
from bot.storage.evidence import (
    LoggedRow,
    decision_row,
    logged_decision,
    logged_message,
    message_value,
    passage_rows,
)
from bot.storage.inputs import storable_key, storable_text
from bot.storage.leases import lease, revive, settle_turn
from bot.storage.log_queries import (
    conversation_row,
    explained_rows,
    logged_row,
    logged_rows,
    move_owner,
    reply_row,
    touch,
)
from bot.storage.records import Clock, LoggedDecision, LoggedMessage, SearchHit, StartedConversation
from bot.storage.search import newest_hits, query_tokens, search_tokens, without_compiler
from bot.storage.standings import token_hash
from bot.storage.tables import ConversationRow, DecisionRow, FeedbackRow, LoggedPassageRow, MessageRow
from bot.storage.upsert import insert_missing
from bot.values import Action, Conversation, Evidence, Owner, Reply, Role

DECISIONS_A_PAGE = 200


class Conversations:
    """The log of all conversations. Every method is safe to call from many threads and processes."""

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder

    def start(
        self, *, channel: str, locale: str, customer_id: str | None = None, customer_name: str | None = None
    ) -> StartedConversation:
        """Begin a conversation that the bot owns.

        Args:
            channel: where the customer writes, such as ``web``.
            locale: BCP 47.
            customer_id: who the customer is, as the company's own site has signed it; None: anonymous.

        Returns:
            Its id and its secret token; the token is never given out again.

        Raises:
            InvalidTextError: the channel or the locale cannot be stored.
        """
        now = self._clock()
        started = StartedConversation(secrets.token_hex(16), secrets.token_urlsafe(32))
        row = {
            "conversation_id": started.conversation_id,
            "channel": storable_key(channel, "channel"),
            "locale": storable_key(locale, "locale"),
            "owner": Owner.BOT.value,
            "token_hash": token_hash(started.token),
            "started_utc": now,
            "updated_utc": now,
            "last_sequence": 0,
            "revision": 0,
            "reply_attempts": 0,
            "customer_id": storable_key(customer_id, "customer id") if customer_id else None,
            "customer_name": storable_key(customer_name, "customer name") if customer_name else None,
        }
        self._database.write(lambda session: session.execute(insert(ConversationRow), [row]))
        return started

    def load(self, conversation_id: str) -> Conversation:
        """Give a conversation with all its messages.

        Raises:
            ConversationNotFoundError: no conversation has this id.
        """

        def work(session: Session) -> Conversation:
            row = conversation_row(session, conversation_id)
            messages = session.scalars(
                select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.sequence)
            )
            return Conversation(
                conversation_id, row.channel, row.locale, Owner(row.owner), tuple(map(message_value, messages))
            )

        return self._database.read(work)

    def append_customer(self, conversation_id: str, text: str, client_message_id: str) -> LoggedMessage:
        """Log a customer's message; it is durable when this returns.

        The client's message id is unique for ever within the conversation: a second message with it is not logged,
        the first one is given back with ``created=False``, whatever the text.

        Raises:
            InvalidTextError: the text or the id cannot be stored.
            ConversationNotFoundError: no conversation has this id.
        """
        written = storable_text(text, "message")
        client_id = storable_key(client_message_id, "client message id")

        def work(session: Session) -> LoggedMessage:
            conversation = conversation_row(session, conversation_id, lock=True)
            same = MessageRow.client_message_id == client_id
            if (known := logged_row(session, conversation_id, same)) is not None:
                return self._asked_again(conversation, known)
            if conversation.owner == Owner.CLOSED:
                raise ConversationClosedError("this conversation is closed: start a new one")
            row = self._append(session, conversation, Role.CUSTOMER, written)
            row.client_message_id = client_id
            if conversation.owner == Owner.BOT:
                row.awaits_reply = True
                lease(conversation, self._holder, self._clock())
            return logged_message((row, None, None), created=True)

        return self._database.write(work)

    def _asked_again(self, conversation: ConversationRow, known: LoggedRow) -> LoggedMessage:
        """Give the first message; one that the bot had given up is tried once more."""
        if known[0].reply_failed and conversation.owner == Owner.BOT:
            revive(conversation, [known[0]], self._holder, self._clock())
        return logged_message(known)

    def append_agent(self, conversation_id: str, text: str, *, agent: str) -> LoggedMessage:
        """Log an agent's message in a conversation that they have; it is durable when this returns.

        Raises:
            InvalidTextError: the text cannot be stored.
            ConversationNotFoundError: no conversation has this id.
            MoveRefusedError: the conversation is not with this agent.
        """
        written = storable_text(text, "message")

        def work(session: Session) -> LoggedMessage:
            conversation = conversation_row(session, conversation_id, lock=True)
            if conversation.owner != Owner.AGENT or conversation.agent != agent:
                raise MoveRefusedError("this conversation is not with you: take it over first")
            row = self._append(session, conversation, Role.AGENT, written)
            row.author = agent
            conversation.agent_seen_utc = self._clock()
            return logged_message((row, None, None), created=True)

        return self._database.write(work)

    def append_reply(
        self, conversation_id: str, reply: Reply, evidence: Evidence, *, answers: int, burst: Sequence[int] = ()
    ) -> LoggedMessage:
        """Log the bot's reply with its decision in one transaction; a hand-off makes the queue the owner with it.

        ``answers`` is the sequence of the customer's message, which is answered once: a second reply to it is not
        logged, the first one is given back with ``created=False``. ``burst`` lists the messages that wait and that the
        reply answers, it among them; without one it is answered whether or not it waits.

        Raises:
            ConversationNotFoundError: no conversation has this id.
            MessageNotFoundError: ``answers`` is no customer's message.
            OwnedByPersonError: a person or the queue took the conversation meanwhile; nothing was logged.
            TurnTakenError: a message of the burst waits no longer; nothing was logged.
        """
        text = storable_text(reply.text, "reply")

        def work(session: Session) -> LoggedMessage:
            conversation = conversation_row(session, conversation_id, lock=True)
            if (known := reply_row(session, conversation_id, answers)) is not None:
                return logged_message(known)
            asked = logged_row(session, conversation_id, MessageRow.sequence == answers)
            if asked is None or asked[0].role != Role.CUSTOMER:
                raise MessageNotFoundError(f"conversation {conversation_id} has no customer message {answers}")
            if conversation.owner != Owner.BOT:
                raise OwnedByPersonError(
                    f"conversation {conversation_id} is with the {conversation.owner}: stay silent"
                )
            row = self._append(session, conversation, Role.BOT, text)
            row.answers = answers
            session.flush()
            settle_turn(session, conversation, answered_by=row.sequence, answers=answers, burst=set(burst))
            insert_missing(session, LoggedPassageRow, passage_rows(evidence))
            decision = decision_row(row.id, reply, evidence)
            session.add(decision)
            if reply.decision.action is Action.HANDOFF:
                move_owner(
                    session, conversation, Move.HAND_OFF, by="bot", reason=reply.decision.reason, now=row.sent_utc
                )
            return logged_message((row, decision, None), created=True)

        return self._database.write(work)

    def reply_to(self, conversation_id: str, sequence: int) -> LoggedMessage | None:
        """Give the bot's reply to a customer's message, or None where there is none (yet)."""
        found = self._database.read(lambda session: reply_row(session, conversation_id, sequence))
        return None if found is None else logged_message(found)

    def messages_after(self, conversation_id: str, sequence: int) -> list[LoggedMessage]:
        """Give the messages behind a sequence number (0 = all), in order, without gaps; empty for an unknown id."""
        later = MessageRow.sequence > sequence
        rows = self._database.read(lambda session: logged_rows(session, conversation_id, later))
        return [logged_message(row) for row in rows]

    def add_feedback(self, conversation_id: str, sequence: int, *, helpful: bool, comment: str | None = None) -> None:
        """Keep the customer's thumb on a bot message; a later one replaces it.

        Raises:
            InvalidTextError: the comment cannot be stored; a blank one counts as none.
            ConversationNotFoundError: no conversation has this id.
            MessageNotFoundError: ``sequence`` is no message of the bot.
        """
        written = storable_text(comment, "comment") if comment and comment.strip() else None

        def work(session: Session) -> None:
            conversation_row(session, conversation_id, lock=True)
            found = logged_row(session, conversation_id, MessageRow.sequence == sequence)
            if found is None or found[0].role != Role.BOT:
                raise MessageNotFoundError(f"conversation {conversation_id} has no bot message {sequence}")
            session.merge(
                FeedbackRow(message_id=found[0].id, helpful=helpful, comment=written, given_utc=self._clock())
            )

        self._database.write(work)

    def search(self, text: str, *, limit: int = 50) -> list[SearchHit]:
        """Find the newest messages of all conversations that hold every word of the text; no syntax, never an error."""

        def work(session: Session) -> list[SearchHit]:
            without_compiler(session)
            ids = [hit.message_id for hit in newest_hits(session, query_tokens(text), limit)]
            rows = session.scalars(select(MessageRow).where(MessageRow.id.in_(ids)).order_by(MessageRow.id.desc()))
            return [SearchHit(row.conversation_id, row.sequence, message_value(row)) for row in rows]

        return self._database.read(work)

    def decisions_since(self, since_utc: datetime) -> Iterator[LoggedDecision]:
        """Give every bot message from a time on with its evidence, oldest first, a page in memory at a time."""
        last_id = 0
        while True:
            page = and_(MessageRow.sent_utc >= since_utc, MessageRow.id > last_id)
            rows, texts = self._database.read(functools.partial(explained_rows, condition=page, limit=DECISIONS_A_PAGE))
            for row, decision in rows:
                yield logged_decision(row, decision, texts)
            if len(rows) < DECISIONS_A_PAGE:
                return
            last_id = rows[-1][1].message_id

    def quoted_knowledge(self) -> set[str]:
        """Give the knowledge snapshots that answers in the log quote; reads all decisions."""
        quoting = DecisionRow.reason == Reason.PASSAGE
        statement = select(DecisionRow.knowledge_version).where(quoting).distinct()
        return self._database.read(lambda session: {version for version in session.scalars(statement) if version})

    def _append(self, session: Session, conversation: ConversationRow, role: Role, text: str) -> MessageRow:
        conversation.last_sequence += 1
        row = MessageRow(
            conversation_id=conversation.conversation_id,
            sequence=conversation.last_sequence,
            role=role.value,
            text=text,
            sent_utc=self._clock(),
            awaits_reply=False,
            reply_failed=False,
            search_tokens=search_tokens(text),
        )
        session.add(row)
        touch(conversation, row.sent_utc)
        return row
