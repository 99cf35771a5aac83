"""Full-text search over messages: FTS5 on SQLite, a GIN index of tsvectors on PostgreSQL, equal results on both.

Both are fed by ``messages.search_tokens``, made here, so that neither database's own word breaking counts. Knows
nothing of conversations: what else a hit must meet is given as a condition on its conversation's id.

Both give the newest hits without reading all of a common word: FTS5 walks backwards by itself; the GIN index also
holds each message's blocks of ids as tokens, so that a search looks at the newest blocks first and at more of them
only while it needs more hits.
"""

import json
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    SQLColumnExpression,
    String,
    Text,
    any_,
    column,
    func,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from bot.storage.tables import MessageRow
from retrieval.text import words

MAX_TOKEN_CHARACTERS = 64
MAX_TOKENS = 5_000
"""Distinct tokens kept of a message: a tsvector may not exceed 1 MB (64 characters of 4 bytes, with overhead)."""
MAX_QUERY_TOKENS = 64
BLOCK_IDS, LARGE_BLOCK_IDS = 4_096, 65_536
"""Ids that share a block token; migration 0003 has the same numbers in its index."""
_ROUNDS = (("#", BLOCK_IDS, 2), ("##", LARGE_BLOCK_IDS, 1), ("##", LARGE_BLOCK_IDS, 4))
"""Prefix of the block tokens, ids in a block, and how many blocks a round looks at."""

# Exactly the expression of the index.
_POSTGRESQL_MATCH = (
    "array_to_tsvector(string_to_array(messages.search_tokens, ' ') || ARRAY["
    f"'#' || CAST(messages.id / {BLOCK_IDS} AS text), '##' || CAST(messages.id / {LARGE_BLOCK_IDS} AS text)]) "
    "@@ CAST(:query AS tsquery)"
)

InConversation = Callable[[SQLColumnExpression[str]], ColumnElement[bool]]
"""Makes a condition of the column that holds a conversation's id."""


class Hit(NamedTuple):
    """A message that holds every word of a search."""

    message_id: int
    conversation_id: str
    sequence: int
    tokens: str


def search_tokens(written: str) -> str:
    """Make the column that is indexed: the distinct tokens of a text in order, joined by spaces."""
    return " ".join(_tokens(written, MAX_TOKENS))


def query_tokens(written: str) -> tuple[str, ...]:
    """Cut a query into the tokens that a hit must hold. Search syntax has no meaning; there may be none."""
    return tuple(_tokens(written, MAX_QUERY_TOKENS))


def holds(session: Session, tokens: tuple[str, ...]) -> ColumnElement[bool]:
    """Make the condition that a message holds all tokens, without the index: for messages that are few already."""
    place = func.strpos if on_postgresql(session) else func.instr
    padded = literal(" ") + MessageRow.search_tokens + " "
    condition: ColumnElement[bool] = place(padded, f" {tokens[0]} ") > 0
    for token in tokens[1:]:
        condition = condition & (place(padded, f" {token} ") > 0)
    return condition


def newest_hits(
    session: Session,
    tokens: tuple[str, ...],
    limit: int,
    *,
    up_to: int | None = None,
    where: InConversation | None = None,
) -> list[Hit]:
    """Find the newest messages that hold all tokens, newest first.

    Args:
        tokens: from `query_tokens`; without one nothing is found.
        limit: of the hits.
        up_to: the highest id to look at; None: all.
        where: what the conversation of a hit must meet.
    """
    if not tokens or limit < 1:
        return []
    if not on_postgresql(session):
        return _sqlite_hits(session, tokens, limit, up_to, where)
    newest = up_to if up_to is not None else session.scalar(select(func.max(MessageRow.id))) or 0
    found: list[Hit] = []
    for query, highest in _postgresql_rounds(tokens, newest):
        found += _postgresql_hits(session, query, highest, limit - len(found), where)
        if len(found) == limit:
            break
    return found


def among(session: Session, key: SQLColumnExpression[str], wanted: Collection[str]) -> ColumnElement[bool]:
    """Make the condition that a key is one of many, as one parameter: hundreds of them take longer than their rows."""
    if on_postgresql(session):
        return key == any_(literal(list(wanted), ARRAY(Text)))
    rows = func.json_each(json.dumps(list(wanted))).table_valued("value")
    return key.in_(select(rows.c.value))


def without_compiler(session: Session) -> None:
    """Keep PostgreSQL from compiling the statements of this transaction: that takes longer than they do."""
    if on_postgresql(session):
        session.execute(text("SET LOCAL jit = off"))


def on_postgresql(session: Session) -> bool:
    """Whether this is PostgreSQL; it is SQLite otherwise."""
    return session.get_bind().dialect.name == "postgresql"


def _tokens(written: str, most: int) -> list[str]:
    kept = dict.fromkeys(token[:MAX_TOKEN_CHARACTERS] for token in words(written) if token)
    return list(kept)[:most]


def _sqlite_hits(
    session: Session, tokens: tuple[str, ...], limit: int, up_to: int | None, where: InConversation | None
) -> list[Hit]:
    phrases = " AND ".join('"' + token.replace('"', '""') + '"' for token in tokens)
    rowid = column("rowid", MessageRow.id.type)
    found = table("message_search", rowid)
    # "+ 0" keeps the planner from asking the full-text index once for each message.
    statement = (
        select(MessageRow.id, MessageRow.conversation_id, MessageRow.sequence, MessageRow.search_tokens)
        .select_from(found.join(MessageRow, MessageRow.id == found.c.rowid + 0))
        .where(text("message_search MATCH :query").bindparams(query=phrases))
        .order_by(found.c.rowid.desc())
        .limit(limit)
    )
    if up_to is not None:
        statement = statement.where(found.c.rowid <= up_to)
    if where is not None:
        statement = statement.where(where(MessageRow.conversation_id))
    return [Hit(*row) for row in session.execute(statement)]


def _postgresql_rounds(tokens: tuple[str, ...], newest: int) -> Iterator[tuple[str, int]]:
    """Give queries, each with the highest id that it is for; each round goes on where the one before ended."""
    lexemes = " & ".join("'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in tokens)
    highest = newest
    for prefix, ids, blocks in _ROUNDS:
        last = highest // ids
        first = max(0, last - blocks + 1)
        alternatives = " | ".join(f"'{prefix}{block}'" for block in range(first, last + 1))
        yield f"{lexemes} & ({alternatives})", highest
        highest = first * ids - 1
        if highest < 0:
            return
    yield lexemes, highest


def _postgresql_hits(session: Session, query: str, highest: int, limit: int, where: InConversation | None) -> list[Hit]:
    # Materialised: the planner must not walk all messages backwards in the hope of meeting enough hits.
    hits = (
        select(MessageRow.id, MessageRow.conversation_id, MessageRow.sequence, MessageRow.search_tokens)
        .where(text(_POSTGRESQL_MATCH).bindparams(query=query), MessageRow.id <= highest)
        .cte("hits")
        .prefix_with("MATERIALIZED")
    )
    statement = select(*hits.c).order_by(hits.c.id.desc()).limit(limit)
    if where is not None:
        statement = statement.where(where(hits.c.conversation_id.cast(String)))
    return [Hit(*row) for row in session.execute(statement)]
