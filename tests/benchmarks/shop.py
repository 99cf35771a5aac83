"""The demo shop's test conversations through the whole desk, against BM25 alone in the same run."""

import secrets
from collections.abc import Iterator, Sequence

from bot.handoff import Move
from bot.storage.records import LoggedMessage
from bot.values import Action, Owner, PassageSource, ReplySource
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.shop_desk import SHOP, OpenDesk, open_desk, prepare_demo
from tests.benchmarks.shop_judge import Judged, Metrics, Said, TestTurn, read_conversations, shop_metrics
from tests.benchmarks.shop_keywords import article_of, build_keyword_desk
from tests.benchmarks.workplace import Workplace

DEV_PART = "dev_conversations.jsonl"


def measure_shop(place: Workplace) -> Metrics:
    """Answered, wrong, handed off: the desk and BM25 on the same turns; and the desk on those that chose its rules."""
    conversations = read_conversations(SHOP / "test_conversations.jsonl")
    with open_desk(place, prepare_demo(place)) as desk:
        judged = [row for name, turns in conversations for row in _hold(desk, name, turns)]
        dev = [row for name, turns in read_conversations(SHOP / DEV_PART) for row in _hold(desk, name, turns)]
        retriever = desk.models.retriever
    if retriever is None:
        raise BenchmarkError("the demo desk has no knowledge; see what scripts/demo says")
    keywords = build_keyword_desk(retriever.passages, SHOP / "knowledge_queries.jsonl", SHOP / "out_of_scope.csv")
    alone = [Judged(name, turn, keywords.answer(turn.text)) for name, turns in conversations for turn in turns]
    # The errors of the test part stay unread: it would not be a test any more.
    for line in _report(dev):
        place.say(line)
    return {
        **shop_metrics(judged),
        **shop_metrics(dev, "shop_dev"),
        **shop_metrics(alone, "baseline_shop"),
        "baseline_shop_threshold": keywords.threshold,
        **{f"shop_{name}_threshold": value for name, value in _thresholds(desk).items() if value is not None},
    }


def _hold(desk: OpenDesk, name: str, turns: Sequence[TestTurn]) -> Iterator[Judged]:
    """One conversation; the customer's lines are the scripted ones whatever the bot does.

    Where the bot hands off too early, the conversation is given back to it, so that later turns are judged as well.
    """
    store = desk.assistant.store
    conversations = store.conversations
    conversation_id = conversations.start(channel="benchmark", locale="en").conversation_id
    for turn in turns:
        logged = desk.assistant.reply(conversation_id, turn.text, secrets.token_hex(8))
        if logged is None:
            raise BenchmarkError(f"{name}: the bot was silent though it owned the conversation")
        yield Judged(name, turn, _said(desk, logged))
        standing = store.standings.get(conversation_id)
        if standing is not None and standing.owner is not Owner.BOT:
            store.ownership.move(conversation_id, Move.HAND_BACK, by="bench")


def _said(desk: OpenDesk, logged: LoggedMessage) -> Said:
    if logged.decision is None:
        raise BenchmarkError("a message of the bot has no decision in the log")
    articles = {article_of(source.document_id) for source in logged.sources if isinstance(source, PassageSource)}
    given = {(source.reply_id, source.version) for source in logged.sources if isinstance(source, ReplySource)}
    known = desk.models.replies.replies if desk.models.replies else ()
    intents = {intent for reply in known if (reply.reply_id, reply.version) in given for intent in reply.intents}
    words = " | ".join([logged.message.text, *logged.options])
    return Said(logged.decision.action, words, frozenset(articles), frozenset(intents), logged.decision.reason)


def _thresholds(desk: OpenDesk) -> dict[str, float | None]:
    rules = desk.models.rules
    return {"reply": rules.reply, "passage": rules.passage, "out_of_scope": rules.out_of_scope}


def _report(judged: Sequence[Judged]) -> Iterator[str]:
    """Every wrong turn for people to read: wrong answers, and other actions than the labelled one."""
    for row in judged:
        expected, said = row.turn.expected, row.said
        if row.wrong_answer or (said.action is not expected.action and said.action is not Action.ANSWER):
            kind = "WRONG ANSWER" if row.wrong_answer else "other action"
            wanted = ", ".join(sorted(expected.articles | expected.intents)) or "anything"
            yield f"{kind}  {row.conversation_id}  {row.turn.text!r}"
            yield f"    expected {expected.action} ({wanted}); mentions {list(expected.reply_mentions)}"
            yield f"    got {said.action} by {said.reason}: {said.text!r}"
            yield f"    from {', '.join(sorted(said.articles | said.intents)) or '-'}"
