"""The typed table of what label audits found, with people's verdicts. Holds no customer's words."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.columns import Base, RowId
from bot.storage.tables import MessageRow


class LabelFindingRow(Base):
    """A finding: about a bot message that was reviewed and goes with it, a row of a file, or an intent as a whole."""

    __tablename__ = "label_findings"
    __table_args__ = (
        Index("ix_label_findings_verdict", "verdict", "score"),
        Index("ix_label_findings_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str]
    given: Mapped[str]
    suggested: Mapped[str | None]
    score: Mapped[float]
    message_id: Mapped[int | None] = mapped_column(RowId, ForeignKey(MessageRow.id, ondelete="CASCADE"))
    file: Mapped[str | None]
    fingerprint: Mapped[str | None]
    examples: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    found_utc: Mapped[datetime]
    verdict: Mapped[str | None]
    intent: Mapped[str | None]
    judged_by: Mapped[str | None]
    judged_utc: Mapped[datetime | None]
