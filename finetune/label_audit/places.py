"""Where a row of a dataset came from: a message of the desk's log, or a file. Knows no labels' worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from bot.label_findings import Finding, RowPlace, row_fingerprint
from finetune.examples import IntentExample
from finetune.reviewed import ReviewedConversation
from finetune.training_folder import DIALOGUES, INTENTS


def place_of(row: IntentExample) -> RowPlace:
    """A row as a dataset knows it: which conversation, and which text."""
    file = INTENTS if row.group is None else DIALOGUES
    return RowPlace(row_fingerprint(row.text), file, row.group)


def located(
    findings: Iterable[Finding], reviewed: Sequence[ReviewedConversation], texts: Mapping[str, str]
) -> list[Finding]:
    """Findings whose rows of live conversations name the bot message that was reviewed.

    The dataset holds redacted texts and no message's number, so that the turn is the one, among those reviewed with the
    row's label, whose words are most alike.

    Args:
        findings: as an audit gives them.
        reviewed: the desk's reviewed conversations.
        texts: of the dataset's rows by fingerprint (see `texts_by_fingerprint`).
    """
    known = {conversation.conversation_id: conversation for conversation in reviewed}

    def of_row(place: RowPlace, label: str | None) -> RowPlace:
        conversation = known.get(place.conversation_id or "")
        if conversation is None:
            return place
        turns = [turn for turn in conversation.turns if label is None or turn.intent == label]
        text = texts.get(place.fingerprint, "")
        if not turns:
            return place
        best = max(turns, key=lambda turn: fuzz.ratio(turn.text, text))
        return RowPlace("", None, conversation.conversation_id, best.sequence)

    return [
        replace(
            found,
            row=of_row(found.row, found.given) if found.row else None,
            examples=tuple(of_row(place, None) for place in found.examples),
        )
        for found in findings
    ]


def texts_by_fingerprint(rows: Iterable[IntentExample]) -> dict[str, str]:
    """Texts of rows by their fingerprints."""
    return {row_fingerprint(row.text): row.text for row in rows}
