"""What the conversation so far says about a turn: who is asked for, given and offered. Knows no models."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.policy import TurnState
from bot.storage.records import LoggedMessage
from bot.values import Action, Role


def turn_state(messages: Sequence[LoggedMessage], patterns: Mapping[str, str], phrases: Sequence[str]) -> TurnState:
    """Read the state from the messages up to and with the customer's current one, oldest first.

    Args:
        patterns: regular expression of each reply variable; the latest match counts.
        phrases: wordings that ask for a person.
    """
    texts = customer_texts(messages)
    return TurnState(
        variables=_variables(texts, patterns),
        clarifications=_clarifications_before(messages),
        asked_for_person=_asks_for_person(texts[-1], phrases),
    )


def as_one_turn(messages: Sequence[LoggedMessage], burst: Sequence[int]) -> list[LoggedMessage]:
    """The conversation with the messages of a burst put together as its last one: people write a thought in pieces.

    Args:
        messages: oldest first.
        burst: sequences of the customer's messages that wait for one answer.
    """
    waiting = [logged for logged in messages if logged.sequence in burst]
    text = "\n".join(logged.message.text for logged in waiting)
    last = replace(waiting[-1], message=replace(waiting[-1].message, text=text))
    return [*(logged for logged in messages if logged.sequence not in burst), last]


def customer_texts(messages: Sequence[LoggedMessage]) -> list[str]:
    """Texts of the customer's messages, oldest first."""
    return [logged.message.text for logged in messages if logged.message.role is Role.CUSTOMER]


def chosen_option(messages: Sequence[LoggedMessage]) -> tuple[LoggedMessage, int] | None:
    """The bot's question and the index of the option that the customer's current message repeats, if any."""
    if len(messages) < 2 or messages[-2].message.role is not Role.BOT:
        return None
    question, answer = messages[-2], messages[-1].message.text.strip().casefold()
    options = [option.casefold() for option in question.options]
    return (question, options.index(answer)) if answer in options else None


def _variables(texts: Sequence[str], patterns: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, pattern in patterns.items():
        for text in texts:
            for match in re.finditer(pattern, text):
                found[name] = match.group(1) if match.re.groups else match.group()
    return found


def _clarifications_before(messages: Sequence[LoggedMessage]) -> int:
    count = 0
    for logged in reversed(messages):
        if logged.decision is None:
            continue
        if logged.decision.action is not Action.CLARIFY:
            break
        count += 1
    return count


def _asks_for_person(text: str, phrases: Sequence[str]) -> bool:
    folded = text.casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(wording.casefold())}(?![a-z])", folded) for wording in phrases)
