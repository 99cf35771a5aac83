"""What was said before a message that does not care: training for a change of topic. Knows no tokens and no models.

A labelled message from a file stands alone, in service most messages follow others. An encoder that has seen context
only where it helps takes "what is 15 percent of 340" after a question on boots for one more question on boots.
"""

import zlib
from collections.abc import Sequence

from finetune.examples import ReplyPair

Exchange = tuple[str, str]


def exchanges_of(pairs: Sequence[ReplyPair]) -> tuple[Exchange, ...]:
    """What the customer said and what the agent answered, of each pair."""
    return tuple((pair.context[-1], pair.reply) for pair in pairs)


def exchange_before(text: str, exchanges: Sequence[Exchange]) -> Exchange:
    """One of the exchanges, always the same for the same text.

    Raises:
        ValueError: there is none.
    """
    if not exchanges:
        raise ValueError("a change of topic needs an exchange before it")
    return exchanges[zlib.crc32(text.encode("utf-8", "replace")) % len(exchanges)]
