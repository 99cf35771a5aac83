"""The facts before an agent's first answer, read off a real desk's log."""

from bot.bootstrap import Services
from bot.summary import summarise


def test_summary_quotes_the_log_and_says_what_is_missing(services: Services) -> None:
    store, variables = services.store, services.settings.variables
    conversation_id = store.conversations.start(channel="web", locale="en").conversation_id
    services.assistant.reply(conversation_id, "my name is Zoe, where is my order", "letter-1")
    services.assistant.request_person(conversation_id, "letter-2")
    transcript = store.transcripts.open(conversation_id)
    decisions = [transcript.decisions[sequence] for sequence in sorted(transcript.decisions)]
    facts = summarise(transcript.messages, decisions, "asked_for_person", variables)
    assert facts.first_question == "my name is Zoe, where is my order"
    assert (facts.given, facts.missing) == ({"customer_name": "Zoe"}, ("order_id",))
    assert facts.intent == decisions[0].ranking[0].intent
    assert facts.bot_answers == tuple(decision.text for decision in decisions)
    assert facts.handoff_reason == "asked_for_person"


def test_summary_of_an_empty_conversation_is_empty() -> None:
    facts = summarise([], [], None, {"order_id": r"\d+"})
    assert (facts.intent, facts.first_question, facts.bot_answers, facts.missing) == (None, None, (), ("order_id",))
