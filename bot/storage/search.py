"""Full-text search over messages: FTS5 on SQLite, a GIN index of tsvectors on PostgreSQL, equal results on both.

Both are fed by ``messages.search_tokens``, made here, so that neither database's own word breaking counts. Knows
nothing of conversations.
"""

from sqlalchemy import Select, column, select, table, text
from sqlalchemy.orm import Session

from bot.storage.tables import MessageRow
from retrieval.text import words

MAX_TOKEN_CHARACTERS = 64
MAX_TOKENS = 5_000
"""Distinct tokens kept of a message: a tsvector may not exceed 1 MB (64 characters of 4 bytes, with overhead)."""
MAX_QUERY_TOKENS = 64

_POSTGRESQL_MATCH = "array_to_tsvector(string_to_array(messages.search_tokens, ' ')) @@ CAST(:query AS tsquery)"


def search_tokens(written: str) -> str:
    """Make the column that is indexed: the distinct tokens of a text in order, joined by spaces."""
    return " ".join(_tokens(written, MAX_TOKENS))


def matching_messages(session: Session, query: str, limit: int) -> list[MessageRow]:
    """Find the newest messages that hold every word of the query, newest first.

    Search syntax in the query has no meaning; a query without a word finds nothing.
    """
    tokens = _tokens(query, MAX_QUERY_TOKENS)
    if not tokens or limit < 1:
        return []
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = _postgresql(tokens, limit) if on_postgresql else _sqlite(tokens, limit)
    return list(session.scalars(statement))


def _tokens(written: str, most: int) -> list[str]:
    kept = dict.fromkeys(token[:MAX_TOKEN_CHARACTERS] for token in words(written) if token)
    return list(kept)[:most]


def _sqlite(tokens: list[str], limit: int) -> Select[MessageRow]:
    phrases = " AND ".join('"' + token.replace('"', '""') + '"' for token in tokens)
    rowid = column("rowid", MessageRow.id.type)
    newest = (
        select(rowid)
        .select_from(table("message_search", rowid))
        .where(text("message_search MATCH :query").bindparams(query=phrases))
        .order_by(rowid.desc())
        .limit(limit)
    )
    return select(MessageRow).where(MessageRow.id.in_(newest)).order_by(MessageRow.id.desc())


def _postgresql(tokens: list[str], limit: int) -> Select[MessageRow]:
    lexemes = " & ".join("'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in tokens)
    return (
        select(MessageRow)
        .where(text(_POSTGRESQL_MATCH).bindparams(query=lexemes))
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
