"""The newest messages that hold words, in conversations that meet a filter; and their ranking. Knows no pages.

Two roads give the same hits wherever there are no more than wanted. Backwards: from the newest message that holds the
words to older ones, each looked up whether its conversation meets the filter. Walking: through the conversations that
meet the filter, newest first, each looked through for the words. A few hits at hand say which one is shorter.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.storage.search import Hit, among, holds, newest_hits
from bot.storage.tables import ConversationRow, MessageRow
from bot.storage.transcript_filter import Key, Narrow, Part, in_conversation, keys_of, narrowest

SAMPLE = 400
FEW = 10_000
"""Up to so many index entries of a part are read before anything else is looked at, to find hits."""
_WALK_AT_ONCE = 500
"""Index entries that lead to so few conversations that looking through them all is cheap."""
_MESSAGES_A_CONVERSATION = 5
_LEAST, _MOST = 100, 4_000
"""Conversations that a walk looks through at a time."""


def filtered_hits(
    session: Session, tokens: tuple[str, ...], parts: list[Part], *, up_to: int, limit: int, until_utc: datetime | None
) -> list[Hit]:
    """Find messages that hold all tokens in conversations that meet all parts, newest messages first.

    Where there are more than the limit, they are the newest messages, or those of the newest conversations.

    Args:
        tokens: from ``query_tokens``.
        parts: of the filter.
        up_to: the highest message id to look at.
        limit: of the hits.
        until_utc: the filter's: with it the newest messages tell nothing about those that meet it.
    """
    if not parts:
        return newest_hits(session, tokens, limit, up_to=up_to)
    newest = newest_hits(session, tokens, SAMPLE, up_to=up_to)
    if len(newest) < SAMPLE:  # these are all
        met = _meeting(session, [hit.conversation_id for hit in newest], parts)
        return [hit for hit in newest if hit.conversation_id in met]
    narrow = narrowest(session, parts, FEW)
    if narrow is not None and narrow.entries <= _WALK_AT_ONCE:
        return _walk(session, tokens, parts, narrow, up_to, limit, _MOST)
    share_of_words = SAMPLE / max(SAMPLE, up_to - newest[-1].message_id)
    met = _meeting(session, [hit.conversation_id for hit in newest], parts)
    meeting = sum(hit.conversation_id in met for hit in newest) / SAMPLE
    if is_backwards_shorter(
        wanted=limit,
        messages=up_to,
        share_of_words=share_of_words,
        share_meeting=meeting,
        entries=narrow.entries if narrow else None,
        ends_early=until_utc is not None,
    ):
        return newest_hits(
            session, tokens, limit, up_to=up_to, where=lambda identifier: in_conversation(parts, identifier)
        )
    enough = round(1.3 * limit / (share_of_words * _MESSAGES_A_CONVERSATION))
    if enough <= _MOST:
        found = _latest(session, tokens, parts, up_to, enough)
        if len(found) >= limit:
            return found[:limit]
    return _walk(session, tokens, parts, narrow, up_to, limit, enough)


def is_backwards_shorter(
    *, wanted: int, messages: int, share_of_words: float, share_meeting: float, entries: int | None, ends_early: bool
) -> bool:
    """Estimate which road looks up fewer rows.

    Args:
        wanted: hits to find.
        messages: in the log.
        share_of_words: of the messages that hold the words, 0..1.
        share_meeting: of the newest of them whose conversations meet the filter, 0..1.
        entries: index entries of the filter's narrowest part; None: more than `FEW`.
        ends_early: the filter leaves out the newest conversations, so that backwards means through all of them.
    """
    all_hits = messages * share_of_words
    backwards = all_hits if ends_early else min(all_hits, wanted / max(share_meeting, 0.5 / SAMPLE))
    conversations = messages / _MESSAGES_A_CONVERSATION
    meeting = min(conversations, entries if entries is not None else max(FEW, share_meeting * conversations))
    # Of each conversation that is visited all messages are looked at.
    visited = min(meeting, wanted / (share_of_words * _MESSAGES_A_CONVERSATION))
    finding = entries if entries is not None else visited * conversations / meeting
    return backwards <= finding + visited * _MESSAGES_A_CONVERSATION


def walk_hits(
    session: Session, tokens: tuple[str, ...], conversation_ids: Collection[str], up_to: int | None = None
) -> list[Hit]:
    """Find the messages that hold all tokens in some conversations, newest messages first."""
    statement = select(MessageRow.id, MessageRow.conversation_id, MessageRow.sequence, MessageRow.search_tokens).where(
        among(session, MessageRow.conversation_id, conversation_ids), holds(session, tokens)
    )
    if up_to is not None:
        statement = statement.where(MessageRow.id <= up_to)
    return sorted((Hit(*row) for row in session.execute(statement)), reverse=True)


def score(tokens: tuple[str, ...], hit: Hit) -> float:
    """Say how well a message fits, 0..2: how close the words stand where they come first, and their share of it."""
    spoken = hit.tokens.split(" ")
    places = [spoken.index(token) for token in tokens if token in spoken]
    if not places:
        return 0.0
    closeness = len(places) / (max(places) - min(places) + 1)
    return closeness + len(places) / len(spoken)


def ranked(tokens: tuple[str, ...], hits: Sequence[Hit]) -> list[tuple[float, Hit]]:
    """Order hits, best first and newest first among equals; only the best one of each conversation stays."""
    ordered = sorted(((round(score(tokens, hit), 6), hit) for hit in hits), key=lambda found: (-found[0], -found[1][0]))
    best: dict[str, tuple[float, Hit]] = {}
    for found in ordered:
        best.setdefault(found[1].conversation_id, found)
    return list(best.values())


def highest_message(session: Session) -> int:
    """Give the highest message id, 0 without any."""
    return session.scalar(select(func.max(MessageRow.id))) or 0


def _latest(session: Session, tokens: tuple[str, ...], parts: list[Part], up_to: int, conversations: int) -> list[Hit]:
    """Look through the conversations of the newest replies that meet a part; there may be more hits elsewhere."""
    for part in parts:
        if part.newest is not None:
            newest = part.newest.where(MessageRow.id <= up_to).limit(round(1.2 * conversations))
            met = _meeting(session, session.scalars(newest).all(), [other for other in parts if other is not part])
            return walk_hits(session, tokens, met, up_to)
    return []


def _walk(
    session: Session,
    tokens: tuple[str, ...],
    parts: list[Part],
    narrow: Narrow | None,
    up_to: int,
    limit: int,
    enough: int,
) -> list[Hit]:
    found: list[Hit] = []
    after: Key | None = None
    size = min(max(enough, _LEAST), _MOST)
    while True:
        keys = keys_of(session, parts, narrow, after, size)
        found += walk_hits(session, tokens, {key.conversation_id for key in keys}, up_to)
        if len(found) >= limit or len(keys) < size:
            return sorted(found, reverse=True)[:limit]
        after = keys[-1]
        size = min(2 * size, _MOST)


def _meeting(session: Session, conversation_ids: Sequence[str], parts: list[Part]) -> set[str]:
    if not parts:
        return set(conversation_ids)
    here = among(session, ConversationRow.conversation_id, set(conversation_ids))
    conditions = (part.condition for part in parts)
    return set(session.scalars(select(ConversationRow.conversation_id).where(here, *conditions)))
