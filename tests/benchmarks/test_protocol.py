"""The protocols of the benchmarks: splits, pairs, ties, statistics, and what the shop's labels mean."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from bot.values import Action
from finetune.evaluate import ranking_scores, reply_rank_rows
from finetune.examples import ReplyPair
from tests.benchmarks import data
from tests.benchmarks.errors import DataMissingError
from tests.benchmarks.protocol import paired_p, precision_at_k, unequal_pairs
from tests.benchmarks.shop_judge import Expected, Judged, Said, TestTurn, answers, shop_metrics
from tests.benchmarks.shop_keywords import keyword_threshold
from tests.benchmarks.timing import percentile, taking_turns
from tests.benchmarks.workplace import Workplace

ANSWER, CLARIFY, HANDOFF = Action.ANSWER, Action.CLARIFY, Action.HANDOFF


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "data", tmp_path / "work", say=lambda _: None)


def write(place: Workplace, name: str, text: str) -> None:
    path = place.data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_banking_dev_is_every_row_whose_hash_ends_in_fold_zero(place: Workplace) -> None:
    texts = [f"my card number {number} is lost" for number in range(60)]
    write(place, "intents/banking77/train.csv", "text,category\n" + "".join(f"{text},lost\n" for text in texts))
    files = data.banking77(place)
    dev, train = (path.read_text().splitlines()[1:] for path in (files.dev, files.train))
    assert dev == [f"{text},lost" for text in texts if int(hashlib.md5(text.encode()).hexdigest(), 16) % 10 == 0]
    assert dev
    assert sorted(dev + train) == sorted(f"{text},lost" for text in texts)


def test_airlines_branches_of_one_thread_stay_in_one_fold_and_fold_nine_is_never_read(place: Workplace) -> None:
    rows = [f'{number},UNK,"<cust__ hi {number} __cust>","<rep__ yes {number} *AB __rep>"\n' for number in range(40)]
    write(place, "dialogues/airlines/airlines.csv", "first_tweet_id,tag,first_utterance,context\n" + "".join(rows * 2))
    files = data.airlines(place)
    dev, train = ([json.loads(line)["conversation_id"] for line in path.open()] for path in (files.dev, files.train))
    assert {data.fold(name, 10) for name in dev} == {8}
    assert {data.fold(name, 10) for name in train} <= set(range(8))
    assert len(dev) == 2 * len(set(dev))
    pairs = data.reply_pairs(files.dev)
    assert [pair.reply for pair in pairs] == [f"yes {name}" for name in dict.fromkeys(dev)]


def test_a_faq_query_is_answered_by_every_pair_of_its_thread(place: Workplace) -> None:
    threads = [
        {"question": "How to pay?", "answer": ["By card.", "By cash."], "rephr": ["paying", "*", None]},
        {"question": "How to return?", "answer": ["By post."], "rephr": ["sending back"]},
    ]
    write(place, "knowledge/stackfaq/stackExchange-FAQ.json", json.dumps({"site": {"qapair": threads}}))
    faq = data.stackfaq(place)
    assert faq.queries == (
        ("paying", frozenset({"thread-0-0", "thread-0-1"})),
        ("sending back", frozenset({"thread-1-0"})),
    )
    assert len(faq.passages.read_text().splitlines()) == 3


def test_missing_data_is_named_with_the_option_that_helps(place: Workplace) -> None:
    with pytest.raises(DataMissingError, match=r"train\.csv is missing; .*--data DIR"):
        data.clinc150(place)


def test_a_tie_counts_half_at_one_and_whole_at_ten() -> None:
    own = np.array([0.9, 0.5, 0.1], dtype=np.float32)
    block = np.array([[0.9, 0.9, 0.1], [0.5, 0.4, 0.1], [0.1, 0.9, 0.8]], dtype=np.float32)
    scores = ranking_scores(own, block)
    assert scores["r100_at_1"].tolist() == [0.5, 1.0, 0.0]
    assert scores["r100_at_10"].tolist() == [1.0, 1.0, 1.0]


def test_replies_compete_only_within_their_block_of_a_hundred() -> None:
    replies = np.eye(200, dtype=np.float32)
    elsewhere = np.roll(replies, 100, axis=0) - 0.5 * replies  # nearest to a reply of the other block, never its own
    assert reply_rank_rows(replies, replies)["r100_at_1"].tolist() == [1.0] * 200
    assert reply_rank_rows(elsewhere, replies)["r100_at_1"].tolist() == [0.0] * 200


def test_equal_pairs_are_kept_once_in_the_order_of_their_first() -> None:
    pairs = [ReplyPair((text,), "yes", 1.0, name) for text, name in (("a", "1"), ("b", "1"), ("a", "2"))]
    assert unequal_pairs(pairs) == pairs[:2]


def test_precision_counts_places_not_found_documents() -> None:
    judged = [(["a", "b", "c", "d", "e"], frozenset({"a", "e", "z"})), (["a"], frozenset({"a"}))]
    assert precision_at_k(judged, 5) == pytest.approx((2 / 5 + 1 / 5) / 2)


def test_paired_test_sees_a_gain_on_many_rows_and_none_on_equal_ones() -> None:
    rows = np.zeros(100)
    better = rows.copy()
    better[:12] = 1.0
    assert paired_p(rows, better) < 0.01
    assert paired_p(better, better) == 1.0
    mixed = rows.copy()
    mixed[:6], mixed[6:12] = 1.0, -1.0
    assert paired_p(rows, mixed) > 0.5


def test_smoke_rows_are_the_first_of_the_first_labels() -> None:
    rows = [("1", "b"), ("2", "a"), ("3", "b"), ("4", "c"), ("5", "a")]
    assert data.few_of_each(rows, 2, 1) == [("1", "b"), ("2", "a")]


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (Said(ANSWER, "Use a Tech Wash.", intents=frozenset({"care"})), True),
        (Said(ANSWER, "Brush your boots.", intents=frozenset({"care"})), False),
        (Said(ANSWER, "Use a Tech Wash.", intents=frozenset({"order"})), False),
        (Said(ANSWER, "Anything.", articles=frozenset({"care-jackets"})), True),
        (Said(ANSWER, "Anything.", articles=frozenset({"care-jackets", "size-boots"})), False),
    ],
)
def test_an_answer_is_right_by_article_or_by_a_reply_that_mentions_it(said: Said, right: bool) -> None:
    expected = Expected(ANSWER, frozenset({"care-jackets"}), frozenset({"care"}), ("tech wash",))
    assert answers(expected, said) is right


def test_answering_where_a_person_was_wanted_is_wrong_and_clarifying_never_is() -> None:
    wants_person = TestTurn("a person please", Expected(HANDOFF, frozenset(), frozenset({"talk_to_person"})))
    known = TestTurn("price?", Expected(ANSWER, frozenset({"cost"}), frozenset()))
    judged = [
        Judged("t1", wants_person, Said(ANSWER, "Sure.", intents=frozenset({"talk_to_person"}))),
        Judged("t2", wants_person, Said(HANDOFF, "")),
        Judged("t3", known, Said(ANSWER, "£4.90", articles=frozenset({"cost"}))),
        Judged("t4", known, Said(CLARIFY, "Which?")),
        Judged("t5", known, Said(HANDOFF, "")),
    ]
    metrics = shop_metrics(judged)
    assert metrics["shop_answered_share"] == pytest.approx(2 / 5)
    assert metrics["shop_wrong_among_answered"] == pytest.approx(1 / 2)
    assert metrics["shop_handoff_recall"] == pytest.approx(1 / 2)
    assert metrics["shop_handoff_precision"] == pytest.approx(1 / 2)
    assert metrics["shop_clarify_share"] == pytest.approx(1 / 5)


def test_keyword_threshold_answers_most_within_the_risk() -> None:
    scores = np.linspace(0.01, 1.0, 100)
    right = scores > 0.4
    chosen = keyword_threshold(scores, right)
    answered = scores >= chosen
    assert (~right[answered]).mean() <= 0.05
    assert answered.sum() == 63  # 60 right ones and the three wrong ones that 5 % allow
    assert keyword_threshold(scores, np.zeros(100, dtype=bool)) > 1.0


def test_compared_runs_take_turns() -> None:
    order: list[str] = []
    seconds = iter(range(1000))
    found = taking_turns(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")},
        rounds=2,
        calls=1,
        clock=lambda: float(next(seconds)),
    )
    assert order == ["a", "b"] * 3
    assert found == {"a": 1000.0, "b": 1000.0}


def test_percentile_is_a_measured_value() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50.0, 99.0)
    assert percentile([3.0], 0.99) == 3.0
