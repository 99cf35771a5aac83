"""What a run of ``frontdesk improve`` is, what its gates say, and how a candidate differs. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """Where a run stands, or how it ended."""

    RUNNING = "running"
    PUBLISHED = "published"
    HELD = "held"
    NOTHING_NEW = "nothing_new"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate found.

    Attributes:
        name: such as ``golden_set``.
        value: what was measured; None where it could not be.
        threshold: what it was held against, in the same unit.
        detail: one line for people that says what was compared and, where it failed, what to do; no customer's words.
        figures: further numbers, such as the accuracy of each intent.
    """

    name: str
    passed: bool
    value: float | None
    threshold: float | None
    detail: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        step: what it does now, or did last.
        done: how far that step is, of ``total``; both 0 where that is not known.
        reviews_until_utc: reviews up to this time are in its dataset.
        parent_bundle: the live bundle that the candidate was compared with.
        figures: numbers of the run, such as ``reviewed_turns``.
        reason: why it was held, failed, or did nothing.
    """

    run_id: int
    state: RunState
    by: str
    started_utc: datetime
    finished_utc: datetime | None
    step: str
    done: int
    total: int
    dataset_version: str | None
    bundle_version: str | None
    parent_bundle: str | None
    reviews_until_utc: datetime | None
    gates: tuple[GateResult, ...]
    figures: Mapping[str, float]
    reason: str | None


class DifferenceKind(StrEnum):
    """How a replayed reply differs from the live bundle's, the riskiest first."""

    ANSWERS_ANEW = "answers_anew"
    OTHER_ANSWER = "other_answer"
    ANSWERS_NO_MORE = "answers_no_more"
    OTHER_HANDLING = "other_handling"


class DifferenceVerdict(StrEnum):
    """What a person thinks of the candidate's reply against the live bundle's."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Said:
    """What a bundle says to a turn.

    Attributes:
        action: ``answer``, ``clarify`` or ``handoff``.
        intent: the likeliest one, or None.
        sources: ids of the approved reply, or of the passages.
    """

    action: str
    reason: str
    intent: str | None
    confidence: float
    text: str
    sources: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"sources": list(self.sources)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Said":
        """The value of `as_json`."""
        return cls(**{**row, "sources": tuple(row["sources"])})


@dataclass(frozen=True, slots=True)
class Difference:
    """A real turn to which the candidate says something else.

    Attributes:
        sequence: of the bot message that was answered then, in its conversation.
        risk: 0 (harmless) to 1 (look at it first).
    """

    conversation_id: str
    sequence: int
    kind: DifferenceKind
    risk: float
    before: Said
    after: Said
    verdict: DifferenceVerdict | None = None
    reviewer: str | None = None
