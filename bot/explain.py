"""What the desk would do with a text and why, as plain lines. Writes nothing to the log."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.assistant import Assistant
from bot.live import Models
from bot.policy import Rules, passage_confidence
from bot.storage.records import LoggedMessage
from bot.values import Evidence, Message, Reply, Role


def explain(assistant: Assistant, texts: list[str], locale: str) -> Iterator[str]:
    """Explain the turn that ends with the last text; earlier texts are the customer's earlier messages."""
    now = datetime.now(UTC)
    messages = [LoggedMessage(n, Message(Role.CUSTOMER, text, now)) for n, text in enumerate(texts, start=1)]
    models = assistant.models()
    evidence, reply = assistant.consider(messages, models, locale, time.perf_counter())
    yield f'customer    "{texts[-1]}"'
    yield from _understanding(evidence)
    yield from _thresholds(models)
    yield from _candidates(evidence, models.rules)
    yield from _outcome(reply, models.rules)


def _understanding(evidence: Evidence) -> Iterator[str]:
    understanding = evidence.understanding
    if understanding.foreign:
        yield f"language    {understanding.foreign}"
    for score in understanding.ranking[:5]:
        yield f"intent      {score.probability:.3f}  {score.intent}"
    if understanding.out_of_scope is not None:
        yield f"scope       {understanding.out_of_scope:.3f}  out-of-scope score"
    if understanding.sentiment is not None:
        yield f"mood        {understanding.sentiment_probability or 0.0:.3f}  {understanding.sentiment}"


def _thresholds(models: Models) -> Iterator[str]:
    calibration, rules = models.encoder.calibration, models.rules
    parts = (("reply", rules.reply, calibration.reply_missing), ("passage", rules.passage, calibration.passage_missing))
    for name, value, missing in parts:
        yield f"threshold   {name}: " + (
            f"{value:.3f}" if value is not None else f"none, {missing or 'not calibrated'}"
        )
    if rules.out_of_scope is not None:
        yield f"threshold   out of scope: {rules.out_of_scope:.3f}"


def _candidates(evidence: Evidence, rules: Rules) -> Iterator[str]:
    for ranked in evidence.replies:
        yield f"reply       {ranked.score:.3f}  {ranked.reply.reply_id} v{ranked.reply.version}  {ranked.reply.text}"
    for found in evidence.passages:
        yield f"passage     {found.score:.3f}  {found.passage.passage_id}  {found.passage.title}"
    if (confidence := passage_confidence(evidence, rules)) is not None:
        yield f"confidence  {confidence:.3f}  chance that the first passage answers"


def _outcome(reply: Reply, rules: Rules) -> Iterator[str]:
    decision = reply.decision
    yield f"decision    {decision.action}, {_because(decision.reason, decision.confidence, rules)}"
    yield f"says        {reply.text}"
    for option in reply.options:
        yield f"offers      {option}"
    versions = reply.versions
    yield f"versions    bundle {versions.bundle}, knowledge {versions.knowledge}, replies {versions.replies}"
    yield f"latency     {reply.latency_ms:.1f} ms"


def _because(reason: str, confidence: float, rules: Rules) -> str:
    known = {
        "approved_reply": f"the intent's probability reaches {rules.reply}, and no passage is nearer than its reply",
        "passage": f"the chance that the first passage answers reaches {rules.passage}",
        "clarify_intents": "neither a reply nor a passage is sure enough; the two likeliest intents are offered",
        "clarify_articles": "no passage is sure enough; the two likeliest articles are offered",
        "clarify_rephrase": "nothing was found to offer",
        "asked_for_person": "the customer asks for a person, or the case needs one",
        "out_of_scope": f"the out-of-scope score reaches {rules.out_of_scope}, and no passage answers",
        "not_understood": f"not understood after {rules.max_clarifications} question(s) back",
        "foreign_language": "the language is none of the bundle's, and nothing was found by keywords",
        "model_failure": "the model gave no usable scores",
    }
    return f"{reason} ({confidence:.3f}): {known[reason]}"
