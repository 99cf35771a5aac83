"""A reviewer's opinion and what follows from it: a corrected reply becomes a proposal. Knows no pages and no models.

The proposal is written first: where the second write fails, saving the same opinion again repeats neither.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import ReplyNotFoundError
from bot.reviews import Opinion, Review, ReviewItem, Verdict, in_order
from bot.risks import risks_of
from bot.storage.records import LoggedDecision, ProposedReply, utc_now
from bot.storage.store import Store
from bot.values import ApprovedReply, ReplySource

_ID_DIGITS = 16


def queue_of(store: Store, reviewer: str) -> list[ReviewItem]:
    """What a reviewer should look at next, most useful first."""
    return in_order(store.reviews.waiting(reviewer), reviewer)


def save_opinion(store: Store, conversation_id: str, sequence: int, opinion: Opinion, *, reviewer: str) -> Review:
    """Keep an opinion; a corrected reply is proposed under the reviewer's name.

    It becomes a new version of the approved reply that the bot used, unless another intent is the right one: then that
    reply was only chosen wrongly, and the new text is a reply of its own. A reviewer who corrects again edits their
    own proposal.

    Raises:
        InvalidTextError: a text cannot be stored, or verdict and corrections do not fit.
        ConversationNotFoundError: no conversation has this id.
        MessageNotFoundError: there is no such message of the bot.
    """
    if opinion.verdict is Verdict.CORRECTED and opinion.reply_text:
        subject = store.reviews.subject(conversation_id, sequence)
        earlier = [
            review.opinion.reply_id
            for review in store.reviews.of(conversation_id, sequence)
            if review.reviewer == reviewer
        ]
        proposed = _proposed(store, subject, opinion, reviewer, earlier[0] if earlier else None)
        opinion = replace(opinion, reply_id=proposed)
    return store.reviews.put(conversation_id, sequence, opinion, reviewer=reviewer)


def reply_template(store: Store, subject: LoggedDecision) -> str:
    """The words to correct: the approved reply with its variables unfilled, else what the bot said."""
    used = _reply_used(subject)
    if used is None:
        return subject.text
    try:
        return store.replies.get(used.reply_id, used.version).text
    except ReplyNotFoundError:  # erased since
        return subject.text


def planned_reply(store: Store, subject: LoggedDecision, opinion: Opinion) -> ApprovedReply | None:
    """The reply that `save_opinion` would propose, as it would be once approved; None where no text is corrected."""
    if opinion.verdict is not Verdict.CORRECTED or not opinion.reply_text:
        return None
    text, used = opinion.reply_text, _edited(store, subject, opinion)
    if used is None:
        return ApprovedReply(_new_id(text), 1, text, _intents(subject, opinion), "", utc_now())
    known = store.replies.history(used.reply_id)[-1]
    return ApprovedReply(used.reply_id, known.version + 1, text, known.intents, "", utc_now(), known.frequency)


def _proposed(store: Store, subject: LoggedDecision, opinion: Opinion, reviewer: str, earlier: str | None) -> str:
    text = opinion.reply_text or ""
    intents = _intents(subject, opinion)
    used, edited = _reply_used(subject), _edited(store, subject, opinion)
    if edited:
        store.replies.edit(edited.reply_id, text, by=reviewer, risky=risks_of(text))
        return edited.reply_id
    if earlier is not None and (used is None or earlier != used.reply_id):
        store.replies.edit(earlier, text, by=reviewer, risky=risks_of(text), intents=intents)
        return earlier
    reply_id = _new_id(text)
    store.replies.propose([ProposedReply(reply_id, text, intents, 1, risks_of(text))], by=reviewer)
    return reply_id


def _edited(store: Store, subject: LoggedDecision, opinion: Opinion) -> ReplySource | None:
    """The reply of which the corrected text is a new version; None where it is a reply of its own."""
    used = _reply_used(subject)
    return used if used and opinion.intent in {None, *_intents_of(store, used)} else None


def _new_id(text: str) -> str:
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()[:_ID_DIGITS]


def _intents_of(store: Store, used: ReplySource) -> Sequence[str]:
    """The intents that an approved reply answers; none where it is gone."""
    try:
        return store.replies.get(used.reply_id, used.version).intents
    except ReplyNotFoundError:
        return ()


def _intents(subject: LoggedDecision, opinion: Opinion) -> tuple[str, ...]:
    if opinion.intent:
        return (opinion.intent,)
    return (subject.ranking[0].intent,) if subject.ranking else ()


def _reply_used(subject: LoggedDecision) -> ReplySource | None:
    return next((source for source in subject.sources if isinstance(source, ReplySource)), None)
