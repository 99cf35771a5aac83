"""The demo shop keeps its promises: enough of everything, all of it distinct, and ids that exist."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

SHOP = Path(__file__).parents[2] / "scripts" / "demo_shop"
NEAR_DUPLICATE = 0.75  # Jaccard similarity of word sets, for messages of four words or more
ACTIONS = {"answer", "clarify", "handoff"}

Trigrams = set[tuple[str, ...]]


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHOP / name).read_text("utf-8").splitlines()]


def read_csv(name: str) -> list[dict[str, str]]:
    with (SHOP / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower().replace("'", "").replace("’", "")))


@cache
def word_set(text: str) -> frozenset[str]:
    return frozenset(words(text))


def trigrams(text: str) -> Trigrams:
    tokens = words(text)
    return {tuple(tokens[start : start + 3]) for start in range(len(tokens) - 2)}


def alike(left: str, right: str) -> bool:
    """Whether two messages say the same in the same words: equal, or nearly the same set of four or more words."""
    first, second = word_set(left), word_set(right)
    if min(len(first), len(second)) < 4:
        return words(left) == words(right)
    return len(first & second) / len(first | second) > NEAR_DUPLICATE


def near_duplicates(texts: list[str]) -> list[tuple[str, str]]:
    return [(left, right) for left, right in combinations(texts, 2) if alike(left, right)]


def articles() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (SHOP / "knowledge").glob("*.md")}


def intent_names() -> set[str]:
    return {row["intent"] for row in read_csv("intents.csv")}


def conversations() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_lines("dialogues.jsonl"):
        found[row["conversation_id"]].append(row)
    return found


def held_out_turns(part: str) -> list[dict[str, Any]]:
    return [turn for item in read_lines(f"{part}_conversations.jsonl") for turn in item["turns"]]


def training_texts() -> Iterable[str]:
    yield from (row["text"] for row in read_csv("intents.csv"))
    yield from (row["text"] for row in read_csv("out_of_scope.csv"))
    yield from (row["text"] for row in read_csv("sentiments.csv"))
    yield from (
        text for row in read_lines("knowledge_queries.jsonl") for text in (row["text"], *row.get("context", ()))
    )
    yield from (row["text"] for row in read_lines("dialogues.jsonl") if row["role"] == "customer")


def test_knowledge_has_forty_articles_with_heading_sections_and_length() -> None:
    found = articles()
    assert len(found) >= 44
    for name, text in found.items():
        assert text.startswith("# "), name
        assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 2, name
        assert 80 <= len(text.split()) <= 220, name


def test_knowledge_articles_share_no_long_passages() -> None:
    grams = {name: trigrams(text) for name, text in articles().items()}
    for left, right in combinations(grams, 2):
        assert len(grams[left] & grams[right]) / min(len(grams[left]), len(grams[right])) < 0.2, (left, right)


def test_intents_each_have_twenty_two_messages() -> None:
    counts = Counter(row["intent"] for row in read_csv("intents.csv"))
    assert len(counts) >= 26
    assert {intent: count for intent, count in counts.items() if count < 22} == {}


def test_intent_and_out_of_scope_messages_are_distinct() -> None:
    out_of_scope = [row["text"] for row in read_csv("out_of_scope.csv")]
    assert len(out_of_scope) >= 110
    assert near_duplicates([row["text"] for row in read_csv("intents.csv")] + out_of_scope) == []


def test_messages_of_each_mood_are_as_many_and_distinct() -> None:
    rows = read_csv("sentiments.csv")
    assert Counter(row["sentiment"] for row in rows) == {"negative": 70, "neutral": 70, "positive": 70}
    assert near_duplicates([row["text"] for row in rows]) == []


def test_dialogues_have_turns_roles_and_rising_times() -> None:
    found = conversations()
    assert len(found) >= 120
    for name, rows in found.items():
        assert 4 <= len(rows) <= 10, name
        assert rows[0]["role"] == "customer", name
        assert "intent" in rows[0], name
        assert {row["role"] for row in rows} == {"customer", "agent"}, name
        times = [datetime.fromisoformat(row["time"]) for row in rows]
        assert all(early < late for early, late in pairwise(times)), name


def test_dialogues_name_known_intents_and_cover_all_of_them() -> None:
    rows = read_lines("dialogues.jsonl")
    counts = Counter(row["intent"] for row in rows if "intent" in row)
    assert set(counts) == intent_names() - {"unclear", "unresolved_case"}  # agents' replies to these are each their own
    assert min(counts.values()) >= 5
    assert all(row["role"] == "customer" for row in rows if "intent" in row)
    assert [row for row in rows if re.search(r"TT-(?!\d{6}\b)", row["text"])] == []


def test_dialogues_share_at_most_sixty_percent_of_their_word_trigrams() -> None:
    grams = {name: trigrams(" ".join(row["text"] for row in rows)) for name, rows in conversations().items()}
    for left, right in combinations(grams, 2):
        shared = len(grams[left] & grams[right]) / min(len(grams[left]), len(grams[right]))
        assert shared <= 0.6, (left, right, shared)


def test_knowledge_queries_ask_five_times_for_each_article() -> None:
    rows = read_lines("knowledge_queries.jsonl")
    counts = Counter(row["document_id"] for row in rows)
    assert len(rows) >= 220
    assert set(counts) == {f"knowledge/{name}.md" for name in articles()}
    assert min(counts.values()) >= 5
    asked = {(row["text"], *row.get("context", ())): row["document_id"] for row in rows}
    assert near_duplicates([" ".join((*context, text)) for text, *context in asked]) == []


def test_follow_up_questions_name_what_was_said_before() -> None:
    contexts = [row["context"] for row in read_lines("knowledge_queries.jsonl") if "context" in row]
    assert len(contexts) >= 200
    assert all(len(context) in (2, 4) for context in contexts)


@pytest.mark.parametrize("part", ["test", "dev"])
def test_held_out_parts_have_forty_conversations_of_known_labels(part: str) -> None:
    items = read_lines(f"{part}_conversations.jsonl")
    assert len(items) >= 40
    assert len({item["conversation_id"] for item in items}) == len(items)
    for turn in held_out_turns(part):
        expected = turn["expected"]
        assert expected["action"] in ACTIONS
        assert set(expected["articles"]) <= set(articles())
        assert set(expected["intents"]) <= intent_names()
        assert set(expected) <= {"action", "articles", "intents", "reply_mentions"}
        assert expected["intents"] or "reply_mentions" not in expected, turn
        if expected["action"] == "answer":
            assert expected["articles"] or expected["intents"], turn


@pytest.mark.parametrize(("part", "least"), [("test", 15), ("dev", 10)])
def test_held_out_parts_ask_for_a_person_and_hand_off_last(part: str, least: int) -> None:
    handoffs = [turn["expected"] for turn in held_out_turns(part) if turn["expected"]["action"] == "handoff"]
    assert sum("talk_to_person" in expected["intents"] for expected in handoffs) >= least
    for item in read_lines(f"{part}_conversations.jsonl"):
        assert all(turn["expected"]["action"] != "handoff" for turn in item["turns"][:-1]), item["conversation_id"]


def test_held_out_wordings_appear_nowhere_else() -> None:
    training = list(training_texts())
    asked = [turn["text"] for part in ("test", "dev") for turn in held_out_turns(part)]
    assert near_duplicates(asked) == []
    assert [(text, known) for text in asked for known in training if alike(text, known)] == []


def test_all_held_out_texts_are_kept_from_training() -> None:
    asked = {turn["text"] for part in ("test", "dev") for turn in held_out_turns(part)}
    assert {row["text"] for row in read_csv("held_out_texts.csv")} == asked


def test_starters_are_six_questions() -> None:
    assert len((SHOP / "starters.txt").read_text("utf-8").splitlines()) == 6


def test_golden_set_asks_each_intent_three_times_in_words_of_its_own() -> None:
    golden = read_csv("golden.csv")
    assert Counter(row["intent"] for row in golden) == dict.fromkeys(intent_names(), 3)
    texts = [row["text"] for row in golden]
    known = list(training_texts())
    assert near_duplicates(texts) == []
    assert [(text, other) for text in texts for other in known if alike(text, other)] == []
