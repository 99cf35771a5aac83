"""What the desk's knowledge lacks, read from questions that found no answer. Knows no pages and no money."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import ModelError
from bot.grouping import group_alike
from bot.languages import foreign_reason
from bot.live import Models
from bot.policy import Rules, passage_confidence
from bot.storage.figures import Unanswered
from bot.storage.records import LoggedDecision
from bot.values import Evidence, Understanding, Vector

UNDERSTOOD = 0.5
"""From this probability on a gap is named after the intent; below it after the article that came nearest."""
_USUAL_THRESHOLD = 0.5
_EXAMPLES = 3


class GapKind(StrEnum):
    """What a gap is named after."""

    INTENT = "intent"
    ARTICLE = "article"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions about one thing for which no article came near.

    Attributes:
        name: an intent, the title of the nearest article, or empty where nothing was found at all.
        best: the highest confidence, 0..1, that a passage answers one of them.
        examples: up to three of the questions, newest first.
    """

    kind: GapKind
    name: str
    count: int
    best: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Unanswered questions that ask the same; ``question`` stands for them, ``turns`` are newest first."""

    question: str
    turns: tuple[Unanswered, ...]


def knowledge_gaps(turns: Sequence[Unanswered], rules: Rules) -> list[Gap]:
    """Questions whose best passage scored low, the most frequent gap first.

    Low is a confidence below half of what the desk needs to quote a passage: no article is even near. A question in a
    language that the bundle does not know counts as well when nothing was found for it.
    """
    found: dict[tuple[GapKind, str], list[tuple[float, str]]] = {}
    low = (rules.passage if rules.passage is not None else _USUAL_THRESHOLD) / 2
    for turn in turns:
        confidence = _confidence(turn.decision, rules)
        if confidence < low:
            found.setdefault(_name(turn.decision), []).append((confidence, turn.question))
    gaps = [
        Gap(
            kind, name, len(rows), max(row[0] for row in rows), tuple(dict.fromkeys(row[1] for row in rows))[:_EXAMPLES]
        )
        for (kind, name), rows in found.items()
    ]
    return sorted(gaps, key=lambda gap: (-gap.count, gap.kind, gap.name))


def question_groups(turns: Sequence[Unanswered], models: Models) -> list[QuestionGroup]:
    """Group unanswered questions by the live encoder's vectors, the most frequent first; by words where it fails."""
    texts = [turn.question for turn in turns]
    groups = group_alike(texts, _vectors(texts, models))
    return [QuestionGroup(texts[group.middle], tuple(turns[place] for place in group.members)) for group in groups]


def _vectors(texts: Sequence[str], models: Models) -> list[Vector | None]:
    encoder = models.encoder
    known = [not foreign_reason(text, models.languages, encoder.unknown_token_share(text)) for text in texts]
    try:
        rows = iter(encoder.encode([text for text, is_known in zip(texts, known, strict=True) if is_known]))
    except ModelError:
        return [None] * len(texts)
    return [next(rows) if is_known else None for is_known in known]


def _confidence(decision: LoggedDecision, rules: Rules) -> float:
    understanding = Understanding(decision.ranking, decision.out_of_scope, None, None, decision.foreign)
    return passage_confidence(Evidence(understanding, decision.passages, ()), rules) or 0.0


def _name(decision: LoggedDecision) -> tuple[GapKind, str]:
    if decision.ranking and decision.ranking[0].probability >= UNDERSTOOD:
        return GapKind.INTENT, decision.ranking[0].intent
    if decision.passages:
        return GapKind.ARTICLE, decision.passages[0].passage.title
    return GapKind.NOTHING, ""
