"""Indexes for the dashboard: decisions without their wide columns, ratings by time, a customer's conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_decisions_figures", "decisions", ["message_id", "action", "intent", "latency_ms"])
    rated, known = sa.text("rating IS NOT NULL"), sa.text("customer_id IS NOT NULL")
    op.create_index(
        "ix_conversations_rated_utc", "conversations", ["rated_utc"], sqlite_where=rated, postgresql_where=rated
    )
    op.create_index(
        "ix_conversations_customer_id",
        "conversations",
        ["customer_id", "started_utc"],
        sqlite_where=known,
        postgresql_where=known,
    )
