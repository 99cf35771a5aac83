"""A whole conversation beside what is looked at, as the transcripts tab shows it. Knows no events."""

from bot.errors import ReplyNotFoundError
from ui.staff.services import StaffServices
from ui.staff.transcript_view import transcript_html


def opened_transcript(services: StaffServices, conversation_id: str) -> str:
    """The conversation as HTML.

    Raises:
        ConversationNotFoundError: it is erased.
    """

    def reply_text(reply_id: str, version: int) -> str | None:
        try:
            return services.store.replies.get(reply_id, version).text
        except ReplyNotFoundError:
            return None

    return transcript_html(services.store.transcripts.open(conversation_id), reply_text)
