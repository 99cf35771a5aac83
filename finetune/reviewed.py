"""Reviewed conversations of the desk's log as training reads them. Knows the store; knows no files and no model.

A conversation counts as soon as one of its bot messages has a review. What the reviewers say becomes labels: the right
intent of a customer's turn, the reply that a person approved or wrote, the passage that answers. The bot's other
messages stay what they are, and never become something to learn.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.redaction.values import Participants
from bot.reviews import Review, Verdict
from bot.storage.records import LoggedMessage
from bot.storage.store import Store
from bot.values import Action, ReplySource, Role
from finetune.dialogues import Dialogue, DialogueMessage
from retrieval.values import Passage

EVER = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ReviewedTurn:
    """A customer's turn with what reviewers say of the bot's message to it.

    Attributes:
        sequence: of the bot's message.
        text: what the customer said since anybody else did.
        context: texts before it, oldest first.
        intent: the right one; None where no reviewer names one, or two of them disagree.
        reply_id: the approved reply that was right, or the proposal that a correction became.
        passage: the passage that answers.
        answered_utc: when the bot answered.
        reviewed_utc: when the latest review came.
    """

    conversation_id: str
    sequence: int
    text: str
    context: tuple[str, ...]
    intent: str | None
    reply_id: str | None
    passage: Passage | None
    answered_utc: datetime
    reviewed_utc: datetime


@dataclass(frozen=True, slots=True)
class ReviewedConversation:
    """A conversation with at least one review.

    Attributes:
        customer: the customer's id, or the conversation's where the customer is unknown.
        people: what the customer and the agents in it are called.
        dialogue: labelled by the reviews; what a person approved or wrote has the role ``agent``.
    """

    conversation_id: str
    customer: str
    people: Participants
    dialogue: Dialogue
    turns: tuple[ReviewedTurn, ...]


@dataclass(slots=True)
class Collected:
    """All reviewed conversations, and how they came about.

    Attributes:
        until_utc: the latest review's time; None without reviews.
        fresh: reviews since the time that was asked for.
        settled: labels that a person gave as a verdict of the label audit, by conversation and bot message; None drops
            the label. They stand above all reviews.
        disagreements: messages whose reviewers name different intents; no intent is learnt from these.
    """

    conversations: list[ReviewedConversation] = field(default_factory=list)
    until_utc: datetime | None = None
    fresh: int = 0
    reviews: int = 0
    disagreements: int = 0
    settled: Mapping[tuple[str, int], str | None] = field(default_factory=dict)


def collect_reviewed(store: Store, since_utc: datetime | None, progress: Progress) -> Collected:
    """Read every reviewed conversation of the log.

    Args:
        store: the desk's database.
        since_utc: reviews later than this are counted as fresh.
        progress: told (done, all) conversations.
    """
    collected = Collected(settled=store.label_findings.overrides().turns)
    by_message: defaultdict[str, defaultdict[int, list[Review]]] = defaultdict(lambda: defaultdict(list))
    for review in store.reviews.since(EVER):
        by_message[review.conversation_id][review.sequence].append(review)
        collected.reviews += 1
        collected.fresh += since_utc is None or review.reviewed_utc > since_utc
        collected.until_utc = max(collected.until_utc or EVER, review.reviewed_utc)
    for done, (conversation_id, reviews) in enumerate(by_message.items(), start=1):
        found = _conversation(store, conversation_id, reviews, collected)
        if found is not None:
            collected.conversations.append(found)
        progress(done, len(by_message))
    return collected


def _conversation(
    store: Store, conversation_id: str, reviews: dict[int, list[Review]], collected: Collected
) -> ReviewedConversation | None:
    standing = store.standings.get(conversation_id)
    log = store.conversations.messages_after(conversation_id, 0)
    if standing is None or not log:  # erased meanwhile
        return None
    turns = [
        _turn(conversation_id, log, logged, reviews[logged.sequence], collected)
        for logged in log
        if logged.sequence in reviews and logged.answers is not None
    ]
    agents = sorted({logged.author for logged in log if logged.author})
    people = Participants((standing.customer_name,) if standing.customer_name else (), tuple(agents))
    return ReviewedConversation(
        conversation_id,
        standing.customer_id or conversation_id,
        people,
        Dialogue(conversation_id, tuple(_labelled(log, reviews, {turn.sequence: turn for turn in turns}))),
        tuple(turns),
    )


def _turn(
    conversation_id: str, log: Sequence[LoggedMessage], said: LoggedMessage, reviews: list[Review], collected: Collected
) -> ReviewedTurn:
    before = [logged for logged in log if said.answers is not None and logged.sequence <= said.answers]
    asked = _last_turn(before)
    intents = {review.right_intent for review in reviews if review.right_intent}
    named = (conversation_id, said.sequence)
    if named in collected.settled:
        label = collected.settled[named]
        intents = {label} if label else set()
    collected.disagreements += len(intents) > 1
    latest = max(reviews, key=lambda review: review.reviewed_utc)
    passages = [review.opinion.passage for review in reviews if review.opinion.passage]
    replies = [review.opinion.reply_id for review in reviews if review.opinion.reply_id] or _approved(said, latest)
    return ReviewedTurn(
        conversation_id,
        said.sequence,
        "\n".join(logged.message.text for logged in asked),
        tuple(logged.message.text for logged in before[: len(before) - len(asked)]),
        intents.pop() if len(intents) == 1 else None,
        replies[-1] if replies else None,
        passages[-1] if passages else None,
        said.message.sent_utc,
        latest.reviewed_utc,
    )


def _approved(said: LoggedMessage, latest: Review) -> list[str]:
    """The approved reply that the bot chose, where the reviewer says that it did well."""
    used = [source.reply_id for source in said.sources if isinstance(source, ReplySource)]
    return used if latest.opinion.verdict is Verdict.APPROVED else []


def _last_turn(messages: Sequence[LoggedMessage]) -> list[LoggedMessage]:
    """The customer's messages at the end: a burst is one thought, and its label belongs to all of it."""
    place = len(messages)
    while place and messages[place - 1].message.role is Role.CUSTOMER:
        place -= 1
    return list(messages[place:])


def _labelled(
    log: Sequence[LoggedMessage], reviews: dict[int, list[Review]], turns: dict[int, ReviewedTurn]
) -> Iterator[DialogueMessage]:
    intents = {logged.answers: turns[logged.sequence].intent for logged in log if logged.sequence in turns}
    waiting: list[str] = []
    for place, logged in enumerate(log):
        message = logged.message
        if message.role is Role.CUSTOMER:
            waiting.append(message.text)
            if place + 1 < len(log) and log[place + 1].message.role is Role.CUSTOMER and logged.sequence not in intents:
                continue
            text, waiting = "\n".join(waiting), []
            yield DialogueMessage(message.role, text, message.sent_utc, intents.get(logged.sequence))
        else:
            spoken = DialogueMessage(message.role, message.text, message.sent_utc)
            approved = _approved_words(logged, reviews.get(logged.sequence, []))
            yield replace(spoken, role=Role.AGENT, text=approved) if approved else spoken


def _approved_words(logged: LoggedMessage, reviews: Sequence[Review]) -> str | None:
    """What a person says the bot should have said; None where nobody stands for the words."""
    latest = max(reviews, key=lambda review: review.reviewed_utc, default=None)
    if latest is None or logged.decision is None:
        return None
    if latest.opinion.verdict is Verdict.CORRECTED:
        return latest.opinion.reply_text
    answered = logged.decision.action is Action.ANSWER
    return logged.message.text if latest.opinion.verdict is Verdict.APPROVED and answered else None
