"""A small training that tests run, whole or killed; a program of its own for the tests that kill it."""

import os
import signal
import sys
from pathlib import Path

from finetune.base_model import resolve_base_model
from finetune.examples import Dataset, IntentExample, QuestionPassage, ReplyPair, SentimentExample
from finetune.fit import FittedModel, WorkPlace, fit_model
from finetune.recipe import Recipe, parse_recipe

DELIVERY = (
    "where is my parcel today",
    "my parcel did not arrive",
    "please track the parcel",
    "when does my order come",
)
REFUND = ("i want my money back", "refund the money", "when do i get the refund", "the refund has not come")
ADDRESS = ("change the address", "i moved to a new street", "send it to another address", "my street has a new name")
MOODS = {"negative": DELIVERY[1:3] + REFUND[2:], "neutral": ADDRESS[:2], "positive": ADDRESS[2:]}
TEXTS = {"delivery": DELIVERY, "refund": REFUND, "address": ADDRESS}


def sample() -> Dataset:
    """Twelve examples, some of them with context, out-of-scope rows, reply pairs, questions and moods."""
    intents = [
        IntentExample(text, intent, context=("my order",) if number == 0 else ())
        for intent, texts in TEXTS.items()
        for number, text in enumerate(texts)
    ]
    pairs = [ReplyPair((text,), f"the answer to {text}", 1.0, text) for text in DELIVERY + REFUND]
    questions = [QuestionPassage(text, f"p{n}", f"a passage on {text}") for n, text in enumerate(ADDRESS)]
    moods = tuple(SentimentExample(text, mood) for mood, texts in MOODS.items() for text in texts)
    outside = ("where is the card", "the name of a street")
    return Dataset(tuple(intents), outside, tuple(pairs), tuple(questions), moods)


def recipe(**training: object) -> Recipe:
    """Everything on, and a checkpoint at each step."""
    options = {"epochs": 3, "checkpoint_steps": 1, "patience": 9, "learning_rate": 1e-3, "average_decay": 0.9}
    table = {
        "name": "tiny",
        "max_tokens": 32,
        "training": options | {"dropout": 0.2, "encoder_dropout": 0.1, "precision": "fp32"} | training,
        "intents": {"batch_size": 4, "max_tokens": 32, "token_drop": 0.2, "contrast_weight": 0.2},
        "replies": {"batch_size": 4, "max_tokens": 32, "passes": 2.0},
        "questions": {"batch_size": 2, "max_tokens": 32, "hard_negatives": 1},
        "sentiment": {"batch_size": 4, "max_tokens": 32, "token_drop": 0.2},
    }
    return parse_recipe(table, source="tiny")


def fit(base: Path, work: Path, report: object = None, **training: object) -> FittedModel:
    """The sample, trained."""
    lines = report if callable(report) else lambda _: None
    place = WorkPlace(work / "checkpoints", work / "log")
    return fit_model(sample(), sample(), recipe(**training), resolve_base_model(str(base)), place=place, report=lines)


def main(base: str, work: str, steps: int) -> None:
    """Trains and kills itself, without any goodbye, inside the given optimiser step."""
    from torch.optim import AdamW

    taken = 0
    step = AdamW.step

    def counted(self: AdamW, *arguments: object) -> object:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(self, *arguments)

    AdamW.step = counted
    fit(Path(base), Path(work))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
