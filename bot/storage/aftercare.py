"""What a customer leaves besides messages: where to answer them, and how it was. Knows no policy and no pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from bot.errors import InvalidTextError
from bot.storage.database import Database
from bot.storage.inputs import is_storable, storable_text
from bot.storage.log_queries import conversation_row, touch
from bot.storage.records import Clock
from bot.storage.tables import ConversationRow

BEST_RATING = 5
MAX_COMMENT_CHARACTERS = 1000
_Change = Callable[[ConversationRow], None]


@dataclass(frozen=True, slots=True)
class Left:
    """What one customer left.

    Attributes:
        contact: an e-mail address for the answer.
        rating: 1 (bad) to 5 (good).
    """

    contact: str | None = None
    rating: int | None = None
    comment: str | None = None
    rated_utc: datetime | None = None


class Aftercare:
    """Keeps contacts and ratings; the latest of each counts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, conversation_id: str) -> Left:
        """Give what the customer of a conversation left; nothing for an unknown id."""
        known = is_storable(conversation_id)
        row = self._database.read(lambda session: session.get(ConversationRow, conversation_id)) if known else None
        return Left() if row is None else Left(row.contact, row.rating, row.rating_comment, row.rated_utc)

    def keep_contact(self, conversation_id: str, email: str) -> str:
        """Keep an e-mail address to answer to.

        Returns:
            The address in its usual form.

        Raises:
            InvalidTextError: it is no e-mail address.
            ConversationNotFoundError: no conversation has this id.
        """
        address = _email(email)

        def work(row: ConversationRow) -> None:
            row.contact = address

        self._change(conversation_id, work)
        return address

    def rate(self, conversation_id: str, rating: int, comment: str | None = None) -> None:
        """Keep how the customer found the conversation, 1 to 5; a blank comment counts as none.

        Raises:
            InvalidTextError: another number, or a comment that cannot be stored.
            ConversationNotFoundError: no conversation has this id.
        """
        if not 1 <= rating <= BEST_RATING:
            raise InvalidTextError(f"a rating is a number from 1 to {BEST_RATING}")
        kept = comment and comment.strip()
        written = storable_text(kept, "comment", limit=MAX_COMMENT_CHARACTERS) if kept else None

        def work(row: ConversationRow) -> None:
            row.rating, row.rating_comment, row.rated_utc = rating, written, self._clock()

        self._change(conversation_id, work)

    def _change(self, conversation_id: str, work: _Change) -> None:
        def change(session: Session) -> None:
            row = conversation_row(session, conversation_id, lock=True)
            work(row)
            touch(row, self._clock())

        self._database.write(change)


def _email(text: str) -> str:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidTextError("this is no e-mail address: write one such as name@example.com") from error
