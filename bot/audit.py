"""Proves from the log that each answer was an approved reply of that version, or literal quotes of recorded passages.

Rebuilds every logged text from its recorded ground and compares. Knows no models.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.absence import is_absence_sentence
from bot.compose import fill, render_quotes
from bot.desk import Desk
from bot.errors import BotError
from bot.phrases import phrase
from bot.policy import Reason
from bot.storage.records import LoggedDecision
from bot.storage.store import Store
from bot.values import Action, PassageSource, ReplySource
from retrieval.errors import RetrievalError
from retrieval.snapshot import snapshot_passages
from retrieval.values import Passage

ReadPassages = Callable[[str], dict[str, Passage]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A bot message whose ground could not be proven, and why."""

    conversation_id: str
    sequence: int
    problem: str


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many bot messages were checked and which failed."""

    checked: int
    findings: tuple[Finding, ...]


def audit(store: Store, desk: Desk, since: datetime) -> AuditResult:
    """Check every bot message sent since a time."""
    passages = _PassagesByVersion(desk)
    checked, findings = 0, []
    for logged in store.conversations.decisions_since(since):
        checked += 1
        problem = _problem(logged, store, passages)
        if problem:
            findings.append(Finding(logged.conversation_id, logged.sequence, problem))
    return AuditResult(checked, tuple(findings))


class _PassagesByVersion:
    """Passages of recorded knowledge snapshots, each snapshot read once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._read: dict[str, dict[str, Passage]] = {}

    def __call__(self, version: str) -> dict[str, Passage]:
        if version not in self._read:
            passages = snapshot_passages(self._desk.knowledge_directory(version))
            self._read[version] = {passage.passage_id: passage for passage in passages}
        return self._read[version]


def _problem(logged: LoggedDecision, store: Store, passages: ReadPassages) -> str | None:
    match logged.decision.reason:
        case Reason.APPROVED_REPLY:
            return _reply_problem(logged, store)
        case Reason.PASSAGE:
            return _quote_problem(logged, passages)
        case _:
            return None if _is_own_sentence(logged) else "the text is none of the desk's own sentences"


def _is_own_sentence(logged: LoggedDecision) -> bool:
    for language in ("en", "zh"):
        words = phrase(logged.decision.reason, language)
        if logged.text == words:
            return True
        if logged.decision.action is Action.HANDOFF and logged.text.startswith(words):
            return is_absence_sentence(logged.text.removeprefix(words), logged.sent_utc)
    return False


def _reply_problem(logged: LoggedDecision, store: Store) -> str | None:
    sources = [source for source in logged.sources if isinstance(source, ReplySource)]
    if len(sources) != 1:
        return "the answer names no approved reply"
    source = sources[0]
    try:
        reply = store.replies.get(source.reply_id, source.version)
    except BotError as error:
        return str(error)
    if reply.approved_by is None or reply.approved_utc is None or reply.approved_utc > logged.sent_utc:
        return f"reply {source.reply_id} version {source.version} was not approved when it was sent"
    if fill(reply.text, source.variables) != logged.text:
        return f"the text is not reply {source.reply_id} version {source.version}"
    return None


def _quote_problem(logged: LoggedDecision, passages: ReadPassages) -> str | None:
    sources = [source for source in logged.sources if isinstance(source, PassageSource)]
    if not sources or logged.versions.knowledge is None:
        return "the answer cites no passage"
    try:
        recorded = passages(logged.versions.knowledge)
    except RetrievalError as error:
        return str(error)
    missing = [source.passage_id for source in sources if source.passage_id not in recorded]
    if missing:
        return f"passage {missing[0]} is not in knowledge {logged.versions.knowledge}"
    texts = {source.passage_id: recorded[source.passage_id].text for source in sources}
    return None if render_quotes(sources, texts) == logged.text else "the text is not the recorded quotes"


def problems(result: AuditResult) -> Iterator[str]:
    """One line for each finding."""
    for finding in result.findings:
        yield f"{finding.conversation_id} #{finding.sequence}: {finding.problem}"
