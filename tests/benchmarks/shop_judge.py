"""What is right in the shop's test conversations (labels: scripts/demo_shop/facts.md). Knows no desk and no model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.values import Action
from finetune.calibrate import CONFIDENCE, upper_bound

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Expected:
    """A turn's label.

    Attributes:
        articles: whose sentences answer it.
        intents: of which an approved reply answers it; of a clarification, the offers that are right.
        reply_mentions: words, one of which a right reply contains; empty where any reply of the intents is right.
    """

    action: Action
    articles: frozenset[str]
    intents: frozenset[str]
    reply_mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a desk did with a turn.

    Attributes:
        articles: that it quoted.
        intents: of the approved reply that it gave.
    """

    action: Action
    text: str
    articles: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TestTurn:
    """One scripted customer message with its label."""

    __test__ = False

    text: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn with what was said."""

    conversation_id: str
    turn: TestTurn
    said: Said

    @property
    def wrong_answer(self) -> bool:
        """The bot answered, and not rightly; an answer where it should have asked back or handed off is wrong."""
        return self.said.action is Action.ANSWER and not answers(self.turn.expected, self.said)


def answers(expected: Expected, said: Said) -> bool:
    """Whether an answer is right: a quote of a labelled article, or a fitting reply of a labelled intent."""
    if expected.action is not Action.ANSWER:
        return False
    if said.articles:
        return said.articles <= expected.articles
    words = said.text.casefold()
    mentioned = not expected.reply_mentions or any(word.casefold() in words for word in expected.reply_mentions)
    return bool(said.intents & expected.intents) and mentioned


def read_conversations(path: Path) -> list[tuple[str, list[TestTurn]]]:
    """The test part: conversation id and its turns, in order."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["conversation_id"], [_turn(turn) for turn in row["turns"]]) for row in rows]


def shop_metrics(judged: Sequence[Judged], prefix: str = "shop") -> Metrics:
    """Shares over all turns of a part; each name begins with the prefix."""
    answered = [row for row in judged if row.said.action is Action.ANSWER]
    handed = [row for row in judged if row.said.action is Action.HANDOFF]
    answerable = [row for row in judged if row.turn.expected.action is Action.ANSWER]
    wanted = [row for row in judged if row.turn.expected.action is Action.HANDOFF]
    wrong = sum(row.wrong_answer for row in answered)
    handed_rightly = sum(row.turn.expected.action is Action.HANDOFF for row in handed)
    right = len(answered) - wrong
    return {
        f"{prefix}_turns": len(judged),
        f"{prefix}_answered": len(answered),
        f"{prefix}_wrong": wrong,
        f"{prefix}_answered_share": len(answered) / len(judged),
        f"{prefix}_wrong_among_answered": _share(wrong, len(answered)),
        f"{prefix}_wrong_among_answered_upper": upper_bound(wrong, len(answered), CONFIDENCE) if answered else 0.0,
        f"{prefix}_answerable_answered_rightly": right / len(answerable),
        f"{prefix}_handoff_recall": handed_rightly / len(wanted),
        f"{prefix}_handoff_precision": _share(handed_rightly, len(handed)),
        f"{prefix}_clarify_share": sum(row.said.action is Action.CLARIFY for row in judged) / len(judged),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _turn(row: dict[str, object]) -> TestTurn:
    label = row["expected"]
    assert isinstance(label, dict)
    expected = Expected(
        Action(label["action"]),
        frozenset(label["articles"]),
        frozenset(label["intents"]),
        tuple(label.get("reply_mentions", ())),
    )
    return TestTurn(str(row["text"]), expected)
