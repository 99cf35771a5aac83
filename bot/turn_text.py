"""What the encoder reads for one turn. Knows no tokenizer: its separator is one that the default tokenizer knows.

Training and serving both go through here, so that the encoder meets in service the form that it learnt.
"""

from collections.abc import Sequence

EARLIER_MESSAGES = 2
"""How many messages before the current one the encoder sees."""

EARLIER_CHARACTERS = 200
"""What is kept of each earlier message, so that context cannot push the current message out."""

SEPARATOR = " [SEP] "


def turn_text(texts: Sequence[str]) -> str:
    """Joins the current message and a short context into one encoder input.

    The current message comes first: a tokenizer that truncates on the right then cuts context, never the question.

    Args:
        texts: message texts, oldest first; the last one is the customer's current message.

    Returns:
        The current message, then at most two earlier ones, newest first, each cut to 200 characters.

    Raises:
        ValueError: there is no message at all.
    """
    if not texts:
        raise ValueError("a turn needs at least the customer's current message")
    earlier = [text[:EARLIER_CHARACTERS] for text in texts[-1 - EARLIER_MESSAGES : -1]]
    return SEPARATOR.join([texts[-1], *reversed(earlier)])
