"""The audit of one desk: what it would train on and what happened in production, into its list of findings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.label_findings import FindingKind
from bot.production import RATES, disappointing
from bot.settings import Settings
from bot.storage.store import Store
from finetune.base_model import BaseModel
from finetune.dataset_store import Content
from finetune.dialogue_examples import intent_examples
from finetune.examples import Dataset, IntentExample
from finetune.label_audit.audit import audit_labels
from finetune.label_audit.places import located, texts_by_fingerprint
from finetune.label_audit.values import AuditOptions
from finetune.progress import Report
from finetune.reviewed import ReviewedConversation
from finetune.rows import Rows, cleaned
from finetune.turns import turns_of

_OF_LABELS = tuple(kind for kind in FindingKind if kind not in RATES)


def audit_desk(
    store: Store,
    settings: Settings,
    content: Content,
    reviewed: Sequence[ReviewedConversation],
    base: BaseModel,
    report: Report,
) -> Mapping[str, float]:
    """Audit what a dataset version holds, and replace the findings that nobody has judged.

    Args:
        store: the desk's database.
        settings: the desk's, for ``[improve]``.
        content: rows as `finetune.composition.compose` gives them.
        reviewed: the conversations that went into it.
        base: the untrained encoder.
        report: takes lines on how it goes, without any customer's words.

    Returns:
        Figures of the audit for the run: ``audit_rows``, ``audit_mislabelled_estimate``, ``audit_waiting``, ...
    """
    chosen = settings.improve
    dataset = labelled_rows(content)
    options = AuditOptions(thin_rows=chosen.thin_intent_rows, overlap_share=chosen.overlap_share)
    audit = audit_labels(dataset, base, report, options)
    findings = located(audit.findings, reviewed, texts_by_fingerprint(dataset.intents))
    waiting = store.label_findings.replace(findings, _OF_LABELS)
    since = datetime.now(UTC) - timedelta(days=chosen.production_days)
    disappoint = disappointing(store.intent_outcomes.since(since))
    waiting += store.label_findings.replace(disappoint, RATES)
    report(f"label audit: {len(disappoint)} rates of intents above the desk's; {waiting} findings wait for a verdict")
    figures = {**audit.figures, "disappointing": len(disappoint), "waiting": waiting}
    return {f"audit_{name}": value for name, value in figures.items()}


def labelled_rows(content: Content) -> Dataset:
    """The labelled messages of a dataset version, alone and cleaned."""
    return cleaned(Rows(tuple(_examples(content)))).dataset()


def _examples(content: Content) -> Iterator[IntentExample]:
    yield from content.intents
    for dialogue in content.dialogues:
        yield from intent_examples(dialogue.conversation_id, turns_of(dialogue))
