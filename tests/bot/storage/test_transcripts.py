"""Transcripts against a plain model of the same conversations, by both roads of the search."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from bot.errors import ConversationNotFoundError
from bot.storage import transcript_hits
from bot.storage.people_tables import LabelRow
from bot.storage.search import Hit
from bot.storage.store import Store
from bot.storage.tables import ConversationRow
from bot.storage.transcript_hits import is_backwards_shorter, score
from bot.storage.transcript_records import Thumb, Total, TranscriptFilter, TranscriptSummary
from bot.values import Action, Evidence, IntentScore, Owner, Reply
from retrieval.text import words

MOODS = ("negative", "neutral", "anger", None)
INTENTS, VERSIONS, LABELS, CHANNELS = (
    ("delivery", "returns", 'it\'s "odd"'),
    ("b1", "b2"),
    ("vip", "bug"),
    ("web", "app"),
)
SPOKEN = ("order", "parcel", "café", "refund", "快递", "late", "where", "broken")


@dataclass
class Answer:
    intent: str
    action: Action
    confidence: float
    version: str
    thumb: Thumb
    mood: str | None


@dataclass
class Talk:
    """What the model knows of a conversation."""

    conversation_id: str
    started: datetime
    channel: str
    owner: Owner
    labels: set[str]
    texts: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def meets(self, wanted: TranscriptFilter) -> bool:
        thumbs = {answer.thumb for answer in self.answers}
        return (
            (wanted.from_utc is None or self.started >= wanted.from_utc)
            and (wanted.until_utc is None or self.started < wanted.until_utc)
            and wanted.channel in {None, self.channel}
            and wanted.owner in {None, self.owner}
            and (wanted.label is None or wanted.label in self.labels)
            and (wanted.feedback is not Thumb.NONE or thumbs <= {Thumb.NONE})
            and (not _asks_for_reply(wanted) or any(_fits(answer, wanted) for answer in self.answers))
            and (not wanted.text.strip() or self.hits(wanted.text) > 0)
        )

    def hits(self, text: str) -> int:
        asked = set(words(text))
        return sum(bool(asked) and asked <= set(words(spoken)) for spoken in self.texts)


def _asks_for_reply(wanted: TranscriptFilter) -> bool:
    asked = (wanted.intent, wanted.action, wanted.bundle_version, wanted.confidence_from, wanted.confidence_to)
    return any(value is not None for value in asked) or wanted.feedback in {Thumb.UP, Thumb.DOWN} or wanted.moods != ()


def _fits(answer: Answer, wanted: TranscriptFilter) -> bool:
    return (
        wanted.intent in {None, answer.intent}
        and wanted.action in {None, answer.action}
        and wanted.bundle_version in {None, answer.version}
        and (not wanted.moods or answer.mood in wanted.moods)
        and (wanted.confidence_from is None or answer.confidence >= wanted.confidence_from)
        and (wanted.confidence_to is None or answer.confidence <= wanted.confidence_to)
        and (wanted.feedback in {None, Thumb.NONE} or answer.thumb is wanted.feedback)
    )


Talks = list[Talk]


@pytest.fixture
def talks(
    store: Store,
    clock: Callable[[], datetime],
    make_reply: Callable[..., Reply],
    make_evidence: Callable[..., Evidence],
) -> Talks:
    """Sixty conversations of all kinds, several of them begun in the same second."""
    chance = random.Random(5)
    made = []
    for number in range(60):
        clock.advance(minutes=number % 3)  # type: ignore[attr-defined]
        channel = chance.choice(CHANNELS)
        started = store.conversations.start(channel=channel, locale="en")
        talk = Talk(
            started.conversation_id, clock(), channel, Owner.BOT, set(chance.sample(LABELS, chance.randint(0, 1)))
        )
        for turn in range(chance.randint(0, 3)):
            _say(store, talk, turn, chance, make_reply, make_evidence)
        rows = [
            LabelRow(conversation_id=talk.conversation_id, label=label, author="ann", at_utc=clock())
            for label in talk.labels
        ]
        store._database.write(lambda session, rows=rows: session.add_all(rows))
        made.append(talk)
    return made


def _say(
    store: Store,
    talk: Talk,
    turn: int,
    chance: random.Random,
    make_reply: Callable[..., Reply],
    make_evidence: Callable[..., Evidence],
) -> None:
    said = " ".join(chance.choices(SPOKEN, k=chance.randint(1, 6)))
    asked = store.conversations.append_customer(talk.conversation_id, said, f"m{turn}")
    talk.texts.append(said)
    if talk.owner is not Owner.BOT:
        return
    intent, version = chance.choice(INTENTS), chance.choice(VERSIONS)
    action = chance.choice([Action.ANSWER, Action.ANSWER, Action.CLARIFY, Action.HANDOFF])
    answer = Answer(
        intent, action, chance.choice([0.0, 0.25, 0.5, 1.0]), version, chance.choice(list(Thumb)), chance.choice(MOODS)
    )
    reply = make_reply(" ".join(chance.choices(SPOKEN, k=3)), answer.action, answer.confidence)
    reply = replace(reply, versions=replace(reply.versions, bundle=version))
    evidence = make_evidence()
    ranking = (IntentScore(intent, 0.9), IntentScore("other", 0.1))
    evidence = replace(evidence, understanding=replace(evidence.understanding, ranking=ranking, sentiment=answer.mood))
    logged = store.conversations.append_reply(talk.conversation_id, reply, evidence, answers=asked.sequence)
    talk.texts.append(reply.text)
    talk.answers.append(answer)
    if answer.thumb is not Thumb.NONE:
        up = answer.thumb is Thumb.UP
        store.conversations.add_feedback(talk.conversation_id, logged.sequence, helpful=up)
    if answer.action is Action.HANDOFF:
        talk.owner = Owner.QUEUE


def some_filter(chance: random.Random, talks: Talks) -> TranscriptFilter:
    def maybe(*values: object) -> object:
        return chance.choice(values) if chance.random() < 0.3 else None

    times = [talk.started for talk in talks]
    return TranscriptFilter(
        from_utc=maybe(*times),  # type: ignore[arg-type]
        until_utc=maybe(*times),  # type: ignore[arg-type]
        intent=maybe(*INTENTS),  # type: ignore[arg-type]
        action=maybe(*Action),  # type: ignore[arg-type]
        confidence_from=maybe(0.0, 0.25, 0.3),  # type: ignore[arg-type]
        confidence_to=maybe(0.25, 0.5, 1.0),  # type: ignore[arg-type]
        feedback=maybe(*Thumb),  # type: ignore[arg-type]
        label=maybe(*LABELS),  # type: ignore[arg-type]
        bundle_version=maybe(*VERSIONS),  # type: ignore[arg-type]
        channel=maybe(*CHANNELS),  # type: ignore[arg-type]
        owner=maybe(Owner.BOT, Owner.QUEUE),  # type: ignore[arg-type]
        text=chance.choice(["", "", "order", "café late", "快递", "parcel refund", "?!", "nothing"]),
        moods=maybe(("negative",), ("negative", "anger")) or (),  # type: ignore[arg-type]
    )


def pages(store: Store, wanted: TranscriptFilter, limit: int) -> Iterator[TranscriptSummary]:
    page = store.transcripts.page(wanted, limit=limit)
    while True:
        yield from page.items
        if page.following is None:
            return
        assert len(page.items) == limit
        page = store.transcripts.page(wanted, page.following, limit=limit)


def expected(talks: Talks, wanted: TranscriptFilter) -> list[str]:
    """Ids, newest first."""
    met = [(talk.started, talk.conversation_id) for talk in talks if talk.meets(wanted)]
    return [identifier for _, identifier in sorted(met, reverse=True)]


@pytest.fixture(params=["sampled", "backwards", "walking", "walking among many"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every road through the search, though the log is small."""
    if request.param != "sampled":
        monkeypatch.setattr(transcript_hits, "SAMPLE", 1)
        monkeypatch.setattr(transcript_hits, "_WALK_AT_ONCE", 2)
        monkeypatch.setattr(transcript_hits, "_LEAST", 3)
        shorter = request.param == "backwards"
        monkeypatch.setattr(transcript_hits, "is_backwards_shorter", lambda **_: shorter)
    if request.param == "walking among many":
        monkeypatch.setattr(transcript_hits, "FEW", 0)
        monkeypatch.setattr("bot.storage.transcripts.CAP", 3)
    return str(request.param)


