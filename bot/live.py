"""The models that are live: loaded from the desk's pointer, swapped whole when it moves. Serves; never publishes."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.bundle import load_bundle
from bot.desk import Desk
from bot.encoder import Encoder
from bot.errors import BotError
from bot.policy import Rules
from bot.replies import ReplyRanker, load_reply_snapshot
from bot.settings import Settings
from bot.values import Versions
from retrieval.errors import RetrievalError, SnapshotError
from retrieval.retriever import Retriever
from retrieval.snapshot import load_keywords, load_snapshot

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Models:
    """All that one turn reads; taken once at its start, so that one version makes one reply.

    Attributes:
        degraded: why knowledge is searched by keywords alone, or None.
    """

    encoder: Encoder
    retriever: Retriever | None
    replies: ReplyRanker | None
    versions: Versions
    rules: Rules
    languages: tuple[str, ...]
    degraded: str | None = None


def load_models(desk: Desk, settings: Settings, versions: Versions, encoder: Encoder | None = None) -> Models:
    """Load one state of the desk and prove that its parts fit.

    Args:
        encoder: an open encoder of the same bundle, used again instead of opening it.

    Raises:
        BotError: the bundle or the reply snapshot cannot be used.
        RetrievalError: the knowledge snapshot cannot be used.
    """
    bundle = load_bundle(desk.bundle_directory(versions.bundle))
    encoder = encoder or Encoder.open(bundle, providers=settings.provider, threads=settings.threads)
    retriever, degraded = _load_knowledge(desk, versions)
    rules = rules_for(encoder, settings)
    replies = versions.replies
    return Models(
        encoder=encoder,
        retriever=retriever,
        replies=load_reply_snapshot(desk.replies_directory(replies), encoder_id=versions.bundle) if replies else None,
        versions=versions,
        rules=replace(rules, passage=None) if degraded else rules,  # keyword scores alone were never calibrated
        languages=bundle.manifest.languages,
        degraded=degraded,
    )


def _load_knowledge(desk: Desk, versions: Versions) -> tuple[Retriever | None, str | None]:
    """The retriever, by keywords alone (and why) where the vectors are not the live encoder's."""
    if versions.knowledge is None:
        return None, None
    directory = desk.knowledge_directory(versions.knowledge)
    try:
        return load_snapshot(directory, encoder_id=versions.bundle), None
    except SnapshotError as error:
        _log.error("knowledge is searched by keywords alone: %s", error)
        return load_keywords(directory), str(error)


def rules_for(encoder: Encoder, settings: Settings) -> Rules:
    """The policy's rules: calibrated thresholds, overridden where the settings say so."""
    calibration = encoder.calibration
    return Rules(
        reply=_first(settings.reply_threshold, calibration.reply.value if calibration.reply else None),
        passage=_first(settings.passage_threshold, calibration.passage.value if calibration.passage else None),
        out_of_scope=_first(settings.out_of_scope_threshold, calibration.out_of_scope_threshold),
        passage_curve=calibration.passage_curve,
        handoff_intents=frozenset(settings.handoff_intents),
        clarify_intents=frozenset(settings.clarify_intents),
        person_probability=settings.person_probability,
        max_clarifications=settings.max_clarifications,
    )


class LiveModels:
    """Holds the live models and follows the pointer; the old ones serve on until the new ones are ready."""

    def __init__(self, desk: Desk, settings: Settings, load: Callable[..., Models] = load_models) -> None:
        self._desk, self._settings, self._load = desk, settings, load
        self._models = load(desk, settings, desk.live())
        self._lock = threading.Lock()
        self.last_error: str | None = None

    def current(self) -> Models:
        """The models of this moment."""
        return self._models

    def follow(self) -> bool:
        """Load what the pointer names if it moved; True where something was swapped.

        A state that cannot be loaded leaves the old models serving and is told by `last_error`.
        """
        with self._lock:
            try:
                versions = self._desk.live()
                if versions == self._models.versions:
                    return False
                same_bundle = versions.bundle == self._models.versions.bundle
                encoder = self._models.encoder if same_bundle else None
                self._models = self._load(self._desk, self._settings, versions, encoder)
            except (BotError, RetrievalError) as error:
                if str(error) != self.last_error:
                    _log.error("new versions are not live: %s", error)
                self.last_error = str(error)
                return False
            self.last_error = None
            _log.info("live now: %s", versions)
            return True


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
