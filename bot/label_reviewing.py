"""A verdict on a label and what follows: on a reviewed message it becomes the person's review. Knows no pages.

The review is written first: where the second write fails, giving the same verdict again changes nothing twice.
"""

from dataclasses import replace

from bot.label_findings import KeptFinding, LabelVerdict
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.store import Store


def judge_finding(
    store: Store, finding_id: int, verdict: LabelVerdict, *, reviewer: str, intent: str | None = None
) -> KeptFinding:
    """Keep a verdict; of a row of the training folder it counts when a dataset is built (`LabelFindings.overrides`).

    Args:
        store: the desk's database.
        finding_id: which finding.
        verdict: keep the label, change it, or drop the row.
        reviewer: login name.
        intent: the right label, with ``CHANGE`` only.

    Raises:
        InvalidTextError: a change that names no label, or another verdict that does.
        LabelFindingNotFoundError: the finding is gone, with its message perhaps.
    """
    found = store.label_findings.get(finding_id)
    place = found.finding.row
    if place is not None and place.conversation_id is not None and place.sequence is not None:
        label = found.finding.given if verdict is LabelVerdict.KEEP else intent
        _review(store, place.conversation_id, place.sequence, label, reviewer)
    store.label_findings.judge(finding_id, verdict, by=reviewer, intent=intent)
    return store.label_findings.get(finding_id)


def _review(store: Store, conversation_id: str, sequence: int, label: str | None, reviewer: str) -> None:
    """Say which intent is right and nothing else: what this reviewer said of the reply before stays."""
    mine = next((it for it in store.reviews.of(conversation_id, sequence) if it.reviewer == reviewer), None)
    if mine is not None and mine.right_intent == label:
        return
    earlier = mine.opinion if mine is not None else Opinion(Verdict.CORRECTED)
    if label is None:
        opinion = Opinion(Verdict.REJECTED, note=earlier.note)
    else:
        opinion = replace(earlier, verdict=Verdict.CORRECTED, intent=label)
    save_opinion(store, conversation_id, sequence, opinion, reviewer=reviewer)
