"""Replies that reviewers' corrections of some conversations became: what to do with them when these are erased.

A correction may quote its customer. What nobody approved is overwritten; what a person approved is the company's own
text, shown to all, and stays for a person to look at. Knows no files.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, delete, not_, select
from sqlalchemy.orm import Session, aliased

from bot.storage.people_tables import ReviewRow
from bot.storage.search import among
from bot.storage.tables import MessageRow, ReplyRow, ReplyVersionRow
from bot.values import ReplyState

ERASED_TEXT = "(erased)"
ERASED_BY = "erasure"
"""Withdraws what it overwrites."""


def proposals_of(session: Session, conversation_ids: Collection[str]) -> tuple[int, set[str]]:
    """How many texts would be overwritten, and ids of the replies that stay because they were approved."""
    corrections = _corrections(session, conversation_ids)
    return len(_drafts(session, corrections)), _approved(session, corrections)


def erase_proposals(session: Session, conversation_ids: Collection[str]) -> tuple[int, set[str]]:
    """Overwrite what nobody approved and drop replies that have nothing else; as `proposals_of`. Before the reviews go.

    A version keeps its number, so that an editor who has the reply open is told that it changed.
    """
    corrections = _corrections(session, conversation_ids)
    drafts = _drafts(session, corrections)
    for reply_id, version in drafts:
        row = session.get(ReplyVersionRow, (reply_id, version), with_for_update=True)
        assert row is not None
        row.text, row.intents, row.risky = ERASED_TEXT, [], []
        if row.state == ReplyState.PROPOSED:
            row.state, row.withdrawn_by, row.withdrawn_utc = ReplyState.WITHDRAWN.value, ERASED_BY, row.created_utc
    session.flush()
    others = select(ReplyVersionRow.version).where(
        ReplyVersionRow.reply_id == ReplyRow.reply_id, ReplyVersionRow.text != ERASED_TEXT
    )
    touched = {reply_id for reply_id, _ in drafts}
    session.execute(delete(ReplyRow).where(ReplyRow.reply_id.in_(touched), ~others.exists()))
    return len(drafts), _approved(session, corrections)


def _corrections(session: Session, conversation_ids: Collection[str]) -> list[Any]:
    """(reply_id, text, reviewer, since) of each corrected reply that no review of another conversation has as well."""
    elsewhere, message = aliased(ReviewRow), aliased(MessageRow)
    same = and_(elsewhere.reply_id == ReviewRow.reply_id, elsewhere.reply_text == ReviewRow.reply_text)
    others = (
        select(elsewhere.id)
        .join(message, message.id == elsewhere.message_id)
        .where(same, not_(among(session, message.conversation_id, conversation_ids)))
    )
    statement = (
        select(ReviewRow.reply_id, ReviewRow.reply_text, ReviewRow.reviewer, MessageRow.sent_utc)
        .join(MessageRow, MessageRow.id == ReviewRow.message_id)
        .where(among(session, MessageRow.conversation_id, conversation_ids))
        .where(ReviewRow.reply_id.is_not(None), ReviewRow.reply_text.is_not(None), ~others.exists())
    )
    return list(session.execute(statement))


def _drafts(session: Session, corrections: Collection[Any]) -> list[tuple[str, int]]:
    """Versions that the reviewer wrote since the bot's message and nobody approved: the correction and its drafts."""
    found: set[tuple[str, int]] = set()
    for reply_id, _, reviewer, since in corrections:
        own = ReplyVersionRow.reply_id == reply_id, ReplyVersionRow.created_by == reviewer
        unapproved = ReplyVersionRow.approved_utc.is_(None), ReplyVersionRow.created_utc >= since
        statement = select(ReplyVersionRow.reply_id, ReplyVersionRow.version).where(*own, *unapproved)
        found |= {(row.reply_id, row.version) for row in session.execute(statement)}
    return sorted(found)


def _approved(session: Session, corrections: Collection[Any]) -> set[str]:
    found = set()
    for reply_id, text, *_ in corrections:
        same = ReplyVersionRow.reply_id == reply_id, ReplyVersionRow.text == text
        statement = select(ReplyVersionRow.version).where(*same, ReplyVersionRow.approved_utc.is_not(None))
        if session.scalars(statement).first() is not None:
            found.add(reply_id)
    return found
