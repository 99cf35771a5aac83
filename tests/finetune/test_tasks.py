import dataclasses
import math
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from training_helpers import DELIVERY, REFUND, recipe, sample

from bot.turn_text import turn_text
from finetune.answering import answering_passages
from finetune.base_model import BaseModel, resolve_base_model
from finetune.batches import generator
from finetune.examples import QuestionPassage
from finetune.fit import tasks_for
from finetune.hard_negatives import mined_negatives
from finetune.losses import OUT_OF_SCOPE
from finetune.mood_task import MoodTask, mood_rows, mood_weights
from finetune.ranking_scores import recall_in_blocks, search_map
from finetune.ranking_task import PairRows, RankingTask, question_rows
from finetune.tasks import IntentTask, LabelledBatch, labelled_rows, without_some
from finetune.topic_changes import exchange_before, exchanges_of


def _base(directory: Path) -> BaseModel:
    return resolve_base_model(str(directory))


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> object:
    return _base(tiny_base).load_tokenizer()


def _intents(tokenizer: object, **options: object) -> IntentTask:
    data = sample()
    rows = labelled_rows(data.intents, data.out_of_scope, data.labels, tokenizer, 32)
    return IntentTask(rows, rows, dataclasses.replace(recipe().intents, token_drop=0.0, **options), seed=1)


def test_an_epoch_sees_each_example_once_with_its_label(tokenizer: object) -> None:
    task = _intents(tokenizer)
    seen = [pair for batch in task.batches(0) for pair in zip(batch.rows, batch.labels, strict=True)]
    assert sorted(label for _, label in seen) == sorted(task.train.labels)
    assert [label for _, label in seen].count(OUT_OF_SCOPE) == 2
    assert all(any(row in forms for forms in task.train.forms) for row, _ in seen)


def test_examples_with_context_are_seen_both_ways_over_the_epochs(tokenizer: object) -> None:
    task = _intents(tokenizer)
    alone, joined = task.train.forms[0]
    assert len(joined) > len(alone)
    seen = [row for epoch in range(12) for batch in task.batches(epoch) for row in batch.rows]
    assert 0 < seen.count(joined) < 12
    assert seen.count(alone) + seen.count(joined) == 12


def test_rows_without_context_are_also_seen_after_an_exchange_of_the_dialogues(tokenizer: object) -> None:
    data = sample()
    exchanges = exchanges_of(data.reply_pairs)
    rows = labelled_rows(data.intents, data.out_of_scope, data.labels, tokenizer, 32, exchanges)
    assert [len(forms) for forms in rows.forms] == [2] * 14
    after = turn_text([*exchange_before("the name of a street", exchanges), "the name of a street"])
    assert rows.forms[-1][1] == tokenizer.encode(after).ids[:32]


def test_a_question_is_asked_alone_and_after_an_exchange_of_the_same_passage(tokenizer: object) -> None:
    questions = [
        QuestionPassage("and boots?", "p1", "wax", None, ("jackets?", "wash")),
        QuestionPassage("t", "p2", "u"),
    ]
    alone = question_rows(questions, tokenizer, 32)
    both = question_rows(questions, tokenizer, 32, [("hello", "welcome")])
    assert (len(alone.queries), len(both.queries)) == (2, 3)
    assert both.keys == (0, 1, 1)
    assert len(both.queries[2]) > len(both.queries[1])


def test_a_change_of_topic_needs_dialogues() -> None:
    assert exchange_before("a", [("x", "y")]) == ("x", "y")
    with pytest.raises(ValueError, match="exchange"):
        exchange_before("a", [])


def test_of_an_article_only_the_nearest_passage_is_learnt(tiny_base: Path) -> None:
    near, far = f"about {DELIVERY[0]}", f"about {REFUND[0]}"
    by_article = [QuestionPassage(DELIVERY[0], name, text, "a.md") for name, text in (("p1", near), ("p2", far))]
    by_id = [QuestionPassage(REFUND[0], name, text) for name, text in (("p1", near), ("p2", far))]
    kept = answering_passages(_base(tiny_base), [*by_article, *by_id], device="cpu")
    assert kept == (by_article[0], *by_id)


def test_the_same_epoch_is_the_same_again(tokenizer: object) -> None:
    assert _intents(tokenizer).batches(3) == _intents(tokenizer).batches(3)
    assert _intents(tokenizer).batches(3) != _intents(tokenizer).batches(4)


def test_token_drop_keeps_both_ends_and_short_rows() -> None:
    row = list(range(10))
    dropped = without_some(row, 0.99, generator(1))
    assert dropped[0] == 0
    assert dropped[-1] == 9
    assert len(dropped) < 10
    assert without_some([1, 2, 3, 4, 5], 0.99, generator(1)) == [1, 2, 3, 4, 5]


def _ranking(count: int, *, passes: float, epochs: int, max_pairs: int = 1000) -> RankingTask:
    rows = tuple((row, row) for row in range(count))
    pairs = PairRows(rows, rows, (1.0,) * count, tuple(range(count)))
    options = dataclasses.replace(recipe().replies, passes=passes, max_pairs=max_pairs, batch_size=4)
    return RankingTask("reply", pairs, pairs, options, epochs, seed=2, measure=recall_in_blocks)


@pytest.mark.parametrize(("passes", "each"), [(1.0, 1), (3.0, 3)])
def test_passes_are_spread_over_the_epochs(passes: float, each: int) -> None:
    task = _ranking(24, passes=passes, epochs=3)
    sizes = [sum(len(batch) for batch in task.batches(epoch)) for epoch in range(3)]
    assert sizes == [8 * each] * 3
    seen = [row for epoch in range(3) for batch in task.batches(epoch) for row in batch]
    assert sorted(seen) == sorted(list(range(24)) * each)


