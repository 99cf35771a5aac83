"""The whole audit of a dataset's labels, in order. Knows no database and no files."""

from collections import Counter

from bot.label_findings import Finding, FindingKind
from finetune.base_model import BaseModel
from finetune.examples import Dataset
from finetune.label_audit.contradictions import contradictions
from finetune.label_audit.intents import overlapping, thin
from finetune.label_audit.judging import judge
from finetune.label_audit.mislabelled import estimated_errors, mislabelled
from finetune.label_audit.values import AuditOptions, LabelAudit
from finetune.progress import Report


def audit_labels(dataset: Dataset, base: BaseModel, report: Report, options: AuditOptions | None = None) -> LabelAudit:
    """Look for rows that are likely mislabelled, contradictions, intents that overlap and intents that are thin.

    Args:
        dataset: any part; its labelled messages without context are looked at, since those with context are the same.
        base: the untrained encoder, whose vectors the judging head reads.
        report: takes lines on how it goes, without any customer's words.
        options: what is reported.
    """
    options = options or AuditOptions()
    rows = tuple(row for row in dataset.intents if not row.context)
    findings: list[Finding] = thin(rows, options.thin_rows)
    quality: dict[int, float] = {}
    errors = 0
    judged = judge(rows, base, report)
    if judged is not None:
        findings += mislabelled(judged, options.flagged_share) + overlapping(judged, options.overlap_share)
        errors = estimated_errors(judged)
        quality = {id(row): float(value) for row, value in zip(judged.examples, judged.quality, strict=True)}
    flagged = {(found.row, found.given) for found in findings if found.row}
    opposed = contradictions(rows, [quality.get(id(row), 0.0) for row in rows])
    # A contradiction between rows that are reported already says nothing new.
    findings += [found for found in opposed if (found.row, found.given) not in flagged]
    figures = {"rows": len(rows), "intents": len({row.intent for row in rows}), "mislabelled_estimate": errors}
    audit = LabelAudit(tuple(sorted(findings, key=_worst_first)), {**figures, **_counts(findings)})
    report(
        f"label audit: {len(rows)} rows, about {errors} labels likely wrong, "
        + ", ".join(f"{number:.0f} {kind}" for kind, number in _counts(findings).items())
    )
    return audit


def _worst_first(found: Finding) -> tuple[float, str, str, str]:
    return -found.score, found.kind, found.given, found.row.fingerprint if found.row else ""


def _counts(findings: list[Finding]) -> dict[str, float]:
    counted = Counter(found.kind for found in findings)
    return {kind.value: counted[kind] for kind in FindingKind if kind in counted}
