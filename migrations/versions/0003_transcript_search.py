"""Transcripts: indexes for their filters, and a full-text index that gives the newest hits of a common word fast."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# detail=none: each message's tokens are distinct and phrases are never asked for, so that no place need be kept.
SQLITE_SEARCH = (
    "DROP TABLE message_search",
    "CREATE VIRTUAL TABLE message_search USING fts5"
    "(search_tokens, content='messages', content_rowid='id', tokenize='ascii', detail=none, columnsize=0)",
    "INSERT INTO message_search(message_search) VALUES ('rebuild')",
)
# The blocks of ids (see bot/storage/search.py) are two more tokens. Without a list of pending entries a search costs
# the same whenever it comes.
POSTGRESQL_SEARCH = (
    "DROP INDEX IF EXISTS message_search",
    "CREATE INDEX message_search ON messages USING gin (array_to_tsvector(string_to_array(search_tokens, ' ') || "
    "ARRAY['#' || CAST(id / 4096 AS text), '##' || CAST(id / 65536 AS text)])) WITH (fastupdate = off)",
)


def upgrade() -> None:
    """Make the indexes; no row changes, and the triggers of 0001 go on feeding SQLite's."""
    op.drop_index("ix_conversations_started_utc", "conversations")
    op.create_index("ix_conversations_started_utc", "conversations", ["started_utc", "conversation_id"])
    op.create_index("ix_conversations_channel", "conversations", ["channel"])
    for name in ("action", "confidence", "bundle_version"):
        op.create_index(f"ix_decisions_{name}", "decisions", [name, "message_id"])
    op.create_index("ix_feedback_helpful", "feedback", ["helpful", "message_id"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_SEARCH if on_sqlite else POSTGRESQL_SEARCH:
        op.execute(sa.text(statement))
