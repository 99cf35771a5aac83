"""What a correction would change before it is saved: the newest turns, answered again as if it were. Writes nothing.

A reply that is corrected or new answers again with the live models and that reply among their replies; what comes out
is exact, once the reply is approved. A corrected intent works through the next training, which nobody can foretell:
turns that lie close to the corrected one and are read as its wrong intent are an estimate of what it pulls along.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np

from bot.assistant import Assistant
from bot.encoder import Encoder
from bot.live import Models
from bot.replies import ReplyRanker
from bot.reviewing import planned_reply
from bot.reviews import Opinion
from bot.state import as_one_turn
from bot.storage.records import AnsweredTurn, LoggedDecision, LoggedMessage
from bot.storage.store import Store
from bot.values import Action, ApprovedReply, Evidence, Reply, ReplySource, Understanding, Vector

NEWEST_TURNS = 300
NEAR = 0.8
"""From this cosine of the live encoder's vectors on, two turns lie close to each other."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
Consider = Callable[[AnsweredTurn, Models], tuple[Evidence, Reply]]
"""Answers a turn of the log with models, and leaves the log as it is."""


class EffectKind(StrEnum):
    """What becomes of a past turn."""

    NEW_WORDS = "new_words"
    OTHER_REPLY = "other_reply"
    NO_ANSWER = "no_answer"
    PULLED = "pulled"


@dataclass(frozen=True, slots=True)
class Effect:
    """A past turn that would come out otherwise.

    Attributes:
        sequence: of the bot's message.
        question: the customer's words.
        before: what the live models say to it today; for `EffectKind.PULLED` the intent that they read.
        after: what they would say; for `EffectKind.PULLED` the corrected intent.
        nearness: cosine to the corrected turn; None where words are compared.
    """

    conversation_id: str
    sequence: int
    kind: EffectKind
    question: str
    before: str
    after: str
    nearness: float | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a correction would change.

    Attributes:
        turns: how many past turns were looked at.
        answers: those that would be answered otherwise, newest conversations first.
        pulled: those that the next training may read otherwise, the nearest first; an estimate.
        reply: whether the correction proposes a reply.
    """

    turns: int
    answers: tuple[Effect, ...]
    pulled: tuple[Effect, ...]
    reply: bool


def effects_of(
    store: Store, assistant: Assistant, models: Models, subject: LoggedDecision, opinion: Opinion
) -> Effects:
    """What an opinion on a bot message would change among the newest turns.

    Args:
        models: the live ones.
        subject: the message that the opinion is on.

    Raises:
        ModelError: the encoder cannot read the corrected reply.
        StorageError: the log cannot be read.
    """
    today = replace(models, encoder=_OnceEncoder(models.encoder))

    def consider(turn: AnsweredTurn, with_models: Models) -> tuple[Evidence, Reply]:
        return assistant.consider(as_one_turn(turn.messages, turn.burst), with_models, turn.locale, 0.0)

    reply = planned_reply(store, subject, opinion)
    turns = list(store.answered.turns(store.answered.newest(_EVER, NEWEST_TURNS)))
    answers = changed_answers(turns, today, with_reply(today, reply), consider) if reply else ()
    pulled: tuple[Effect, ...] = ()
    wrong = subject.ranking[0].intent if subject.ranking else None
    if opinion.intent and wrong and opinion.intent != wrong:
        place = subject.conversation_id, subject.sequence
        corrected = [consider(turn, today)[0].understanding.vector for turn in store.answered.turns([place])]
        others = [turn for turn in turns if (turn.conversation_id, turn.said.sequence) != place]
        read = [(turn, consider(turn, today)[0].understanding) for turn in others]
        if corrected and corrected[0] is not None:
            pulled = pulled_turns(read, corrected[0], wrong, opinion.intent)
    return Effects(len(turns), tuple(answers), pulled, reply is not None)


def with_reply(models: Models, reply: ApprovedReply) -> Models:
    """The models with a reply among theirs, in place of its earlier version where they have one."""
    known = models.replies or ReplyRanker((), np.zeros((0, 0), dtype=np.float32))
    kept = [row for row, other in enumerate(known.replies) if other.reply_id != reply.reply_id]
    vector = models.encoder.encode([reply.text])
    vectors = np.concatenate([known.vectors[kept], vector]) if kept else vector
    return replace(models, replies=ReplyRanker((*(known.replies[row] for row in kept), reply), vectors))


def changed_answers(
    turns: Iterable[AnsweredTurn], today: Models, then: Models, consider: Consider
) -> tuple[Effect, ...]:
    """Turns to which the customer would be told something else."""
    found = []
    for turn in turns:
        before, after = consider(turn, today)[1], consider(turn, then)[1]
        if (before.decision.action, before.text) != (after.decision.action, after.text):
            found.append(_effect(turn, _kind_of(before, after), before.text, after.text))
    return tuple(found)


def pulled_turns(
    read: Iterable[tuple[AnsweredTurn, Understanding]], corrected: Vector, wrong: str, right: str
) -> tuple[Effect, ...]:
    """Turns close to a corrected one that are read as its wrong intent, the nearest first."""
    found = []
    for turn, understanding in read:
        if understanding.vector is None or not understanding.ranking or understanding.ranking[0].intent != wrong:
            continue
        nearness = float(np.dot(understanding.vector, corrected))
        if nearness >= NEAR:
            found.append(_effect(turn, EffectKind.PULLED, wrong, right, nearness))
    return tuple(sorted(found, key=lambda effect: -(effect.nearness or 0.0)))


class _OnceEncoder(Encoder):
    """An open encoder that reads each text once, however many models ask for it."""

    def __init__(self, opened: Encoder) -> None:
        vars(self).update(vars(opened))
        self._read: dict[str, Understanding] = {}

    def understand(self, texts: Sequence[str]) -> list[Understanding]:
        """See `Encoder.understand`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        self._read |= dict(zip(new, super().understand(new), strict=True))
        return [self._read[text] for text in texts]


def _effect(turn: AnsweredTurn, kind: EffectKind, before: str, after: str, nearness: float | None = None) -> Effect:
    asked: Sequence[LoggedMessage] = [logged for logged in turn.messages if logged.sequence in turn.burst]
    question = "\n".join(logged.message.text for logged in asked)
    place: dict[str, Any] = {"conversation_id": turn.conversation_id, "sequence": turn.said.sequence}
    return Effect(**place, kind=kind, question=question, before=before, after=after, nearness=nearness)


def _kind_of(before: Reply, after: Reply) -> EffectKind:
    """A reply whose new words lie farther from the question than a passage does may no longer be chosen at all."""
    if before.decision.action is Action.ANSWER and after.decision.action is not Action.ANSWER:
        return EffectKind.NO_ANSWER
    return EffectKind.NEW_WORDS if _reply_ids(before) & _reply_ids(after) else EffectKind.OTHER_REPLY


def _reply_ids(reply: Reply) -> set[str]:
    return {source.reply_id for source in reply.sources if isinstance(source, ReplySource)}