def test_filters_alone_and_together_give_what_the_model_gives(store: Store, talks: Talks, road: str) -> None:
    chance = random.Random(road)
    for _ in range(60):
        wanted = some_filter(chance, talks)
        found = [summary.conversation_id for summary in pages(store, wanted, 7)]
        right = expected(talks, wanted)
        assert len(found) == len(set(found)), wanted
        if wanted.text.strip() and road == "walking among many":
            assert set(found) <= set(right), wanted
        elif wanted.text.strip():
            assert set(found) == set(right), wanted
        else:
            assert found == right, wanted
        assert [transcript.summary.conversation_id for transcript in store.transcripts.every(wanted)] == right, wanted


def test_each_filter_alone_gives_some_but_not_all(store: Store, talks: Talks) -> None:
    middle = talks[30].started
    alone = [
        TranscriptFilter(from_utc=middle), TranscriptFilter(until_utc=middle), TranscriptFilter(intent="returns"),
        TranscriptFilter(action=Action.CLARIFY), TranscriptFilter(confidence_from=0.9),
        TranscriptFilter(confidence_to=0.1), *(TranscriptFilter(feedback=thumb) for thumb in Thumb),
        TranscriptFilter(label="vip"), TranscriptFilter(bundle_version="b2"), TranscriptFilter(channel="app"),
        TranscriptFilter(owner=Owner.QUEUE), TranscriptFilter(text="late parcel"),
        TranscriptFilter(moods=("anger",)),
    ]  # fmt: skip
    for wanted in alone:
        found = {summary.conversation_id for summary in pages(store, wanted, 50)}
        assert found == set(expected(talks, wanted))
        assert 0 < len(found) < len(talks)


