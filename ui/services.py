"""What the pages need from the rest of the desk, as small protocols. Knows no gradio, no SQL and no models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.storage.records import LoggedMessage, StartedConversation
from bot.values import Conversation
from retrieval.values import Passage


class Conversations(Protocol):
    """The part of ``store.conversations`` that the chat uses; every call blocks."""

    def start(self, *, channel: str, locale: str) -> StartedConversation:
        """Begin a conversation."""

    def find(self, conversation_id: str, token: str) -> Conversation | None:
        """The conversation, if the token opens it."""

    def messages_after(self, conversation_id: str, sequence: int) -> Sequence[LoggedMessage]:
        """Messages with a higher sequence, oldest first."""

    def add_feedback(self, conversation_id: str, sequence: int, *, helpful: bool, comment: str | None) -> object:
        """Keep a judgement; the latest wins."""


class Store(Protocol):
    """The part of ``bot.storage.Store`` that the chat uses."""

    @property
    def conversations(self) -> Conversations:
        """All conversations of the desk."""


class Assistant(Protocol):
    """The part of ``bot.assistant.Assistant`` that the chat uses; both calls block."""

    def reply(self, conversation_id: str, text: str, client_message_id: str) -> object:
        """Store the customer's message, answer it, store the answer; a repeated id changes nothing."""

    def request_person(self, conversation_id: str, client_message_id: str) -> object:
        """Hand the conversation over to people; announced once."""


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
        requests_burst: how many changing requests one address may make at once.
        requests_per_second: how fast that allowance comes back.
        queue_size: turns that may wait at a time; more are refused with 503.
    """

    title: str = "Frontdesk"
    starters: tuple[str, ...] = ()
    greeting: str = ""
    max_message_chars: int = 4000
    allowed_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    cross_site_cookies: bool = False
    requests_burst: int = 60
    requests_per_second: float = 2.0
    queue_size: int = 200


@dataclass(frozen=True, slots=True)
class ChatServices:
    """Everything that the chat page stands on; built by ``bot/bootstrap.py``'s caller."""

    store: Store
    assistant: Assistant
    passage: PassageLookup
    health: HealthCheck
    settings: ChatSettings
