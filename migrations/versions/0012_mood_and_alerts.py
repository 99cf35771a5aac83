"""Alerts with their messages, and indexes for the mood of turns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables and indexes; the dashboard's covering index holds the mood too."""
    op.create_table(
        "alerts",
        sa.Column("id", ROW_ID, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "series")),
        *(sa.Column(name, UTC, nullable=False) for name in ("from_utc", "until_utc")),
        sa.Column("observed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("usual_most", sa.Integer(), nullable=False),
        sa.Column("picture", JSON, nullable=False),
        sa.Column("raised_utc", UTC, nullable=False),
        sa.Column("ended_utc", UTC),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged_utc", UTC),
    )
    lasting, waiting = sa.text("ended_utc IS NULL"), sa.text("state = 'waiting'")
    op.create_index(
        "uq_alerts_open", "alerts", ["kind", "series"], unique=True, sqlite_where=lasting, postgresql_where=lasting
    )
    op.create_index("ix_alerts_raised_utc", "alerts", ["raised_utc"])
    op.create_table(
        "alert_deliveries",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("alert_id", ROW_ID, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("channel", "event", "state")),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_utc", UTC, nullable=False),
        sa.Column("reason", sa.Text()),
    )
    op.create_index("ix_alert_deliveries_alert_id", "alert_deliveries", ["alert_id"])
    op.create_index(
        "ix_alert_deliveries_next",
        "alert_deliveries",
        ["next_try_utc"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.drop_index("ix_decisions_figures", "decisions")
    op.create_index("ix_decisions_figures", "decisions", ["message_id", "action", "intent", "sentiment", "latency_ms"])
    op.create_index("ix_decisions_sentiment", "decisions", ["sentiment", "message_id"])
