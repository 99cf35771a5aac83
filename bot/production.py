"""Which intents disappoint customers: rates of rephrasing, thumbs down and instant hand-off. Pure; knows no storage.

An intent is worth a look where its rate is surely above the desk's: where the lower end of its Wilson interval is
(E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22, 1927).
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.label_findings import Finding, FindingKind
from retrieval.text import words

NEARLY_THE_SAME = 0.5
"""Share of words that two turns of a customer have in common (Jaccard) from which the second says the first again."""

_Z = 1.96
_LEAST_TURNS = 5


@dataclass(frozen=True, slots=True)
class IntentTurn:
    """One turn of the bot.

    Attributes:
        intent: the likeliest one.
        asked: the customer's words that it answers.
        following: what the customer said next, or None.
        clarified: the bot asked back.
        handed_off: the bot gave the conversation to people.
        first: it is the bot's first turn of the conversation.
        disliked: it has a thumb down.
    """

    intent: str
    asked: str
    following: str | None
    clarified: bool
    handed_off: bool
    first: bool
    disliked: bool

    @property
    def rephrased(self) -> bool:
        """The customer had to say it again: the bot asked back, or the next turn is nearly the same."""
        return self.clarified or (self.following is not None and nearly_the_same(self.asked, self.following))


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened, with its 95 % interval."""

    happened: int
    turns: int

    @property
    def value(self) -> float:
        """Share, 0..1."""
        return self.happened / self.turns if self.turns else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval, 0..1."""
        if not self.turns:
            return 0.0, 1.0
        spread = _Z**2 / self.turns
        centre = (self.value + spread / 2) / (1 + spread)
        half = _Z / (1 + spread) * math.sqrt((self.value * (1 - self.value) + spread / 4) / self.turns)
        return max(0.0, centre - half), min(1.0, centre + half)


def disappointing(turns: Iterable[IntentTurn]) -> list[Finding]:
    """Intents of which one of the three rates is surely above the desk's, the furthest above first."""
    seen = {kind: Counter[str]() for kind in RATES}
    happened = {kind: Counter[str]() for kind in RATES}
    for turn in turns:
        for kind in RATES:
            if kind is not FindingKind.HANDED_OFF or turn.first:
                seen[kind][turn.intent] += 1
                happened[kind][turn.intent] += _happened(kind, turn)
    found = [
        finding
        for kind in RATES
        for finding in _of_kind(kind, happened[kind], seen[kind])
    ]  # fmt: skip
    return sorted(found, key=lambda finding: (-finding.score, finding.kind, finding.given))


RATES = (FindingKind.REPHRASED, FindingKind.DISLIKED, FindingKind.HANDED_OFF)
"""What is counted of each intent; instant hand-offs among first turns only."""


def nearly_the_same(first: str, second: str) -> bool:
    """Whether a turn says an earlier one again, by the words that they share."""
    one, other = set(words(first)), set(words(second))
    return bool(one and other) and len(one & other) >= NEARLY_THE_SAME * len(one | other)


def _happened(kind: FindingKind, turn: IntentTurn) -> bool:
    if kind is FindingKind.REPHRASED:
        return turn.rephrased
    return turn.disliked if kind is FindingKind.DISLIKED else turn.handed_off


def _of_kind(kind: FindingKind, happened: Counter[str], seen: Counter[str]) -> list[Finding]:
    desk = Rate(happened.total(), seen.total())
    findings = []
    for intent, turns in seen.items():
        rate = Rate(happened[intent], turns)
        low, high = rate.interval
        if turns >= _LEAST_TURNS and low > desk.value:
            figures = {"rate": rate.value, "low": low, "high": high, "turns": turns, "desk_rate": desk.value}
            findings.append(Finding(kind, intent, None, low - desk.value, figures=figures))
    return findings
