"""Transcripts for an export without what names anybody. Knows no routes and no format of a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from bot.redaction.redactor import ConversationRedactor
from bot.redaction.values import Participants, RedactionRules
from bot.storage.records import LoggedDecision, LoggedMessage
from bot.storage.transcript_records import Transcript


def redacted(
    transcripts: Iterable[Transcript], rules: RedactionRules, customer_name: Callable[[str], str | None]
) -> Iterator[Transcript]:
    """The same transcripts with placeholders in messages, comments and authors; one is in memory at a time.

    Args:
        customer_name: what the customer of a conversation is called, by its id; None where nobody knows.

    Raises:
        RedactionError: a pattern of the desk cannot be used; nothing of the conversation is given.
    """
    for transcript in transcripts:
        agents = tuple(sorted({message.author for message in transcript.messages if message.author}))
        customer = customer_name(transcript.summary.conversation_id)
        redactor = ConversationRedactor(Participants((customer,) if customer else (), agents), rules)
        for message in transcript.messages:
            redactor.listen(message.message.text)
        yield replace(
            transcript,
            messages=tuple(_message(message, redactor) for message in transcript.messages),
            decisions={place: _decision(taken, redactor) for place, taken in transcript.decisions.items()},
        )


def _message(message: LoggedMessage, redactor: ConversationRedactor) -> LoggedMessage:
    said = replace(message.message, text=redactor.redact(message.message.text))
    return replace(message, message=said, author=redactor.redact(message.author) if message.author else None)


def _decision(taken: LoggedDecision, redactor: ConversationRedactor) -> LoggedDecision:
    if taken.feedback is None or not taken.feedback.comment:
        return taken
    return replace(taken, feedback=replace(taken.feedback, comment=redactor.redact(taken.feedback.comment)))
