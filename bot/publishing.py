"""Making versions live: a bundle with snapshots of its own encoder, an edited article, an approved reply.

Builds first, proves that the parts load together, then moves the desk's pointer. Knows no pages and no training.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.articles import current_passages, take_over_folders
from bot.bundle import load_bundle
from bot.desk import Desk, with_knowledge, with_replies
from bot.encoder import Encoder
from bot.errors import DeskError
from bot.live import load_models
from bot.replies import build_reply_snapshot
from bot.settings import Settings
from bot.storage.store import Store
from bot.values import Versions
from retrieval.snapshot import build_snapshot

Progress = Callable[[int, int], None]


def publish_bundle(desk: Desk, settings: Settings, store: Store, source: Path, progress: Progress) -> Versions:
    """Copy a bundle into the desk, re-encode knowledge and replies with it, and make the three live.

    Args:
        progress: told (encoded, all) passages.

    Raises:
        BotError: the bundle cannot be used; the old one stays live.
    """
    bundle = load_bundle(source)
    version = bundle.manifest.version
    take_over_folders(store, desk.knowledge_folders(settings))
    with desk.publishing():
        encoder = Encoder.open(
            load_bundle(desk.add_bundle(source, version)), providers=settings.provider, threads=settings.threads
        )
        knowledge = _index_knowledge(desk, store, encoder, version, None, progress)
        replies = _index_replies(desk, store, encoder, version)
        return _make_live(desk, settings, Versions(version, knowledge, replies), encoder)


def publish_knowledge(desk: Desk, settings: Settings, store: Store, encoder: Encoder, progress: Progress) -> Versions:
    """Index the current articles again (only changed passages are encoded) and make the snapshot live."""
    with desk.publishing():
        live = desk.live()
        knowledge = _index_knowledge(desk, store, encoder, live.bundle, live.knowledge, progress)
        return _make_live(desk, settings, with_knowledge(live, knowledge), encoder)


def publish_replies(desk: Desk, settings: Settings, store: Store, encoder: Encoder) -> Versions:
    """Encode the approved replies again and make the snapshot live."""
    with desk.publishing():
        live = desk.live()
        replies = _index_replies(desk, store, encoder, live.bundle)
        return _make_live(desk, settings, with_replies(live, replies), encoder)


def live_encoder(desk: Desk, settings: Settings) -> Encoder:
    """The live bundle's encoder, opened now."""
    bundle = load_bundle(desk.bundle_directory(desk.live().bundle))
    return Encoder.open(bundle, providers=settings.provider, threads=settings.threads)


def new_version() -> str:
    """A name for a new immutable directory that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _make_live(desk: Desk, settings: Settings, versions: Versions, encoder: Encoder) -> Versions:
    models = load_models(desk, settings, versions, encoder)
    if models.degraded:
        raise DeskError(f"not published, the old versions stay live: {models.degraded}")
    desk.point_to(versions)
    return versions


def _index_knowledge(
    desk: Desk, store: Store, encoder: Encoder, bundle: str, previous: str | None, progress: Progress
) -> str | None:
    passages = current_passages(store)
    if not passages:
        return None
    version = new_version()
    build_snapshot(
        passages,
        encoder.encode,
        encoder_id=bundle,
        directory=desk.knowledge_directory(version),
        previous=desk.knowledge_directory(previous) if previous else None,
        progress=progress,
    )
    return version


def _index_replies(desk: Desk, store: Store, encoder: Encoder, bundle: str) -> str | None:
    approved = store.replies.approved()
    if not approved:
        return None
    version = new_version()
    build_reply_snapshot(approved, encoder.encode, encoder_id=bundle, directory=desk.replies_directory(version))
    return version
