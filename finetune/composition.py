"""What a desk trains on: its training folder and its reviewed conversations, redacted, without golden customers.

Pure but for what it is given to read. Knows no store, no model and no files' layout.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dataset_files import CONVERSATION
from bot.label_findings import Overrides
from bot.redaction.values import Participants, Redacted
from finetune.dataset_store import Content
from finetune.dialogues import Dialogue
from finetune.reviewed import ReviewedConversation, ReviewedTurn
from finetune.training_folder import DIALOGUES, INTENTS, TrainingFolder
from retrieval.values import Passage

OUT_OF_SCOPE = "out_of_scope"
"""The intent by which reviewers say that a message is none of the desk's business."""

Redact = Callable[[Sequence[str], Participants], Redacted]
"""Takes personal data out of the texts of one conversation, oldest first."""

Progress = Callable[[int, int], None]

NOBODY = Participants()


@dataclass(frozen=True, slots=True)
class GoldenSide:
    """What must not train: all of some customers, and some texts with the conversation they came from."""

    customers: Collection[str] = ()
    texts: Sequence[tuple[str, str | None]] = ()


@dataclass(slots=True)
class Composition:
    """Rows for a dataset version, and what became of them on the way.

    Attributes:
        redactions: type -> values taken out.
        left_out: reason -> rows.
    """

    content: Content = field(default_factory=Content)
    redactions: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def compose(
    folder: TrainingFolder,
    reviewed: Sequence[ReviewedConversation],
    golden: GoldenSide,
    passages: Sequence[Passage],
    redact: Redact,
    progress: Progress,
    overrides: Overrides | None = None,
) -> Composition:
    """Put together what trains.

    Args:
        folder: what the desk had before its own logs.
        reviewed: conversations of the log.
        golden: what tests instead.
        passages: of the current knowledge.
        redact: takes personal data out of one conversation's texts.
        progress: told (done, all) reviewed conversations.
        overrides: people's verdicts on labels of the folder's rows; those on reviewed turns are in ``reviewed``.
    """
    made = Composition()
    content = made.content
    content.passages = passages
    content.intents = [replace(row, text=_one(row.text, redact, made)) for row in folder.intents()]
    content.out_of_scope = [(_one(text, redact, made), None) for text in folder.out_of_scope()]
    content.sentiments = [replace(row, text=_one(row.text, redact, made)) for row in folder.sentiments()]
    content.excluded = [(_one(text, redact, made), None) for text in folder.excluded()]
    content.excluded += [(_one(text, redact, made), owner) for text, owner in golden.texts]
    content.dialogues = [_redacted(dialogue, NOBODY, redact, made) for dialogue in folder.dialogues()]
    content.queries = [_redacted_query(row, redact, made) for row in _answerable(folder.queries(), passages, made)]
    _override(content, overrides or Overrides(), made)
    for done, conversation in enumerate(reviewed, start=1):
        if conversation.customer in golden.customers:
            made.left_out["conversations of golden customers"] += 1
        else:
            _add(conversation, passages, redact, made)
        progress(done, len(reviewed))
    return made


def _override(content: Content, overrides: Overrides, made: Composition) -> None:
    """Give the folder's rows the labels that people want; after redaction, since that is the text which was audited."""
    rows = [(row, overrides.label(INTENTS, row.text, row.intent)) for row in content.intents]
    content.intents = [replace(row, intent=label) for row, label in rows if label is not None]
    if len(content.intents) < len(rows):
        made.left_out["rows that a label verdict dropped"] += len(rows) - len(content.intents)
    content.dialogues = [
        Dialogue(
            dialogue.conversation_id,
            tuple(
                replace(it, intent=overrides.label(DIALOGUES, it.text, it.intent)) if it.intent else it
                for it in dialogue.messages
            ),
        )
        for dialogue in content.dialogues
    ]


def _add(conversation: ReviewedConversation, passages: Sequence[Passage], redact: Redact, made: Composition) -> None:
    content, own = made.content, conversation.conversation_id
    dialogue = _redacted(conversation.dialogue, conversation.people, redact, made)
    outside = [message.text for message in dialogue.messages if message.intent == OUT_OF_SCOPE]
    content.out_of_scope += [(text, own) for text in outside]
    kept = (replace(it, intent=None) if it.intent == OUT_OF_SCOPE else it for it in dialogue.messages)
    content.dialogues.append(Dialogue(own, tuple(kept)))
    rows = (_query(turn) for turn in conversation.turns if turn.passage is not None)
    for row in _answerable(rows, passages, made):
        content.queries.append(_redacted_query(row, redact, made, conversation.people))


def _query(turn: ReviewedTurn) -> dict[str, Any]:
    assert turn.passage is not None
    row = {"text": turn.text, "context": list(turn.context), CONVERSATION: turn.conversation_id}
    return row | {"passage_ids": [turn.passage.passage_id], "document_id": turn.passage.document_id}


def _answerable(
    rows: Iterable[dict[str, Any]], passages: Sequence[Passage], made: Composition
) -> Iterator[dict[str, Any]]:
    """Rows whose passage is there; where an article was edited since, the article stands for its passage."""
    ids, articles = {it.passage_id for it in passages}, {it.document_id for it in passages}
    for row in rows:
        wanted, article = row.get("passage_ids"), row.get("document_id")
        if wanted and ids.issuperset(wanted):
            yield {name: value for name, value in row.items() if name != "document_id"}
        elif article in articles:
            yield {name: value for name, value in row.items() if name != "passage_ids"}
        else:
            made.left_out["questions whose passage is gone"] += 1


def _redacted(dialogue: Dialogue, people: Participants, redact: Redact, made: Composition) -> Dialogue:
    found = redact([message.text for message in dialogue.messages], people)
    made.redactions.update(found.counts)
    messages = zip(dialogue.messages, found.texts, strict=True)
    return Dialogue(dialogue.conversation_id, tuple(replace(message, text=text) for message, text in messages))


def _redacted_query(
    row: dict[str, Any], redact: Redact, made: Composition, people: Participants = NOBODY
) -> dict[str, Any]:
    context = [str(text) for text in row.get("context") or ()]
    found = redact([*context, str(row.get("text", ""))], people)
    made.redactions.update(found.counts)
    return {**row, "text": found.texts[-1], "context": list(found.texts[:-1])}


def _one(text: str, redact: Redact, made: Composition) -> str:
    found = redact([text], NOBODY)
    made.redactions.update(found.counts)
    return found.texts[0]
