"""What reviewers say about bot messages, in which order they are asked, and how far they agree. Pure; knows no storage.

A few messages are offered to two reviewers, so that their agreement can be measured.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retrieval.values import Passage

UNCERTAIN_BELOW = 0.6
"""Confidence from which on a decision is no longer called uncertain."""

SAMPLE_PLACE = 5
"""Every fifth item of the queue is one of the random sample, so that the sample never starves."""


class Verdict(StrEnum):
    """A reviewer's judgement of one bot message."""

    APPROVED = "approved"
    CORRECTED = "corrected"
    REJECTED = "rejected"


class Why(StrEnum):
    """Why a message is in the queue, the most useful first."""

    DISLIKED = "disliked"
    UNCERTAIN = "uncertain"
    HANDED_OFF = "handed_off"
    SAMPLE = "sample"


POINTS = {Why.DISLIKED: 3, Why.UNCERTAIN: 2, Why.HANDED_OFF: 1, Why.SAMPLE: 0}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says.

    Attributes:
        intent: the right intent where the bot's was wrong; None: the reviewer says nothing else.
        reply_text: what the bot should have said.
        reply_id: the reply that was proposed from it.
        passage: the passage that answers the customer.
    """

    verdict: Verdict
    intent: str | None = None
    reply_text: str | None = None
    reply_id: str | None = None
    passage: Passage | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """An opinion on the bot message ``sequence`` of a conversation: whose, and when.

    Attributes:
        bot_intent: the likeliest intent when the bot answered, or None.
    """

    conversation_id: str
    sequence: int
    reviewer: str
    opinion: Opinion
    bot_intent: str | None
    reviewed_utc: datetime

    @property
    def right_intent(self) -> str | None:
        """The intent that this review stands for; whoever rejects without naming one says none."""
        if self.opinion.intent is not None:
            return self.opinion.intent
        return None if self.opinion.verdict is Verdict.REJECTED else self.bot_intent


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A bot message to look at.

    Attributes:
        why: all reasons, the most useful first.
        confidence: of the decision (0..1), or None where it was not a number.
        shared: two reviewers are asked.
    """

    conversation_id: str
    sequence: int
    why: tuple[Why, ...]
    confidence: float | None
    shared: bool

    @property
    def points(self) -> int:
        """How useful a look at it is; the reasons add up."""
        return sum(POINTS[reason] for reason in self.why)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers of the same messages agree.

    Attributes:
        messages: how many messages two reviewers judged.
        verdict_kappa: Cohen's kappa of the verdicts; None where it is not defined.
        intents: how many of those messages both gave an intent.
        intent_kappa: Cohen's kappa of the intents; None where it is not defined.
    """

    messages: int
    verdict_kappa: float | None
    intents: int
    intent_kappa: float | None


def in_order(items: Iterable[ReviewItem], reviewer: str) -> list[ReviewItem]:
    """The queue of one reviewer: most useful first, every fifth place for the random sample while it lasts.

    Among equally useful ones the shared come first, in the same order for everybody; the others are in an order of
    the reviewer's own, so that two people who work at once seldom meet.
    """

    def place(item: ReviewItem) -> tuple[int, bool, str]:
        return -item.points, not item.shared, _spread(item, "" if item.shared else reviewer)

    ordered = sorted(items, key=place)
    useful = [item for item in ordered if item.points]
    sample = [item for item in ordered if not item.points]
    queue: list[ReviewItem] = []
    while useful or sample:
        from_sample = sample and (not useful or len(queue) % SAMPLE_PLACE == SAMPLE_PLACE - 1)
        queue.append((sample if from_sample else useful).pop(0))
    return queue


def agreement(reviews: Sequence[Review]) -> Agreement:
    """Compare the two earliest reviews of each message that has two."""
    by_message: dict[tuple[str, int], list[Review]] = {}
    for review in sorted(reviews, key=lambda review: review.reviewed_utc):
        by_message.setdefault((review.conversation_id, review.sequence), []).append(review)
    pairs = [
        sorted(together[:2], key=lambda review: review.reviewer)
        for together in by_message.values()
        if len(together) > 1
    ]
    verdicts = [(first.opinion.verdict.value, second.opinion.verdict.value) for first, second in pairs]
    intents = [
        (first.right_intent, second.right_intent)
        for first, second in pairs
        if first.right_intent is not None and second.right_intent is not None
    ]
    return Agreement(len(pairs), cohen_kappa(verdicts), len(intents), cohen_kappa(intents))


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement of two raters beyond chance, 1 = always, 0 = as by chance.

    (Jacob Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20, 1960.)

    Args:
        pairs: the labels that the first and the second rater gave to each item.

    Returns:
        None where it is not defined: no items, or one label given by both to all of them.
    """
    if not pairs:
        return None
    first, second = (Counter(labels) for labels in zip(*pairs, strict=True))
    observed = sum(one == other for one, other in pairs) / len(pairs)
    by_chance = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


def _spread(item: ReviewItem, reviewer: str) -> str:
    return hashlib.sha256(f"{reviewer}\0{item.conversation_id}\0{item.sequence}".encode()).hexdigest()
