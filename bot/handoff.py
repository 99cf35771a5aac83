"""The hand-off as a state machine: who owns a conversation after which move. Knows no storage and no pages.

::

    bot --hand_off--> queue --take_over--> agent --hand_back--> bot
     `--------------------take_over-------^  |
                      queue <----release-----'
    any of them --close--> closed, for good
"""

from enum import StrEnum
from types import MappingProxyType

from bot.errors import MoveRefusedError
from bot.values import Owner


class Move(StrEnum):
    """What can happen to the ownership of a conversation."""

    HAND_OFF = "hand_off"
    TAKE_OVER = "take_over"
    HAND_BACK = "hand_back"
    RELEASE = "release"
    CLOSE = "close"


_MOVES = MappingProxyType(
    {
        Move.HAND_OFF: (frozenset({Owner.BOT}), Owner.QUEUE),
        Move.TAKE_OVER: (frozenset({Owner.BOT, Owner.QUEUE}), Owner.AGENT),
        Move.HAND_BACK: (frozenset({Owner.QUEUE, Owner.AGENT}), Owner.BOT),
        Move.RELEASE: (frozenset({Owner.AGENT}), Owner.QUEUE),
        Move.CLOSE: (frozenset({Owner.BOT, Owner.QUEUE, Owner.AGENT}), Owner.CLOSED),
    }
)


def owner_after(owner: Owner, move: Move) -> Owner:
    """Who owns the conversation after a move.

    Raises:
        MoveRefusedError: the move is not possible from here; the text says who owns the conversation now.
    """
    possible_from, after = _MOVES[move]
    if owner not in possible_from:
        raise MoveRefusedError(f"a conversation that is with the {owner} cannot {move.replace('_', ' ')}: look again")
    return after
