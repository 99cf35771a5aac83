"""The loop: runs of `improve`, replayed replies that differ, marks of the golden set."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "improve_runs",
        sa.Column("id", ROW_ID, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "by")),
        sa.Column("started_utc", UTC, nullable=False),
        sa.Column("finished_utc", UTC),
        sa.Column("step", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("done", "total")),
        *(sa.Column(name, sa.Text()) for name in ("dataset_version", "bundle_version", "parent_bundle")),
        sa.Column("reviews_until_utc", UTC),
        *(sa.Column(name, JSON, nullable=False) for name in ("gates", "figures")),
        sa.Column("reason", sa.Text()),
    )
    op.create_table(
        "replay_differences",
        sa.Column("run_id", ROW_ID, sa.ForeignKey("improve_runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("message_id", ROW_ID, sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("risk", sa.Double(), nullable=False),
        *(sa.Column(name, JSON, nullable=False) for name in ("before", "after")),
        *(sa.Column(name, sa.Text()) for name in ("verdict", "reviewer")),
        sa.Column("reviewed_utc", UTC),
    )
    op.create_index("ix_replay_differences_risk", "replay_differences", ["run_id", "risk"])
    op.create_index("ix_replay_differences_message_id", "replay_differences", ["message_id"])
    op.create_table(
        "golden_marks",
        sa.Column("message_id", ROW_ID, sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at_utc", UTC, nullable=False),
    )
