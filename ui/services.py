"""What the pages need from the rest of the desk, as small protocols. Knows no gradio, no SQL and no models."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.opening_hours import OpeningHours
from bot.storage.aftercare import Left
from bot.storage.records import LoggedMessage, StartedConversation
from bot.storage.standings import Standing
from retrieval.values import Passage


class Conversations(Protocol):
    """The part of ``store.conversations`` that the chat uses; every call blocks."""

    def start(
        self, *, channel: str, locale: str, customer_id: str | None = None, customer_name: str | None = None
    ) -> StartedConversation:
        """Begin a conversation."""

    def messages_after(self, conversation_id: str, sequence: int) -> Sequence[LoggedMessage]:
        """Messages with a higher sequence, oldest first."""

    def reply_to(self, conversation_id: str, sequence: int) -> LoggedMessage | None:
        """The bot's reply to a customer's message."""

    def add_feedback(self, conversation_id: str, sequence: int, *, helpful: bool, comment: str | None) -> object:
        """Keep a judgement; the latest wins."""


class Standings(Protocol):
    """The part of ``store.standings`` that the chat uses; every call blocks."""

    def find(self, conversation_id: str, token: str) -> Standing | None:
        """Where a conversation stands, if the token opens it."""

    def get(self, conversation_id: str) -> Standing | None:
        """Where a conversation stands."""

    def revisions(self, conversation_ids: Collection[str]) -> Mapping[str, int]:
        """Revisions of conversations by id."""


class Aftercare(Protocol):
    """The part of ``store.aftercare`` that the chat uses; every call blocks."""

    def of(self, conversation_id: str) -> Left:
        """What a customer left."""

    def keep_contact(self, conversation_id: str, email: str) -> object:
        """Keep where to answer."""

    def rate(self, conversation_id: str, rating: int, comment: str | None) -> None:
        """Keep how it was."""


class ChatStore(Protocol):
    """The part of ``bot.storage.Store`` that the chat uses."""

    @property
    def conversations(self) -> Conversations:
        """All conversations of the desk."""

    @property
    def standings(self) -> Standings:
        """Where they stand."""

    @property
    def aftercare(self) -> Aftercare:
        """What their customers left."""


class Delivery(Protocol):
    """The part of ``bot.delivery.Delivery`` that the chat uses; every call blocks."""

    listeners: list[Callable[[str], None]]

    @property
    def backlog(self) -> int:
        """Turns that wait or run."""

    def post(self, conversation_id: str, text: str, client_message_id: str) -> LoggedMessage:
        """Make a message durable; its reply follows by itself. A repeated id changes nothing."""

    def retry(self, conversation_id: str) -> None:
        """Try again to answer what the bot gave up on."""

    def announce(self, conversation_id: str) -> None:
        """Tell watchers that something changed."""

    def request_person(self, conversation_id: str, client_message_id: str) -> object:
        """Hand the conversation over to people; announced once."""

    def close(self, conversation_id: str, *, by: str) -> None:
        """End the conversation."""

    def erase(self, conversation_id: str) -> None:
        """Delete the conversation."""

    def start(self) -> None:
        """Begin to answer."""

    def stop(self) -> None:
        """Finish the turns that run."""


class PassageLookup(Protocol):
    """Finds the text behind a citation."""

    def __call__(self, knowledge_version: str | None, passage_id: str, /) -> Passage | None:
        """The passage as it was in that snapshot, or None where it is gone."""


class HealthCheck(Protocol):
    """Looks at the desk's parts; may block."""

    def __call__(self) -> Mapping[str, object]:
        """State of the desk.

        Returns:
            ``ready`` (bool: bundle loaded and database reachable), ``provider`` (the execution provider that really
            runs), ``versions`` (mapping) and ``database`` (text), and whatever else an operator should see.
        """


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What an operator may change about the chat.

    Attributes:
        starters: questions offered in an empty conversation.
        greeting: first words; empty takes the interface's own.
        max_message_chars: longer messages are refused.
        allowed_origins: other sites that may call the chat with the visitor's cookies.
        secure_cookies: send cookies over HTTPS only.
        cross_site_cookies: the page lives in another site's frame (``SameSite=None; Secure; Partitioned``).
        visitor_rate: how often one visitor may change something; ``address_rate`` for one address.
        rate_storage: where that is counted.
        max_backlog: turns that may wait; more messages are refused with 503.
        web_api: whether programs may use the API with bearer tokens.
        identity_secret: key of signed identities; empty: nobody is believed.
        metrics_token: who scrapes the metrics has to show it; empty lets callers on this machine alone.
        logo: a picture file of the desk, shown in the header.
        hours: when people are there; None: always.
        queue_size: turns that may wait at a time; more are refused with 503.
    """

    title: str = "Frontdesk"
    starters: tuple[str, ...] = ()
    greeting: str = ""
    max_message_chars: int = 4000
    allowed_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    cross_site_cookies: bool = False
    visitor_rate: str = "120/minute"
    address_rate: str = "600/minute"
    rate_storage: str = "memory://"
    max_backlog: int = 300
    web_api: bool = False
    identity_secret: str = field(default="", repr=False)
    queue_size: int = 200
    metrics_token: str = field(default="", repr=False)
    logo: Path | None = None
    hours: OpeningHours | None = None


@dataclass(frozen=True, slots=True)
class ChatServices:
    """Everything that the chat page stands on; built by ``bot/bootstrap.py``'s caller."""

    store: ChatStore
    delivery: Delivery
    passage: PassageLookup
    health: HealthCheck
    settings: ChatSettings
