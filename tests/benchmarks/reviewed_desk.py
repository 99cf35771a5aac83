"""A desk whose log is full of reviewed turns: labelled messages asked of the real bot, and judged by a script.

Knows no metric. What a reviewer would say is the label: the bot was right where its likeliest intent is it.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bootstrap import open_services, open_store
from bot.desk import Desk
from bot.publishing import publish_bundle
from bot.reviewing import save_opinion
from bot.reviews import Opinion, Verdict
from bot.storage.migrate import upgrade
from bot.storage.records import ProposedReply
from tests.benchmarks.workplace import Workplace

REVIEWER = "scripted"
_TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One message of a customer, and the label that a reviewer gives it."""

    customer: str
    text: str
    label: str


def new_desk(place: Workplace, name: str, bundle: Path, labels: Iterable[str], settings: str = "") -> Desk:
    """Makes a desk with a live bundle and one approved reply for each label; what was there is removed."""
    folder = place.folder("loop") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "desk.toml").write_text(settings, encoding="utf-8")
    desk = Desk(folder)
    read = desk.settings()
    upgrade(desk.database_url(read))
    with open_store(desk, read) as store:
        store.replies.propose([_reply(label) for label in sorted(set(labels))])
        store.replies.approve(None, by=REVIEWER)
        publish_bundle(desk, read, store, bundle, lambda done, total: None)
    return desk


def ask_and_review(place: Workplace, desk: Desk, asked: Sequence[Asked]) -> float:
    """Asks the live bot each message in a conversation of its own, and reviews what it says.

    Returns:
        Share of the messages whose intent the bot had right.
    """
    right = 0
    with open_services(desk.directory) as services:
        store = services.store
        for done, one in enumerate(asked, start=1):
            started = store.conversations.start(channel="web", locale="en", customer_id=one.customer)
            reply = services.assistant.reply(started.conversation_id, one.text, "m1")
            if reply is None:
                raise ValueError("the bot is silent in a new conversation")
            ranking = store.reviews.subject(started.conversation_id, reply.sequence).ranking
            correct = bool(ranking) and ranking[0].intent == one.label
            right += correct
            opinion = Opinion(Verdict.APPROVED) if correct else Opinion(Verdict.CORRECTED, one.label)
            save_opinion(store, started.conversation_id, reply.sequence, opinion, reviewer=REVIEWER)
            if done % _TOLD_EVERY == 0:
                place.say(f"{done} of {len(asked)} turns asked and reviewed")
    return right / len(asked)


def _reply(label: str) -> ProposedReply:
    words = label.replace("_", " ").casefold()
    return ProposedReply(f"r-{label}".casefold(), f"This is what we do about {words}.", (label,), 1)
