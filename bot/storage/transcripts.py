"""Conversations as staff look for them: pages by filter and search, whole transcripts, all of a filter for export.

Knows no roles and no pages of the console.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.storage.database import Database
from bot.storage.evidence import logged_decision, logged_message
from bot.storage.log_queries import conversation_row, whole_logs
from bot.storage.people_tables import LabelRow
from bot.storage.search import Hit, query_tokens, without_compiler
from bot.storage.tables import ConversationRow, DecisionRow
from bot.storage.transcript_filter import Key, count_of, keys_of, narrowest, parts_of
from bot.storage.transcript_hits import filtered_hits, highest_message, ranked, walk_hits
from bot.storage.transcript_records import (
    CAP,
    Total,
    Transcript,
    TranscriptChoices,
    TranscriptCursor,
    TranscriptFilter,
    TranscriptPage,
)
from bot.storage.transcript_summaries import summaries_of

T = TypeVar("T")

PAGE = 50
EXPORT_PAGE = 100
MAX_CHOICES = 500


class Transcripts:
    """The log by filter. Reads only; every call may come from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, wanted: TranscriptFilter, after: TranscriptCursor | None = None, *, limit: int = PAGE
    ) -> TranscriptPage:
        """Give a page of the conversations that meet a filter.

        Without a search they come newest first. With one, the newest hits up to `CAP` are ranked; a conversation comes
        once, with its best hit.

        Args:
            wanted: the filter.
            after: ``following`` of the page before, of the same filter.
            limit: conversations on the page.
        """
        read = self._searched if wanted.text.strip() else self._listed
        return self._read(lambda session: read(session, wanted, after, limit))

    def open(self, conversation_id: str) -> Transcript:
        """Give a whole conversation with what the bot thought.

        Raises:
            ConversationNotFoundError: no conversation has this id.
        """

        def work(session: Session) -> Transcript:
            conversation_row(session, conversation_id)
            return _transcripts(session, [conversation_id])[0]

        return self._read(work)

    def every(self, wanted: TranscriptFilter) -> Iterator[Transcript]:
        """Give all conversations that meet a filter, newest first; `EXPORT_PAGE` are in memory at a time.

        A search is not cut off at `CAP` here. What changes meanwhile may be in or not.
        """
        after: Key | None = None
        while True:
            keys, transcripts = self._read(functools.partial(_next_ones, wanted=wanted, after=after))
            yield from transcripts
            if len(keys) < EXPORT_PAGE:
                return
            after = keys[-1]

    def choices(self) -> TranscriptChoices:
        """Give what there is to filter by, at most `MAX_CHOICES` of each."""
        return self._read(
            lambda session: TranscriptChoices(
                intents=_distinct(session, DecisionRow.intent),
                labels=_distinct(session, LabelRow.label),
                bundle_versions=_distinct(session, DecisionRow.bundle_version),
                channels=_distinct(session, ConversationRow.channel),
                moods=_distinct(session, DecisionRow.sentiment),
            )
        )

    def _read(self, work: Callable[[Session], T]) -> T:
        def prepared(session: Session) -> T:
            without_compiler(session)
            return work(session)

        return self._database.read(prepared)

    def _listed(
        self, session: Session, wanted: TranscriptFilter, after: TranscriptCursor | None, limit: int
    ) -> TranscriptPage:
        parts = parts_of(wanted)
        narrow = narrowest(session, parts)
        behind = Key(after.started_utc, after.conversation_id) if after and after.started_utc else None
        keys = keys_of(session, parts, narrow, behind, limit + 1)
        total = None
        if after is None:
            number = count_of(session, parts, narrow, CAP + 1)
            total = Total(min(number, CAP), number > CAP)
        shown = keys[:limit]
        following = TranscriptCursor(*shown[-1]) if len(keys) > limit else None
        return TranscriptPage(summaries_of(session, [key.conversation_id for key in shown]), total, following)

    def _searched(
        self, session: Session, wanted: TranscriptFilter, after: TranscriptCursor | None, limit: int
    ) -> TranscriptPage:
        tokens = query_tokens(wanted.text)
        up_to = after.up_to if after else highest_message(session)
        hits = _hits(session, wanted, tokens, up_to, CAP + 1)
        places = ranked(tokens, hits[:CAP])
        if after is not None:
            behind = (-after.score, -after.message_id)
            places = [place for place in places if (-place[0], -place[1].message_id) > behind]
        shown = places[:limit]
        following = None
        if len(places) > limit:
            following = TranscriptCursor(up_to=up_to, score=shown[-1][0], message_id=shown[-1][1].message_id)
        total = Total(min(len(hits), CAP), len(hits) > CAP) if after is None else None
        return TranscriptPage(summaries_of(session, [hit for _, hit in shown]), total, following)


def _hits(session: Session, wanted: TranscriptFilter, tokens: tuple[str, ...], up_to: int, limit: int) -> list[Hit]:
    if not tokens:
        return []
    return filtered_hits(session, tokens, parts_of(wanted), up_to=up_to, limit=limit, until_utc=wanted.until_utc)


def _next_ones(session: Session, wanted: TranscriptFilter, after: Key | None) -> tuple[Sequence[Key], list[Transcript]]:
    """Read the next conversations that meet the filter but for its text, and those of them that hold the text too."""
    parts = parts_of(wanted)
    keys = keys_of(session, parts, narrowest(session, parts), after, EXPORT_PAGE)
    identifiers = [key.conversation_id for key in keys]
    if wanted.text.strip():
        tokens = query_tokens(wanted.text)
        holding = {hit.conversation_id for hit in walk_hits(session, tokens, identifiers)} if tokens else set()
        identifiers = [identifier for identifier in identifiers if identifier in holding]
    return keys, _transcripts(session, identifiers)


def _transcripts(session: Session, conversation_ids: Sequence[str]) -> list[Transcript]:
    logs, texts = whole_logs(session, conversation_ids)
    found = []
    for summary in summaries_of(session, list(conversation_ids)):
        rows = logs[summary.conversation_id]
        decisions = {row[0].sequence: logged_decision(row, row[1], texts) for row in rows if row[1] is not None}
        found.append(Transcript(summary, tuple(logged_message(row) for row in rows), decisions))
    return found


def _distinct(session: Session, column: InstrumentedAttribute[Any]) -> tuple[str, ...]:
    """Read the values of an indexed column one after the other: much shorter than reading all rows."""
    found: list[str] = []
    while len(found) < MAX_CHOICES:
        statement: Select[Any] = select(column).where(column.is_not(None)).order_by(column).limit(1)
        if found:
            statement = statement.where(column > found[-1])
        value = session.scalar(statement)
        if value is None:
            break
        found.append(value)
    return tuple(found)
