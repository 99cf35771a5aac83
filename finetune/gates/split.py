"""Which reviewed turns test and which train: by customer, so that nobody's words are on both sides. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from finetune.composition import OUT_OF_SCOPE, GoldenSide
from finetune.examples import IntentExample
from finetune.gates.packs import held_back, out_of_scope_pack
from finetune.gates.trial import GoldenRow
from finetune.reviewed import ReviewedConversation, ReviewedTurn
from finetune.splitting import place_of

_SEED = 4
"""Of the hash that places a customer; fixed, so that a customer who once trained never tests later."""


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """Rows that test, and whom they keep out of training.

    Attributes:
        rows: what a candidate is tried on.
        out_of_scope: messages that are none of the desk's business: of golden customers, by their reviewers' word, and
            those held back of the training folder's.
        customers: golden ones; none of their conversations trains.
        conversations: ids of theirs.
    """

    rows: tuple[GoldenRow, ...]
    out_of_scope: tuple[GoldenRow, ...]
    customers: frozenset[str]
    conversations: frozenset[str]

    @property
    def pack(self) -> tuple[str, ...]:
        """Texts for the out-of-scope gate: the desk's own and those that Frontdesk brings."""
        return out_of_scope_pack([row.text for row in self.out_of_scope])

    @property
    def side(self) -> GoldenSide:
        """What must not train, near-duplicates of the rows' texts included."""
        texts = ((row.text, row.conversation_id) for row in (*self.rows, *self.out_of_scope))
        return GoldenSide(self.customers, tuple(texts))


def golden_split(
    reviewed: Sequence[ReviewedConversation],
    kept: Iterable[IntentExample],
    marks: Mapping[tuple[str, int], bool],
    share: float,
    outside: Iterable[str] = (),
) -> GoldenSet:
    """Choose the golden set.

    A customer is golden where their hash falls into the share, or where staff marked one of their turns. All reviewed
    turns of a golden customer test, except those that staff keep out of it; those neither test nor train.

    Args:
        reviewed: all reviewed conversations of the log.
        kept: rows of ``golden.csv``.
        marks: of staff, by conversation and sequence of the bot's message: kept in the golden set, or kept out of it.
        share: of the customers that are golden, 0..1; and of the out-of-scope messages that test.
        outside: out-of-scope messages of the desk's training folder.
    """
    marked = {conversation_id for (conversation_id, _), is_kept in marks.items() if is_kept}
    customers = frozenset(
        found.customer
        for found in reviewed
        if is_golden_customer(found.customer, share) or found.conversation_id in marked
    )
    golden = [found for found in reviewed if found.customer in customers]
    turns = [
        _row(found.customer, turn)
        for found in golden
        for turn in found.turns
        if (turn.intent or turn.reply_id or turn.passage) and marks.get((turn.conversation_id, turn.sequence), True)
    ]
    rows = [*(GoldenRow(example.text, example.context, example.intent) for example in kept), *turns]
    rows += [GoldenRow(text, (), OUT_OF_SCOPE) for text in held_back(outside, share)]
    return GoldenSet(
        tuple(row for row in rows if row.intent != OUT_OF_SCOPE),
        tuple(row for row in rows if row.intent == OUT_OF_SCOPE),
        customers,
        frozenset(found.conversation_id for found in golden),
    )


def is_golden_customer(customer: str, share: float) -> bool:
    """Whether a customer's hash falls into the golden share (0..1); it grows with the share and never changes sides."""
    return place_of(customer, _SEED) < share


def _row(customer: str, turn: ReviewedTurn) -> GoldenRow:
    return GoldenRow(
        turn.text,
        turn.context,
        turn.intent,
        turn.conversation_id,
        turn.sequence,
        customer,
        turn.answered_utc,
        turn.reply_id,
        turn.passage.passage_id if turn.passage else None,
    )
