"""What dialogues teach: reply pairs and labelled customer messages. Knows no files and no splitting."""

from collections.abc import Iterator, Sequence

from bot.values import Role
from finetune.examples import IntentExample, ReplyPair
from finetune.outcomes import reply_weight
from finetune.turns import CleanMessage, Turn

CONTEXT_MESSAGES = 6
"""Earlier messages kept with an example; more than the encoder will read, so that recipes may choose."""


def reply_pairs(conversation_id: str, turns: Sequence[Turn]) -> Iterator[ReplyPair]:
    """Each agent's turn that answers a customer's turn, with the messages before it.

    The bot's own messages are context, never a reply to learn.
    """
    earlier: list[str] = []
    for place, turn in enumerate(turns):
        if turn.role is Role.AGENT and place and turns[place - 1].role is Role.CUSTOMER:
            question = turns[place - 1]
            before = earlier[: len(earlier) - len(question.messages)][-CONTEXT_MESSAGES:]
            yield ReplyPair((*before, question.text), turn.text, reply_weight(turns, place), conversation_id)
        earlier.extend(message.text for message in turn.messages)


def intent_examples(conversation_id: str, turns: Sequence[Turn]) -> Iterator[IntentExample]:
    """Each labelled customer's message on its own and, where anything came before it, with that as well."""
    messages: list[CleanMessage] = [message for turn in turns for message in turn.messages]
    for place, message in enumerate(messages):
        if message.role is Role.CUSTOMER and message.intent:
            yield IntentExample(message.text, message.intent, (), conversation_id)
            context = tuple(earlier.text for earlier in messages[max(0, place - CONTEXT_MESSAGES) : place])
            if context:
                yield IntentExample(message.text, message.intent, context, conversation_id)
