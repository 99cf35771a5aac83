"""What label audits find, and people's verdicts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "label_findings",
        sa.Column("id", ROW_ID, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "given")),
        sa.Column("suggested", sa.Text()),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("message_id", ROW_ID, sa.ForeignKey("messages.id", ondelete="CASCADE")),
        *(sa.Column(name, sa.Text()) for name in ("file", "fingerprint")),
        *(sa.Column(name, JSON, nullable=False) for name in ("examples", "figures")),
        sa.Column("found_utc", UTC, nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("verdict", "intent", "judged_by")),
        sa.Column("judged_utc", UTC),
    )
    op.create_index("ix_label_findings_verdict", "label_findings", ["verdict", "score"])
    op.create_index("ix_label_findings_message_id", "label_findings", ["message_id"])