def test_max_pairs_caps_the_whole_training() -> None:
    task = _ranking(100, passes=5.0, epochs=2, max_pairs=40)
    assert sum(len(batch) for epoch in range(2) for batch in task.batches(epoch)) == 40


def test_a_kind_without_data_or_passes_has_no_task(tokenizer: object, tiny_base: Path) -> None:
    data = sample()
    names = [task.name for task in tasks_for(data, data, data.labels, recipe(), tokenizer, _base(tiny_base))]
    assert names == ["intent", "reply", "question", "sentiment"]
    bare = dataclasses.replace(data, reply_pairs=(), questions=(), sentiments=())
    assert [task.name for task in tasks_for(bare, bare, bare.labels, recipe(), tokenizer, _base(tiny_base))] == [
        "intent"
    ]
    mute = dataclasses.replace(recipe(), replies=dataclasses.replace(recipe().replies, passes=0.0))
    assert [task.name for task in tasks_for(data, data, data.labels, mute, tokenizer, _base(tiny_base))] == [
        "intent",
        "question",
        "sentiment",
    ]


def test_out_of_scope_rows_train_only_with_a_weight(tokenizer: object, tiny_base: Path) -> None:
    data = sample()
    silent = dataclasses.replace(recipe(), intents=dataclasses.replace(recipe().intents, outlier_weight=0.0))
    (task, *_) = tasks_for(data, data, data.labels, silent, tokenizer, _base(tiny_base))
    labels = [label for batch in task.batches(0) if isinstance(batch, LabelledBatch) for label in batch.labels]
    assert OUT_OF_SCOPE not in labels


def test_each_message_with_a_mood_is_seen_once_and_rare_moods_weigh_more(tokenizer: object) -> None:
    data = sample()
    rows = mood_rows(data.sentiments, data.moods, tokenizer, 32)
    task = MoodTask(rows, rows, dataclasses.replace(recipe().sentiment, token_drop=0.0), seed=1)
    seen = [pair for batch in task.batches(0) for pair in zip(batch.rows, batch.labels, strict=True)]
    assert Counter(label for _, label in seen) == {0: 4, 1: 2, 2: 2}
    assert all(any(row in forms for forms in rows.forms) for row, _ in seen)
    # Scarceness is 8/(3*4) and 8/(3*2); weights average to 1 over the rows.
    assert mood_weights(rows.labels, 1.0).tolist() == pytest.approx([2 / 3, 4 / 3, 4 / 3])
    assert mood_weights(rows.labels, 0.0).tolist() == [1.0, 1.0, 1.0]


def test_recall_by_hand() -> None:
    queries = torch.eye(4)
    documents = torch.eye(4)[[0, 1, 3, 2]]
    assert recall_in_blocks(queries, documents, range(4)) == 0.5


def test_recall_ties_count_half_and_blocks_are_apart() -> None:
    same = torch.tensor([[1.0, 0.0]]).repeat(2, 1)
    assert recall_in_blocks(same, same, (0, 1)) == 0.5
    many = torch.eye(100).repeat(2, 1)
    assert recall_in_blocks(many, many, range(200)) == 1.0
    odd = torch.eye(100)
    assert recall_in_blocks(torch.cat([many, odd[:3]]), torch.cat([many, odd[3:6]]), range(203)) == 1.0


def test_search_map_by_hand() -> None:
    """The first query has two right passages at ranks 1 and 3, the second has its one at rank 2."""
    queries = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    passages = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [-1.0, 2.0], [1.0, 1.0]]), dim=1)
    assert search_map(queries, passages, (7, 8, 9)) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)


def test_mined_negatives_are_other_passages(tiny_base: Path) -> None:
    questions = [QuestionPassage(text, f"p{n}", f"about {text}") for n, text in enumerate(DELIVERY + REFUND)]
    questions.append(QuestionPassage(DELIVERY[0], "p1", questions[1].passage_text))
    mined = mined_negatives(_base(tiny_base), questions, 2, device="cpu")
    assert len(mined) == len(questions)
    assert any(mined)
    for number, near in enumerate(mined):
        right = {row.passage_text for row in questions if row.question == questions[number].question}
        assert len(near) <= 2
        assert not right & {questions[at].passage_text for at in near}


def test_equal_documents_of_a_batch_are_encoded_once() -> None:
    encoded: list[int] = []

    class Counting:
        model = SimpleNamespace(vector=lambda features: torch.nn.functional.normalize(features, dim=1))

        def features(self, rows: list[object]) -> torch.Tensor:
            encoded.append(len(rows))
            return torch.randn((len(rows), 4), generator=generator(1))

    task = _ranking(4, passes=1.0, epochs=1)
    task = dataclasses.replace(task, train=dataclasses.replace(task.train, keys=(0, 1, 1, 0)))
    assert math.isfinite(float(task.loss(Counting(), (0, 1, 2, 3))))
    assert encoded == [4, 2]


def test_negatives_join_the_batch_once_and_never_answer_it() -> None:
    task = _ranking(6, passes=1.0, epochs=1)
    rows = dataclasses.replace(task.train, keys=(0, 1, 2, 2, 4, 5), negatives=((1, 2), (3, 4), (), (), (), ()))
    assert dataclasses.replace(task, train=rows)._negatives((0, 1)) == [2, 4]
