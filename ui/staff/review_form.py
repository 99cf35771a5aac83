"""What the review form says: the opinion behind its fields, and what its choices offer. Knows no events and no page."""

from collections.abc import Sequence
from typing import Any

import gradio

from bot.reviewing import reply_template
from bot.reviews import Opinion, Verdict
from bot.storage.records import LoggedDecision
from retrieval.values import Passage
from ui.staff.caller import StaffError
from ui.staff.review_view import passage_label
from ui.staff.services import StaffServices

NO_PASSAGE = ""


class ReviewForm:
    """Reads and fills the form with the desk's intents, replies and passages."""

    def __init__(self, services: StaffServices) -> None:
        self._services = services

    def opinion(self, subject: LoggedDecision, intent: str | None, text: str, passage_id: str, note: str) -> Opinion:
        """What the form says: a correction where it differs from what the bot did, else an approval.

        Raises:
            StaffError: the marked passage is gone.
        """
        named = self._known_intent(intent or "")
        right_intent = named if named and named != bot_intent(subject) else None
        written = (text or "").strip()
        right_text = written if written not in {"", reply_template(self._services.store, subject)} else None
        passage = self.passage(subject, passage_id)
        verdict = Verdict.CORRECTED if right_intent or right_text or passage else Verdict.APPROVED
        return Opinion(verdict, right_intent, right_text, None, passage, or_none(note))

    def intents(self) -> list[tuple[str, str]]:
        """All known intents with how they are called."""
        titles = self._services.settings.intent_titles
        known = {*self._services.live.current().encoder.intents, *self._services.store.reviews.intents()}
        return [(f"{titles[name]} ({name})" if name in titles else name, name) for name in sorted(known)]

    def passage(self, subject: LoggedDecision, passage_id: str) -> Passage | None:
        """The passage of an id, of those that the bot retrieved or of the live knowledge.

        Raises:
            StaffError: it is in neither.
        """
        if not passage_id:
            return None
        for found in subject.passages:
            if found.passage.passage_id == passage_id:
                return found.passage
        models = self._services.live.current()
        known = models.retriever.passages if models.retriever is not None else ()
        for passage in known:
            if passage.passage_id == passage_id:
                return passage
        raise StaffError("This passage is gone: its article has changed. Search again.")

    def _known_intent(self, written: str) -> str:
        """The intent that is meant: a known one whatever its case or title, else a new one by its words."""
        name = " ".join(written.split())
        by_words = {words.casefold(): intent for label, intent in self.intents() for words in (label, intent)}
        return by_words.get(name.casefold(), name)


def bot_intent(subject: LoggedDecision) -> str | None:
    """The likeliest intent when the bot answered."""
    return subject.ranking[0].intent if subject.ranking else None


def passage_choices(subject: LoggedDecision, more: Sequence[Passage]) -> Any:
    """The choice of the right passage: none, those that a search found, those that the bot retrieved."""
    rows = [("None marked", NO_PASSAGE)]
    rows += [(f"Search: {passage_label(passage)}", passage.passage_id) for passage in more]
    searched = {passage.passage_id for passage in more}
    rows += [
        (f"{found.rank}. {passage_label(found.passage, found.score)}", found.passage.passage_id)
        for found in subject.passages
        if found.passage.passage_id not in searched
    ]
    return gradio.update(choices=rows, value=NO_PASSAGE)


def or_none(text: str | None) -> str | None:
    """What was written, or None where nothing was."""
    return text.strip() or None if text else None
