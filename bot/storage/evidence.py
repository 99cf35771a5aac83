"""Decisions and their evidence as columns, and back. Knows no conversations and sends no statement.

JSON has no NaN, so a number that is not finite is stored as null and read back as NaN.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from bot.storage.records import Feedback, LoggedDecision, LoggedMessage, ScoredReply
from bot.storage.tables import DecisionRow, FeedbackRow, LoggedPassageRow, MessageRow
from bot.values import (
    Action,
    Decision,
    Evidence,
    IntentScore,
    Message,
    PassageSource,
    Reply,
    ReplySource,
    Role,
    Source,
    Versions,
)
from retrieval.values import Passage, RetrievedPassage

LoggedRow = tuple[MessageRow, DecisionRow | None, FeedbackRow | None]


def decision_row(message_id: int, reply: Reply, evidence: Evidence) -> DecisionRow:
    """Make the row that explains a bot message."""
    understanding = evidence.understanding
    return DecisionRow(
        message_id=message_id,
        action=reply.decision.action.value,
        reason=reply.decision.reason,
        intent=understanding.ranking[0].intent if understanding.ranking else None,
        confidence=_finite(reply.decision.confidence),
        ranking=[[score.intent, _finite(score.probability)] for score in understanding.ranking],
        out_of_scope=_finite(understanding.out_of_scope),
        sentiment=understanding.sentiment,
        foreign_reason=understanding.foreign,
        passages=[[_fingerprint(found.passage), _finite(found.score), found.rank] for found in evidence.passages],
        replies=[
            [ranked.reply.reply_id, ranked.reply.version, _finite(ranked.score), ranked.rank]
            for ranked in evidence.replies
        ],
        sources=[_source_json(source) for source in reply.sources],
        options=list(reply.options),
        bundle_version=reply.versions.bundle,
        knowledge_version=reply.versions.knowledge,
        replies_version=reply.versions.replies,
        latency_ms=_finite(reply.latency_ms),
    )


def passage_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """List the passages that a decision refers to, ordered so that two writers cannot lock each other."""
    rows = {_fingerprint(found.passage): passage_row(found.passage) for found in evidence.passages}
    return [rows[fingerprint] for fingerprint in sorted(rows)]


def passage_row(passage: Passage) -> dict[str, Any]:
    """Make the row that keeps a passage as it is now, under its fingerprint."""
    return {
        "fingerprint": _fingerprint(passage),
        "passage_id": passage.passage_id,
        "document_id": passage.document_id,
        "title": passage.title,
        "text": passage.text,
        "source_uri": passage.source_uri,
        "position": passage.position,
    }


def passage_value(row: LoggedPassageRow) -> Passage:
    """Read a passage."""
    return Passage(row.passage_id, row.document_id, row.title, row.text, row.source_uri, row.position)


def message_value(row: MessageRow) -> Message:
    """Read a message."""
    return Message(Role(row.role), row.text, row.sent_utc)


def logged_message(row: LoggedRow, *, created: bool = False) -> LoggedMessage:
    """Read a message with the decision and the thumb that belong to it."""
    message, decision, feedback = row
    if decision is None:
        return LoggedMessage(
            message.sequence,
            message_value(message),
            author=message.author,
            reply_failed=message.reply_failed,
            created=created,
        )
    return LoggedMessage(
        sequence=message.sequence,
        message=message_value(message),
        decision=_decision(decision),
        sources=_sources(decision),
        options=tuple(decision.options),
        versions=_versions(decision),
        feedback=_feedback(feedback),
        answers=message.answers,
        created=created,
    )


def logged_decision(row: LoggedRow, decision: DecisionRow, texts: Mapping[str, LoggedPassageRow]) -> LoggedDecision:
    """Read a bot message with its evidence; ``texts`` holds at least this decision's passages by fingerprint."""
    message, _, feedback = row
    return LoggedDecision(
        conversation_id=message.conversation_id,
        sequence=message.sequence,
        answers=message.answers or 0,
        text=message.text,
        sent_utc=message.sent_utc,
        decision=_decision(decision),
        sources=_sources(decision),
        options=tuple(decision.options),
        versions=_versions(decision),
        ranking=tuple(IntentScore(intent, _number(probability)) for intent, probability in decision.ranking),
        out_of_scope=decision.out_of_scope,
        sentiment=decision.sentiment,
        foreign=decision.foreign_reason,
        passages=tuple(_retrieved(texts[key], score, rank) for key, score, rank in decision.passages),
        replies=tuple(
            ScoredReply(reply_id, version, _number(score), rank) for reply_id, version, score, rank in decision.replies
        ),
        latency_ms=_number(decision.latency_ms),
        feedback=_feedback(feedback),
    )


def fingerprints(decisions: Iterable[DecisionRow]) -> set[str]:
    """Collect the keys of all passages that the decisions refer to."""
    return {key for decision in decisions for key, _, _ in decision.passages}


def _decision(row: DecisionRow) -> Decision:
    return Decision(Action(row.action), row.reason, _number(row.confidence))


def _versions(row: DecisionRow) -> Versions:
    return Versions(row.bundle_version, row.knowledge_version, row.replies_version)


def _sources(row: DecisionRow) -> tuple[Source, ...]:
    return tuple(_source_value(source) for source in row.sources)


def _feedback(row: FeedbackRow | None) -> Feedback | None:
    return None if row is None else Feedback(row.helpful, row.comment, row.given_utc)


def _fingerprint(passage: Passage) -> str:
    # Not the passage's own id: a hand-made passages file may keep an id and change its text.
    parts = [passage.passage_id, passage.document_id, passage.title, passage.text, passage.source_uri, passage.position]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _retrieved(row: LoggedPassageRow, score: float | None, rank: int) -> RetrievedPassage:
    return RetrievedPassage(passage_value(row), _number(score), rank)


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


def _number(stored: float | None) -> float:
    return math.nan if stored is None else stored


def _source_json(source: Source) -> dict[str, Any]:
    if isinstance(source, ReplySource):
        return {"reply_id": source.reply_id, "version": source.version, "variables": dict(source.variables)}
    return {
        "passage_id": source.passage_id,
        "document_id": source.document_id,
        "title": source.title,
        "source_uri": source.source_uri,
        "spans": [list(span) for span in source.spans],
    }


def _source_value(stored: Mapping[str, Any]) -> Source:
    if "reply_id" in stored:
        return ReplySource(stored["reply_id"], stored["version"], dict(stored["variables"]))
    return PassageSource(
        passage_id=stored["passage_id"],
        document_id=stored["document_id"],
        title=stored["title"],
        source_uri=stored["source_uri"],
        spans=tuple((start, end) for start, end in stored["spans"]),
    )
