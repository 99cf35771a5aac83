"""The session log, replies, articles, jobs, and full-text search over messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The tokens come ready-made; these only have to keep them whole: every non-ASCII character is part of a word.
SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE message_search USING fts5"
    "(search_tokens, content='messages', content_rowid='id', tokenize='ascii')",
    "CREATE TRIGGER message_search_insert AFTER INSERT ON messages BEGIN "
    "INSERT INTO message_search(rowid, search_tokens) VALUES (new.id, new.search_tokens); END",
    "CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN "
    "INSERT INTO message_search(message_search, rowid, search_tokens) "
    "VALUES ('delete', old.id, old.search_tokens); END",
    "CREATE TRIGGER message_search_update AFTER UPDATE OF id, search_tokens ON messages BEGIN "
    "INSERT INTO message_search(message_search, rowid, search_tokens) "
    "VALUES ('delete', old.id, old.search_tokens); "
    "INSERT INTO message_search(rowid, search_tokens) VALUES (new.id, new.search_tokens); END",
)
POSTGRESQL_SEARCH = (
    "CREATE INDEX message_search ON messages USING gin (array_to_tsvector(string_to_array(search_tokens, ' ')))",
)


def upgrade() -> None:
    """Create everything; the caller's transaction holds it all."""
    _create_log()
    _create_explanations()
    _create_replies()
    _create_articles()
    _create_jobs()
    for statement in SQLITE_SEARCH if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_SEARCH:
        op.execute(statement)


def _create_log() -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("started_utc", UTC, nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
    )
    op.create_table(
        "messages",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_utc", UTC, nullable=False),
        sa.Column("client_message_id", sa.Text()),
        sa.Column("answers", sa.Integer()),
        sa.Column("awaits_reply", sa.Boolean(), nullable=False),
        sa.Column("search_tokens", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.conversation_id"],
            name="fk_messages_conversation_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("conversation_id", "sequence", name="uq_messages_conversation_id_sequence"),
        sa.UniqueConstraint(
            "conversation_id", "client_message_id", name="uq_messages_conversation_id_client_message_id"
        ),
        sa.UniqueConstraint("conversation_id", "answers", name="uq_messages_conversation_id_answers"),
    )
    waiting = sa.text("awaits_reply")
    op.create_index("ix_messages_awaiting", "messages", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_messages_sent_utc", "messages", ["sent_utc"])


def _create_explanations() -> None:
    op.create_table(
        "decisions",
        sa.Column("message_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double()),
        sa.Column("ranking", JSON, nullable=False),
        sa.Column("out_of_scope", sa.Double()),
        sa.Column("sentiment", sa.Text()),
        sa.Column("foreign_reason", sa.Text()),
        sa.Column("passages", JSON, nullable=False),
        sa.Column("replies", JSON, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("bundle_version", sa.Text(), nullable=False),
        sa.Column("knowledge_version", sa.Text()),
        sa.Column("replies_version", sa.Text()),
        sa.Column("latency_ms", sa.Double()),
        sa.PrimaryKeyConstraint("message_id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_decisions_message_id", ondelete="CASCADE"),
    )
    op.create_table(
        "logged_passages",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("passage_id", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_uri", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_logged_passages"),
    )
    op.create_table(
        "feedback",
        sa.Column("message_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("given_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_feedback_message_id", ondelete="CASCADE"),
    )


def _create_replies() -> None:
    op.create_table(
        "replies",
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_replies"),
    )
    op.create_table(
        "reply_versions",
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("intents", JSON, nullable=False),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.Column("risky", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_utc", UTC, nullable=False),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_utc", UTC),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_utc", UTC),
        sa.PrimaryKeyConstraint("reply_id", "version", name="pk_reply_versions"),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["replies.reply_id"], name="fk_reply_versions_reply_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_reply_versions_state", "reply_versions", ["state"])


def _create_articles() -> None:
    op.create_table(
        "articles",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_articles"),
    )
    op.create_table(
        "article_versions",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("source_uri", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "version", name="pk_article_versions"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["articles.document_id"], name="fk_article_versions_document_id", ondelete="CASCADE"
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("enqueued_utc", UTC, nullable=False),
        sa.Column("finished_utc", UTC),
        sa.Column("taken_by", sa.Text()),
        sa.Column("lease_until_utc", UTC),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "id"])
