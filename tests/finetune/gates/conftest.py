"""A desk with a log, and candidates that are its live bundle, but for what a test spoils."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services, open_services
from bot.desk import Desk
from bot.live import Models
from bot.settings import Settings
from bot.storage.records import LoggedMessage
from bot.values import IntentScore, Understanding
from finetune.gates import GoldenRow, Trial
from tests.conftest import TINY_INTENTS


@dataclass
class Spoilt:
    """The real encoder, whose understanding a test changes."""

    real: Any
    change: Callable[[str, Understanding], Understanding]

    def understand(self, texts: Sequence[str]) -> list[Understanding]:
        found = self.real.understand(texts)
        return [self.change(text, seen) for text, seen in zip(texts, found, strict=True)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def spoilt(models: Models, change: Callable[[str, Understanding], Understanding]) -> Models:
    return replace(models, encoder=Spoilt(models.encoder, change))  # type: ignore[arg-type]


def confused(*intents: str) -> Callable[[str, Understanding], Understanding]:
    """Takes these intents, all of them by default, for another one."""

    def change(_: str, seen: Understanding) -> Understanding:
        first, second = seen.ranking[0], seen.ranking[1]
        if intents and first.intent not in intents:
            return seen
        swapped = IntentScore(second.intent, first.probability), IntentScore(first.intent, second.probability)
        return replace(seen, ranking=(*swapped, *seen.ranking[2:]))

    return change


@pytest.fixture
def services(published_desk: Desk, tmp_path: Path) -> Iterator[Services]:
    with open_services(Path(shutil.copytree(published_desk.directory, tmp_path / "desk"))) as opened:
        yield opened


@pytest.fixture
def golden() -> list[GoldenRow]:
    return [GoldenRow(text, (), intent) for intent, texts in TINY_INTENTS.items() for text in texts]


@pytest.fixture
def make_trial(services: Services) -> Callable[..., Trial]:
    """Makes trials of a candidate on the desk; ``improve`` holds changed thresholds, the rest fields of the trial."""

    def make(candidate: Models | None = None, *, improve: dict[str, Any] | None = None, **fields: Any) -> Trial:
        live = services.live.current()
        settings = with_improve(services.settings, **(improve or {}))
        run_id = services.store.runs.start(by="eve", parent_bundle=live.versions.bundle)
        parts = {"live": live, "candidate": candidate or live, "run_id": run_id} | fields
        return Trial(desk=services.desk, settings=settings, store=services.store, **parts)

    return make


def with_improve(settings: Settings, **changed: Any) -> Settings:
    return settings.model_copy(update={"improve": settings.improve.model_copy(update=changed)})


def talk(services: Services, *texts: str, customer: str | None = None) -> tuple[str, list[LoggedMessage]]:
    """A conversation with the live bot: its id and what the bot said."""
    started = services.store.conversations.start(channel="web", locale="en", customer_id=customer)
    replies = [services.assistant.reply(started.conversation_id, text, f"m{place}") for place, text in enumerate(texts)]
    return started.conversation_id, [reply for reply in replies if reply]
