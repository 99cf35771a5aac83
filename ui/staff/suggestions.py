"""What the bot itself would draw on to answer a conversation now: replies and passages for the agent. Logs nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.compose import fill, variables_of
from bot.storage.records import LoggedMessage
from bot.values import Role
from ui.staff.services import StaffServices

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that an agent may insert.

    Attributes:
        ground: where it is from: the reply's id and version, or the article's title.
        score: how near the bot thinks it is.
    """

    text: str
    ground: str
    score: float


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Ranked approved replies and passages."""

    replies: tuple[Suggestion, ...] = ()
    passages: tuple[Suggestion, ...] = ()


def suggest(services: StaffServices, messages: Sequence[LoggedMessage], locale: str) -> Suggestions:
    """Read the conversation up to the customer's newest message as the bot would.

    Raises:
        BotError: the models cannot run.
    """
    newest = max((n for n, logged in enumerate(messages) if logged.message.role is Role.CUSTOMER), default=None)
    if newest is None:
        return Suggestions()
    models = services.assistant.models()
    turn = list(messages[: newest + 1])
    evidence, reply = services.assistant.consider(turn, models, locale, time.perf_counter())
    known = {name: value for source in reply.sources for name, value in getattr(source, "variables", {}).items()}
    replies = tuple(
        Suggestion(
            fill(ranked.reply.text, {name: known.get(name, f"[{name}]") for name in variables_of(ranked.reply.text)}),
            f"approved reply {ranked.reply.reply_id} v{ranked.reply.version}",
            ranked.score,
        )
        for ranked in evidence.replies[:SHOWN]
    )
    passages = tuple(
        Suggestion(found.passage.text, found.passage.title, found.score) for found in evidence.passages[:SHOWN]
    )
    return Suggestions(replies, passages)
