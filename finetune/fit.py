"""From data parts and a recipe to a trained model. Knows nothing of input files, export or calibration."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from finetune.answering import answering_passages
from finetune.base_model import BaseModel
from finetune.checkpoints import Checkpoints
from finetune.errors import TrainingDataError
from finetune.examples import Dataset, QuestionPassage
from finetune.fast import fit_head
from finetune.forward import Forward, computes_bf16, pad_id_of
from finetune.hard_negatives import mined_negatives
from finetune.model import EncoderModel, HeadInput, TrainedModel, set_encoder_dropout
from finetune.mood_task import HEAD, MoodTask, mood_rows, mood_weights
from finetune.progress import Report
from finetune.ranking_scores import recall_in_blocks, search_map
from finetune.ranking_task import RankingTask, question_rows, reply_rows
from finetune.recipe import Recipe
from finetune.tasks import IntentTask, Task, labelled_rows
from finetune.topic_changes import exchanges_of
from finetune.tracking import tracking
from finetune.trainer import Trainer, TrainingSummary

_METHOD = 2
"""Grows whenever the same data and recipe train otherwise than before, so that no older checkpoint is continued."""

DEV_PAIRS = 2000
"""Dev pairs that are measured after each epoch; more would cost more time than they add certainty."""


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A trained model and how it got there; ``summary`` is None for a frozen encoder, which takes no steps."""

    trained: TrainedModel
    summary: TrainingSummary | None


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """Where a training keeps what is not its result.

    Attributes:
        checkpoints: directory of the state of an unfinished training.
        log: directory of the TensorBoard log; other trackers' local files lie beside it.
    """

    checkpoints: Path
    log: Path


def fit_model(
    train: Dataset, dev: Dataset, recipe: Recipe, base: BaseModel, *, place: WorkPlace, report: Report
) -> FittedModel:
    """Trains what the data has something for: heads of intents and moods, replies, questions.

    Args:
        train: what is learnt from.
        dev: what early stopping looks at; may be empty.
        recipe: all choices.
        base: the pretrained encoder.
        report: takes lines on how it goes.
        place: checkpoints stay there until ``Checkpoints.remove``; the same call goes on from them.

    Raises:
        TrainingDataError: nothing to train, a single intent or mood, or one in dev that training does not have.
        BaseModelError: the base model cannot be loaded.
        TrainingError: the loss is not a number any more.
        CheckpointError: a checkpoint cannot be read or written.
    """
    labels = _checked_labels(train, dev)
    tokenizer = base.load_tokenizer()
    torch.manual_seed(recipe.seed)
    backbone = base.load_backbone()
    set_encoder_dropout(backbone, recipe.training.encoder_dropout)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    head_input = HeadInput(recipe.head.layers, recipe.head.first_token)
    moods = train.moods if recipe.sentiment.weight > 0 else ()
    model = EncoderModel(
        backbone,
        intents=len(labels),
        sentiments=len(moods),
        head_input=head_input,
        dropout=recipe.training.dropout,
    ).to(device)
    forward = Forward(model, pad_id_of(tokenizer), device, _wants_bf16(recipe, device))
    if recipe.encoder == "frozen":
        summary = None
        _fit_intents(train, labels, recipe, forward, tokenizer)
        _fit_moods(train, moods, recipe, forward, tokenizer)
    else:
        summary = _train(train, dev, (labels, moods), recipe, base, forward, tokenizer, place, report)
    model.cpu().eval().requires_grad_(False)
    return FittedModel(_trained_model(model, tokenizer, (labels, moods), recipe), summary)


def tasks_for(
    train: Dataset, dev: Dataset, labels: tuple[str, ...], recipe: Recipe, tokenizer: Tokenizer, base: BaseModel
) -> tuple[Task, ...]:
    """A task for each kind of data that the training part holds."""
    tasks: list[Task] = []
    if labels:
        width = recipe.intents.max_tokens
        outside = train.out_of_scope if recipe.intents.outlier_weight > 0 else ()
        rows = labelled_rows(train.intents, outside, labels, tokenizer, width, exchanges_of(train.reply_pairs))
        dev_rows = labelled_rows(dev.intents, (), labels, tokenizer, width)
        tasks.append(IntentTask(rows, dev_rows, recipe.intents, recipe.seed))
    if train.reply_pairs and recipe.replies.passes > 0:
        tasks.append(_reply_task(train, dev, recipe, tokenizer))
    if train.questions and recipe.questions.passes > 0:
        tasks.append(_question_task(train, dev, recipe, tokenizer, base))
    if train.sentiments and recipe.sentiment.weight > 0:
        tasks.append(_mood_task(train, dev, recipe, tokenizer))
    return tuple(tasks)


def _mood_task(train: Dataset, dev: Dataset, recipe: Recipe, tokenizer: Tokenizer) -> MoodTask:
    width, moods = recipe.sentiment.max_tokens, train.moods
    rows = mood_rows(train.sentiments, moods, tokenizer, width, exchanges_of(train.reply_pairs))
    return MoodTask(rows, mood_rows(dev.sentiments, moods, tokenizer, width), recipe.sentiment, recipe.seed)


def _reply_task(train: Dataset, dev: Dataset, recipe: Recipe, tokenizer: Tokenizer) -> RankingTask:
    width = recipe.replies.max_tokens
    rows = reply_rows(train.reply_pairs, tokenizer, width)
    dev_rows = reply_rows(dev.reply_pairs[:DEV_PAIRS], tokenizer, width)
    return RankingTask(
        "reply", rows, dev_rows, recipe.replies, recipe.training.epochs, recipe.seed, measure=recall_in_blocks
    )


