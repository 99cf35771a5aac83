"""The bodies of the web API, as OpenAPI shows them. Knows no storage calls."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.storage.records import LoggedMessage
from bot.storage.standings import Standing
from bot.values import PassageSource, Source

CLIENT_MESSAGE_ID = r"^[A-Za-z0-9_-]{8,64}$"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewConversation(_Input):
    """Begins a conversation."""

    locale: str | None = Field(None, max_length=35, description="BCP 47, such as `en` or `zh-CN`.")
    channel: str = Field("api", pattern=r"^[a-z0-9_-]{1,30}$", description="Where the customer writes.")
    identity: str | None = Field(None, max_length=4096, description="Signed identity (JWT); anonymous without it.")


class NewMessage(_Input):
    """A customer's message."""

    text: str
    client_message_id: str = Field(pattern=CLIENT_MESSAGE_ID, description="Made by the client; unique for ever.")


class PersonRequest(_Input):
    """A customer's wish for a person."""

    client_message_id: str = Field(pattern=CLIENT_MESSAGE_ID)


class NewFeedback(_Input):
    """A thumb on one of the bot's messages."""

    helpful: bool
    comment: str | None = Field(None, max_length=1000)


class NewRating(_Input):
    """How the customer found the conversation."""

    rating: int = Field(ge=1, le=5, description="5 is best.")
    comment: str | None = Field(None, max_length=1000)


class NewContact(_Input):
    """Where to answer while nobody is there."""

    email: str = Field(max_length=320)


class StartedOut(BaseModel):
    """A new conversation; the token is given out here only."""

    conversation_id: str
    token: str


class SourceOut(BaseModel):
    """What a message of the bot rests on."""

    kind: Literal["approved_reply", "passage"]
    number: int = Field(description="The citation's number in the text, from 1.")
    title: str | None = None
    source: str | None = Field(None, description="Web address, or a file's name.")


class MessageOut(BaseModel):
    """One message."""

    sequence: int = Field(description="Its place in the conversation, from 1, without gaps.")
    role: Literal["customer", "bot", "agent"]
    text: str
    sent_utc: datetime
    answers: int | None = Field(None, description="Sequence of the (last) customer's message that it answers.")
    action: Literal["answer", "clarify", "handoff"] | None = None
    options: list[str] = []
    sources: list[SourceOut] = []
    helpful: bool | None = None


class StateOut(BaseModel):
    """Where the conversation stands."""

    owner: Literal["bot", "queue", "agent", "closed"]
    last_sequence: int
    reply: Literal["none", "pending", "failed"] = Field(
        description="`pending`: the bot will answer. `failed`: it gave up; `retry`, or post it again."
    )
    rating: int | None = None


class EventsOut(BaseModel):
    """What happened after a sequence number."""

    messages: list[MessageOut]
    state: StateOut


class PostedOut(BaseModel):
    """A durable message, and the reply where it is there already."""

    message: MessageOut
    reply: MessageOut | None = None
    state: StateOut


class TranscriptOut(BaseModel):
    """All that is kept of a conversation and meant for its customer."""

    conversation_id: str
    channel: str
    locale: str
    started_utc: datetime
    customer_id: str | None
    customer_name: str | None
    contact: str | None
    state: StateOut
    messages: list[MessageOut]


def message_out(logged: LoggedMessage) -> MessageOut:
    """A message as its customer may see it: no scores, no reasons, no names of staff."""
    return MessageOut(
        sequence=logged.sequence,
        role=logged.message.role.value,
        text=logged.message.text,
        sent_utc=logged.message.sent_utc,
        answers=logged.answers,
        action=logged.decision.action.value if logged.decision else None,
        options=list(logged.options),
        sources=[_source_out(number, source) for number, source in enumerate(logged.sources, start=1)],
        helpful=logged.feedback.helpful if logged.feedback else None,
    )


def state_out(standing: Standing) -> StateOut:
    """The standing as its customer may see it."""
    return StateOut(
        owner=standing.owner.value,
        last_sequence=standing.last_sequence,
        reply="pending" if standing.pending else "failed" if standing.failed else "none",
        rating=standing.rating,
    )


def transcript_out(standing: Standing, messages: list[LoggedMessage]) -> TranscriptOut:
    """The whole conversation for its customer."""
    return TranscriptOut(
        conversation_id=standing.conversation_id,
        channel=standing.channel,
        locale=standing.locale,
        started_utc=standing.started_utc,
        customer_id=standing.customer_id,
        customer_name=standing.customer_name,
        contact=standing.contact,
        state=state_out(standing),
        messages=[message_out(logged) for logged in messages],
    )


def _source_out(number: int, source: Source) -> SourceOut:
    if not isinstance(source, PassageSource):
        return SourceOut(kind="approved_reply", number=number, title=None, source=None)
    uri = source.source_uri
    shown = uri if uri.startswith(("https://", "http://")) else PurePosixPath(uri.replace("\\", "/")).name
    return SourceOut(kind="passage", number=number, title=source.title, source=shown)
