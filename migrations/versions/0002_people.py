"""The people's side: hand-offs, staff, reviews, notes; and what delivery needs (leases, revisions, bursts)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns and tables; fill what old rows can tell."""
    _extend_conversations()
    _extend_messages()
    _extend_decisions()
    _create_conversation_tables()
    _create_reviews()
    _create_staff()


def _extend_conversations() -> None:
    texts = ("agent", "handoff_reason", "customer_id", "customer_name", "contact", "rating_comment", "lease_holder")
    times = ("updated_utc", "agent_seen_utc", "waiting_since_utc", "closed_utc", "rated_utc", "lease_until_utc")
    for name in texts:
        op.add_column("conversations", sa.Column(name, sa.Text()))
    for name in times:
        op.add_column("conversations", sa.Column(name, UTC))
    op.add_column("conversations", sa.Column("rating", sa.Integer()))
    for name in ("revision", "reply_attempts"):
        op.add_column("conversations", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    newest = "(SELECT max(sent_utc) FROM messages WHERE messages.conversation_id = conversations.conversation_id)"
    op.execute(f"UPDATE conversations SET updated_utc = COALESCE({newest}, started_utc), revision = last_sequence")
    op.execute("UPDATE conversations SET waiting_since_utc = updated_utc WHERE owner = 'queue'")
    with op.batch_alter_table("conversations") as batch:
        batch.alter_column("updated_utc", nullable=False)
        for name in ("revision", "reply_attempts"):
            batch.alter_column(name, server_default=None)
    op.create_index("ix_conversations_owner", "conversations", ["owner", "waiting_since_utc"])
    op.create_index("ix_conversations_started_utc", "conversations", ["started_utc"])
    op.create_index("ix_conversations_updated_utc", "conversations", ["updated_utc"])


def _extend_messages() -> None:
    op.add_column("messages", sa.Column("answered_by", sa.Integer()))
    op.add_column("messages", sa.Column("author", sa.Text()))
    # A column of booleans with a default is added in place; a table of a million messages is not copied for it.
    op.add_column("messages", sa.Column("reply_failed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE messages SET answered_by = (SELECT reply.sequence FROM messages AS reply "
        "WHERE reply.conversation_id = messages.conversation_id AND reply.answers = messages.sequence) "
        "WHERE role = 'customer'"
    )


def _extend_decisions() -> None:
    op.add_column("decisions", sa.Column("intent", sa.Text()))
    first = "ranking->0->>0" if op.get_bind().dialect.name == "postgresql" else "json_extract(ranking, '$[0][0]')"
    op.execute(f"UPDATE decisions SET intent = {first}")
    op.create_index("ix_decisions_intent", "decisions", ["intent", "message_id"])


def _conversation_id(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["conversation_id"],
        ["conversations.conversation_id"],
        name=f"fk_{table}_conversation_id",
        ondelete="CASCADE",
    )


def _create_conversation_tables() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("from_owner", sa.Text(), nullable=False),
        sa.Column("to_owner", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("at_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
        _conversation_id("transitions"),
    )
    op.create_index("ix_transitions_conversation_id", "transitions", ["conversation_id"])
    op.create_index("ix_transitions_at_utc", "transitions", ["at_utc"])
    op.create_table(
        "notes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        _conversation_id("notes"),
    )
    op.create_index("ix_notes_conversation_id", "notes", ["conversation_id"])
    op.create_table(
        "labels",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "label", name="pk_labels"),
        _conversation_id("labels"),
    )
    op.create_index("ix_labels_label", "labels", ["label"])
    op.create_table(
        "canned_replies",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_canned_replies"),
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("message_id", ROW_ID, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text()),
        sa.Column("reply_text", sa.Text()),
        sa.Column("reply_id", sa.Text()),
        sa.Column("passage", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("reviewed_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_reviews_message_id", ondelete="CASCADE"),
        sa.UniqueConstraint("message_id", "reviewer", name="uq_reviews_message_id_reviewer"),
    )
    op.create_index("ix_reviews_reviewed_utc", "reviews", ["reviewed_utc"])


def _create_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_utc", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_staff"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("session_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_utc", UTC, nullable=False),
        sa.Column("expires_utc", UTC, nullable=False),
        sa.Column("revoked_utc", UTC),
        sa.PrimaryKeyConstraint("session_hash", name="pk_staff_sessions"),
        sa.ForeignKeyConstraint(["name"], ["staff.name"], name="fk_staff_sessions_name", ondelete="CASCADE"),
    )
    op.create_index("ix_staff_sessions_name", "staff_sessions", ["name"])
    op.create_table(
        "audit_log",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at_utc", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at_utc", "audit_log", ["at_utc"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor", "action", "at_utc"])