def _question_task(train: Dataset, dev: Dataset, recipe: Recipe, tokenizer: Tokenizer, base: BaseModel) -> RankingTask:
    options = recipe.questions
    questions = answering_passages(base, train.questions, device="cpu")
    rows = question_rows(questions, tokenizer, options.max_tokens, exchanges_of(train.reply_pairs))
    if options.hard_negatives:
        mined = _without_alternatives(
            mined_negatives(base, questions, options.hard_negatives, device="cpu"), questions, train.questions
        )
        # A question's second form, after an exchange, follows all first forms: it has no negatives of its own.
        rows = replace(rows, negatives=mined + ((),) * (len(rows.queries) - len(mined)))
    dev_rows = question_rows(dev.questions[:DEV_PAIRS], tokenizer, options.max_tokens)
    return RankingTask("question", rows, dev_rows, options, recipe.training.epochs, recipe.seed, measure=search_map)


def _without_alternatives(
    mined: Sequence[tuple[int, ...]], questions: Sequence[QuestionPassage], given: Sequence[QuestionPassage]
) -> tuple[tuple[int, ...], ...]:
    """Negatives without passages of an article that the question was labelled with: they may answer it as well."""
    answers: defaultdict[str, set[str]] = defaultdict(set)
    for row in given:
        answers[row.query].add(row.passage_text)
    return tuple(
        tuple(at for at in near if questions[at].passage_text not in answers[row.query])
        for near, row in zip(mined, questions, strict=True)
    )


def training_key(train: Dataset, dev: Dataset, recipe: Recipe, base: BaseModel) -> str:
    """A name for exactly this training: a checkpoint of another recipe, other data or another base is not continued."""
    choices = recipe.as_dict()
    del choices["report_to"]  # who looks on changes nothing
    parts = [_METHOD, choices, train.fingerprint, dev.fingerprint, base.weights_sha256, torch.__version__]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _train(
    train: Dataset,
    dev: Dataset,
    classes: tuple[tuple[str, ...], tuple[str, ...]],
    recipe: Recipe,
    base: BaseModel,
    forward: Forward,
    tokenizer: Tokenizer,
    place: WorkPlace,
    report: Report,
) -> TrainingSummary:
    labels, moods = classes
    tasks = tasks_for(train, dev, labels, recipe, tokenizer, base)
    checkpoints = Checkpoints(place.checkpoints, training_key(train, dev, recipe, base))
    report(
        f"training {', '.join(task.name for task in tasks)} on {forward.device}, {'bf16' if forward.bf16 else 'fp32'}"
    )
    if checkpoints.load() is None:
        if recipe.intents.fit_first:
            _fit_intents(train, labels, recipe, forward, tokenizer)
        if recipe.sentiment.fit_first:
            _fit_moods(train, moods, recipe, forward, tokenizer)
    with tracking(recipe.report_to, recipe, place.log, report) as log:
        trainer = Trainer(
            forward, tasks, recipe.training, seed=recipe.seed, checkpoints=checkpoints, log=log, report=report
        )
        return trainer.run()


def _fit_intents(
    train: Dataset, labels: tuple[str, ...], recipe: Recipe, forward: Forward, tokenizer: Tokenizer
) -> None:
    if labels:
        exchanges = exchanges_of(train.reply_pairs)
        rows = labelled_rows(train.intents, (), labels, tokenizer, recipe.intents.max_tokens, exchanges)
        fit_head(forward, "intent_logits", rows, recipe.shallow)


def _fit_moods(train: Dataset, moods: tuple[str, ...], recipe: Recipe, forward: Forward, tokenizer: Tokenizer) -> None:
    if moods:
        options = recipe.sentiment
        rows = mood_rows(train.sentiments, moods, tokenizer, options.max_tokens, exchanges_of(train.reply_pairs))
        fit_head(forward, HEAD, rows, recipe.shallow, mood_weights(rows.labels, options.balance))


def _checked_labels(train: Dataset, dev: Dataset) -> tuple[str, ...]:
    labels = train.labels
    if len(labels) == 1:
        raise TrainingDataError(f"all training rows have the intent {labels[0]!r}; give at least two intents")
    unknown = sorted(set(dev.labels) - set(labels))
    if unknown:
        raise TrainingDataError(f"dev has the intent {unknown[0]!r}, which no training row has; add rows or remove it")
    if len(train.moods) == 1:
        raise TrainingDataError(f"all rows have the sentiment {train.moods[0]!r}; give at least two sentiments")
    if strange := sorted(set(dev.moods) - set(train.moods)):
        raise TrainingDataError(f"dev has the sentiment {strange[0]!r}, which no training row has; add rows of it")
    if not labels and not train.reply_pairs and not train.questions and not train.sentiments:
        raise TrainingDataError(
            "there is nothing to train on; give --intents, --dialogues, --knowledge-queries or --sentiments"
        )
    return labels


def _wants_bf16(recipe: Recipe, device: torch.device) -> bool:
    if recipe.encoder == "frozen":
        return False
    precision = recipe.training.precision
    return computes_bf16(device) if precision == "auto" else precision == "bf16"


def _trained_model(
    model: EncoderModel, tokenizer: Tokenizer, classes: tuple[tuple[str, ...], tuple[str, ...]], recipe: Recipe
) -> TrainedModel:
    return TrainedModel(
        model=model,
        tokenizer=tokenizer,
        intents=classes[0],
        sentiments=classes[1],
        languages=recipe.languages,
        base_model=recipe.base_model,
        max_tokens=recipe.max_tokens,
        vector_dim=model.vector_dim,
        output_names=model.output_names,
    )