def test_list_with_many_entries_reads_by_time_and_counts_right(
    store: Store, talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.transcript_filter.narrowest", lambda *_: None)
    monkeypatch.setattr("bot.storage.transcripts.narrowest", lambda *_: None)
    chance = random.Random(3)
    for _ in range(40):
        wanted = replace(some_filter(chance, talks), text="")
        right = expected(talks, wanted)
        assert [summary.conversation_id for summary in pages(store, wanted, 5)] == right
        assert store.transcripts.page(wanted).total == Total(len(right))


def test_counts_stop_at_the_cap(store: Store, talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    hits = sum(talk.hits("order") for talk in talks)
    everything = store.transcripts.page(TranscriptFilter(text="order"), limit=1)
    assert (everything.total, str(Total(1000, capped=True))) == (Total(hits), "1,000+")
    monkeypatch.setattr("bot.storage.transcripts.CAP", 10)
    for wanted in (TranscriptFilter(), TranscriptFilter(text="order"), TranscriptFilter(text="order", channel="web")):
        assert store.transcripts.page(wanted, limit=1).total == Total(10, capped=True)
    assert len(list(pages(store, TranscriptFilter(text="order"), 4))) <= 10
    monkeypatch.setattr("bot.storage.transcripts.CAP", hits)
    assert store.transcripts.page(TranscriptFilter(text="order"), limit=1).total == Total(hits)


def test_search_pages_do_not_shift_when_messages_come(store: Store, talks: Talks) -> None:
    wanted = TranscriptFilter(text="order")
    before = [summary.conversation_id for summary in pages(store, wanted, 50)]
    first = store.transcripts.page(wanted, limit=5)
    for number in range(8):
        started = store.conversations.start(channel="web", locale="en")
        store.conversations.append_customer(started.conversation_id, "order", f"n{number}")
    second = store.transcripts.page(wanted, first.following, limit=100)
    assert [summary.conversation_id for summary in (*first.items, *second.items)] == before


def test_list_says_what_the_conversation_is_about(store: Store, talks: Talks) -> None:
    by_id = {talk.conversation_id: talk for talk in talks}
    for summary in pages(store, TranscriptFilter(), 11):
        talk = by_id[summary.conversation_id]
        assert (summary.channel, summary.owner, summary.started_utc) == (talk.channel, talk.owner, talk.started)
        assert (summary.message_count, set(summary.labels)) == (len(talk.texts), talk.labels)
        assert summary.first_question == (talk.texts[0] if talk.texts else "")
        assert summary.last_message == (talk.texts[-1] if talk.texts else "")
        last = talk.answers[-1] if talk.answers else None
        assert (summary.intent, summary.action) == ((last.intent, last.action) if last else (None, None))
        assert summary.confidence == (last.confidence if last else None)
        thumbs = [answer.thumb for answer in talk.answers]
        assert summary.thumb is next((thumb for thumb in (Thumb.DOWN, Thumb.UP) if thumb in thumbs), Thumb.NONE)


def test_search_gives_the_best_hit_first(store: Store) -> None:
    texts = ("refund order", "where is the refund of the order that came broken", "refund for my order", "order refund")
    for text in texts:
        started = store.conversations.start(channel="web", locale="en")
        store.conversations.append_customer(started.conversation_id, text, "m")
    page = store.transcripts.page(TranscriptFilter(text="refund order"))
    assert [summary.hit_text for summary in page.items] == [texts[3], texts[0], texts[2], texts[1]]
    assert {summary.hit_sequence for summary in page.items} == {1}


def test_score_counts_closeness_and_share() -> None:
    assert score(("a", "b"), Hit(1, "c", 1, "a b")) == 2.0
    assert score(("a", "b"), Hit(1, "c", 1, "a x x b")) < score(("a", "b"), Hit(1, "c", 1, "x x a b"))
    assert score(("a",), Hit(1, "c", 1, "b")) == 0.0


def test_open_gives_messages_and_what_the_bot_thought(store: Store, talks: Talks) -> None:
    talk = max(talks, key=lambda talk: len(talk.answers))
    transcript = store.transcripts.open(talk.conversation_id)
    assert [message.message.text for message in transcript.messages] == talk.texts
    assert [transcript.decisions[key].ranking[0].intent for key in sorted(transcript.decisions)] == [
        answer.intent for answer in talk.answers
    ]
    assert all(decision.passages[0].passage.text for decision in transcript.decisions.values())
    for unknown in ("nobody", "\0", "\ud800"):
        with pytest.raises(ConversationNotFoundError):
            store.transcripts.open(unknown)


def test_choices_are_those_of_the_log(store: Store, talks: Talks) -> None:
    choices = store.transcripts.choices()
    assert set(choices.intents) == set(INTENTS)
    assert (choices.labels, choices.bundle_versions) == (("bug", "vip"), VERSIONS)
    assert choices.channels == ("app", "web")


def test_erased_conversation_is_gone_from_lists_search_and_choices(store: Store, talks: Talks) -> None:
    def erase(session):  # type: ignore[no-untyped-def]
        for row in session.query(ConversationRow):
            session.delete(row)

    assert store.transcripts.page(TranscriptFilter(text="order")).items
    store._database.write(erase)
    for wanted in (TranscriptFilter(), TranscriptFilter(text="order"), TranscriptFilter(text="order", label="vip")):
        assert store.transcripts.page(wanted).items == ()
        assert store.transcripts.page(wanted).total == Total(0)
    assert store.conversations.search("order") == []


@pytest.mark.parametrize(
    "text",
    ['"', "NEAR(order, 2)", "ord*", "-order", "search_tokens:order", "#0", "##0", "order & '#0'", "%", "_", "\0",
     "\ud800", "'; DROP TABLE messages; --", "') OR 1=1 --", "!order", "order | parcel:*", "\\' | '#0"],
)  # fmt: skip
def test_search_syntax_and_injection_have_no_effect(store: Store, talks: Talks, text: str, road: str) -> None:
    for wanted in (TranscriptFilter(text=text), TranscriptFilter(text=text, label="vip"), TranscriptFilter(label=text)):
        if text in {"\0", "\ud800"} and wanted.label:
            continue
        found = {summary.conversation_id for summary in pages(store, wanted, 50)}
        assert found <= set(expected(talks, wanted)), wanted
    assert store.transcripts.page(TranscriptFilter()).total == Total(
        min(len(talks), 3 if "many" in road else 60), "many" in road
    )


def test_shorter_road_follows_the_figures() -> None:
    common = {"wanted": 1001, "messages": 1_000_000, "share_of_words": 0.7}
    assert is_backwards_shorter(**common, share_meeting=0.8, entries=None, ends_early=False)
    assert not is_backwards_shorter(**common, share_meeting=0.0, entries=600, ends_early=False)
    assert not is_backwards_shorter(**common, share_meeting=0.0, entries=None, ends_early=True)
    rare = {"wanted": 1001, "messages": 1_000_000, "share_of_words": 0.0005}
    assert is_backwards_shorter(**rare, share_meeting=0.0, entries=None, ends_early=True)
