"""Whether a reply is made of nothing but what people approved: written again from its ground and compared.

The same promise as `bot.audit`, kept for a bundle that has not served yet. Knows no score and no log.
"""

from datetime import datetime

from bot.absence import is_absence_sentence
from bot.compose import fill, intent_title, render_quotes
from bot.live import Models
from bot.phrases import phrase
from bot.policy import Reason
from bot.settings import Settings
from bot.values import Action, PassageSource, Reply, ReplySource

_LANGUAGES = ("en", "zh")


def is_grounded(reply: Reply, models: Models, settings: Settings, now_utc: datetime) -> bool:
    """Whether text and options come from an approved reply, from cited passages, or are the desk's own sentences.

    Args:
        reply: what the bundle says.
        models: the bundle with its snapshots.
        settings: how intents are named to customers.
        now_utc: when it is said.
    """
    if reply.decision.reason == Reason.APPROVED_REPLY:
        said = _is_approved(reply, models)
    elif reply.decision.reason == Reason.PASSAGE:
        said = _is_quoted(reply, models)
    else:
        said = _is_own_sentence(reply, now_utc)
    return said and _are_own_options(reply, models, settings)


def _is_approved(reply: Reply, models: Models) -> bool:
    approved = {(it.reply_id, it.version): it.text for it in models.replies.replies} if models.replies else {}
    sources = [source for source in reply.sources if isinstance(source, ReplySource)]
    if len(sources) != 1 or len(reply.sources) != 1:
        return False
    text = approved.get((sources[0].reply_id, sources[0].version))
    return text is not None and fill(text, sources[0].variables) == reply.text


def _is_quoted(reply: Reply, models: Models) -> bool:
    texts = {it.passage_id: it.text for it in models.retriever.passages} if models.retriever else {}
    sources = [source for source in reply.sources if isinstance(source, PassageSource)]
    if not sources or len(sources) != len(reply.sources) or not texts.keys() >= {it.passage_id for it in sources}:
        return False
    return render_quotes(sources, texts) == reply.text


def _is_own_sentence(reply: Reply, now_utc: datetime) -> bool:
    if reply.sources:
        return False
    for words in (phrase(reply.decision.reason, language) for language in _LANGUAGES):
        if reply.text == words:
            return True
        if reply.decision.action is Action.HANDOFF and reply.text.startswith(words):
            return is_absence_sentence(reply.text.removeprefix(words), now_utc)
    return False


def _are_own_options(reply: Reply, models: Models, settings: Settings) -> bool:
    titles = {intent_title(intent, settings.intent_titles) for intent in models.encoder.intents}
    articles = {passage.title for passage in models.retriever.passages} if models.retriever else set()
    return set(reply.options) <= titles | articles
