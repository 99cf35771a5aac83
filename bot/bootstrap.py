"""The one place where a serving desk is put together. Nothing is built at import."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from bot.assistant import Assistant
from bot.bundle_flags import flags_of_bundle
from bot.delivery import Delivery
from bot.desk import Desk
from bot.erasure import PURGE, Erasure
from bot.errors import BotError
from bot.live import LiveModels
from bot.settings import Settings
from bot.storage.store import Store
from retrieval.snapshot import snapshot_passages
from retrieval.values import Passage

_SNAPSHOTS_REMEMBERED = 4
_TURNS_AT_A_TIME = 4


@dataclass(frozen=True)
class Services:
    """An open desk: what pages and commands stand on.

    Attributes:
        delivery: answers durable messages once it is started.
        passage: finds the text behind a citation in the snapshot that made it.
    """

    desk: Desk
    settings: Settings
    store: Store
    live: LiveModels
    assistant: Assistant
    delivery: Delivery
    passage: Callable[[str | None, str], Passage | None]

    def health(self) -> dict[str, object]:
        """State of the desk for an operator; ``ready`` only where turns can be answered and logged."""
        models, database = self.live.current(), "reachable"
        try:
            self.store.ping()
        except BotError as error:
            database = str(error)
        return {
            "ready": database == "reachable",
            "provider": models.encoder.provider,
            "variant": models.encoder.variant,
            "database": database,
            "versions": {
                "bundle": models.versions.bundle,
                "knowledge": models.versions.knowledge,
                "replies": models.versions.replies,
            },
            "degraded": models.degraded,
            "not_live": self.live.last_error,
            "flags": self._flags(models.versions.bundle),
        }

    def _flags(self, bundle: str) -> list[str]:
        """What people should know of the bundle; a damaged file of flags is said, and keeps no turn from its answer."""
        try:
            return [flag.sentence for flag in flags_of_bundle(self.desk.directory, bundle)]
        except BotError as error:
            return [str(error)]


@contextmanager
def open_services(desk_directory: Path) -> Iterator[Services]:
    """Open a desk for serving.

    Raises:
        BotError: settings, schema, bundle or snapshots cannot be used; the text says what to do.
        RetrievalError: the knowledge snapshot cannot be used.
    """
    desk = Desk(desk_directory)
    settings = desk.settings()
    live = LiveModels(desk, settings)
    with open_store(desk, settings) as store:
        erasure = Erasure(desk, settings, store)
        if not erasure.again(files=False).nothing:  # a restored backup has brought somebody back
            store.jobs.enqueue(PURGE)
        assistant = Assistant(store, live.current, settings)
        delivery = Delivery(
            store,
            assistant,
            pause_s=settings.burst_pause_ms / 1000,
            workers=_TURNS_AT_A_TIME,
            agent_absence=timedelta(minutes=settings.agent_absence_minutes),
            eraser=erasure.erase_conversation,
        )
        yield Services(desk, settings, store, live, assistant, delivery, _passage_lookup(desk))


@contextmanager
def open_store(desk: Desk, settings: Settings) -> Iterator[Store]:
    """Open the desk's database.

    Raises:
        StorageError: it cannot be reached or its schema is out of date.
    """
    with Store.open(desk.database_url(settings)) as store:
        yield store


def _passage_lookup(desk: Desk) -> Callable[[str | None, str], Passage | None]:
    @lru_cache(maxsize=_SNAPSHOTS_REMEMBERED)
    def passages(version: str) -> dict[str, Passage]:
        found = snapshot_passages(desk.knowledge_directory(version))
        return {passage.passage_id: passage for passage in found}

    def lookup(version: str | None, passage_id: str) -> Passage | None:
        return passages(version).get(passage_id) if version else None

    return lookup
