"""What an agent needs to know before the first answer, as facts out of the log; no generated prose. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.state import turn_state
from bot.storage.records import LoggedDecision, LoggedMessage
from bot.values import Role


@dataclass(frozen=True, slots=True)
class Summary:
    """The facts of a conversation so far.

    Attributes:
        intent: the likeliest intent of the newest turn that had one, with its probability (0..1).
        first_question: the customer's first message.
        bot_answers: what the bot said, oldest first.
        handoff_reason: why it handed off (a code of the policy), or None.
        given: variables that the customer's words hold, by name.
        missing: variables that they do not hold.
    """

    intent: str | None
    probability: float | None
    first_question: str | None
    bot_answers: tuple[str, ...]
    handoff_reason: str | None
    given: Mapping[str, str]
    missing: tuple[str, ...]


def summarise(
    messages: Sequence[LoggedMessage],
    decisions: Sequence[LoggedDecision],
    handoff_reason: str | None,
    variables: Mapping[str, str],
) -> Summary:
    """Read the facts off the log.

    Args:
        messages: oldest first.
        decisions: the bot's, oldest first.
        variables: regular expression of each variable that a reply may need.
    """
    ranked = [decision.ranking[0] for decision in decisions if decision.ranking]
    asked = [logged.message.text for logged in messages if logged.message.role is Role.CUSTOMER]
    given = turn_state(messages, variables, ()).variables if asked else {}
    return Summary(
        intent=ranked[-1].intent if ranked else None,
        probability=ranked[-1].probability if ranked else None,
        first_question=asked[0] if asked else None,
        bot_answers=tuple(logged.message.text for logged in messages if logged.message.role is Role.BOT),
        handoff_reason=handoff_reason,
        given=given,
        missing=tuple(name for name in variables if name not in given),
    )
