"""Making versions live: a bundle with snapshots of its own encoder, an edited article, an approved reply.

Builds first, proves that the parts load together, then moves the desk's pointer. Knows no pages and no training.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.articles import current_passages, take_over_folders
from bot.bundle import load_bundle
from bot.desk import Desk, with_knowledge, with_replies
from bot.encoder import Encoder
from bot.errors import DeskError, LiveChangedError, ReplySnapshotError
from bot.live import load_models
from bot.replies import ReplyRanker, build_reply_snapshot, load_reply_snapshot
from bot.settings import Settings
from bot.storage.store import Store
from bot.values import Versions
from retrieval.errors import SnapshotError
from retrieval.snapshot import build_snapshot, holds

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle in the desk with snapshots of its own, which nobody sees yet.

    Attributes:
        versions: what `load_models` can load, and `go_live` makes live.
        encoder: the bundle's, open.
    """

    versions: Versions
    encoder: Encoder


def publish_bundle(desk: Desk, settings: Settings, store: Store, source: Path, progress: Progress) -> Versions:
    """Copy a bundle into the desk, re-encode knowledge and replies with it, and make the three live.

    Args:
        progress: told (encoded, all) passages.

    Raises:
        BotError: the bundle cannot be used; the old one stays live.
    """
    return go_live(desk, settings, store, prepare_bundle(desk, settings, store, source, progress))


def prepare_bundle(desk: Desk, settings: Settings, store: Store, source: Path, progress: Progress) -> Prepared:
    """Copy a bundle into the desk and encode knowledge and replies with it; what is live stays live.

    Holds no lock: articles and replies go live meanwhile as always.

    Args:
        source: a bundle anywhere, or one that is in the desk already.
        progress: told (encoded, all) passages.

    Raises:
        BotError: the bundle cannot be used.
    """
    version = load_bundle(source).manifest.version
    take_over_folders(store, desk.knowledge_folders(settings))
    bundle = load_bundle(desk.add_bundle(source, version))
    encoder = Encoder.open(bundle, providers=settings.provider, threads=settings.threads)
    known = next(
        (state.versions for state in desk.history() if state.versions.bundle == version), Versions(version, None, None)
    )
    knowledge = _index_knowledge(desk, store, encoder, known.knowledge, progress)
    return Prepared(Versions(version, knowledge, _index_replies(desk, store, encoder, known.replies)), encoder)


def go_live(desk: Desk, settings: Settings, store: Store, prepared: Prepared) -> Versions:
    """Make a prepared bundle live with the articles and replies of now: only what changed meanwhile is encoded.

    Raises:
        BotError: the three do not load together; the old ones stay live.
    """
    versions, encoder = prepared.versions, prepared.encoder
    take_over_folders(store, desk.knowledge_folders(settings))
    with desk.indexing():
        versions = with_knowledge(versions, _index_knowledge(desk, store, encoder, versions.knowledge, _untold))
        versions = with_replies(versions, _index_replies(desk, store, encoder, versions.replies))
        _prove(desk, settings, versions, encoder)
        with desk.publishing():
            if not desk.history() or desk.live() != versions:
                desk.point_to(versions)
        return versions


def publish_knowledge(desk: Desk, settings: Settings, store: Store, encoder: Encoder, progress: Progress) -> Versions:
    """Index the current articles again (only changed passages are encoded) and make the snapshot live.

    Raises:
        LiveChangedError: another bundle went live meanwhile; try again with its encoder.
        BotError: it cannot be built or does not fit; the old one stays live.
    """
    with desk.indexing():
        live = desk.live()
        _refuse_foreign(encoder, live)
        knowledge = _index_knowledge(desk, store, encoder, live.knowledge, progress)
        return _replace(desk, settings, live, with_knowledge(live, knowledge), encoder)


def publish_replies(desk: Desk, settings: Settings, store: Store, encoder: Encoder) -> Versions:
    """Encode the approved replies again (only new texts) and make the snapshot live.

    Raises:
        LiveChangedError: another bundle went live meanwhile; try again with its encoder.
        BotError: it cannot be built or does not fit; the old one stays live.
    """
    with desk.indexing():
        live = desk.live()
        _refuse_foreign(encoder, live)
        replies = _index_replies(desk, store, encoder, live.replies)
        return _replace(desk, settings, live, with_replies(live, replies), encoder)


def live_encoder(desk: Desk, settings: Settings) -> Encoder:
    """The live bundle's encoder, opened now."""
    bundle = load_bundle(desk.bundle_directory(desk.live().bundle))
    return Encoder.open(bundle, providers=settings.provider, threads=settings.threads)


def new_version() -> str:
    """A name for a new immutable directory that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _refuse_foreign(encoder: Encoder, live: Versions) -> None:
    """Vectors of one encoder under another's name would fit every check and answer nothing."""
    if encoder.bundle_version != live.bundle:
        raise LiveChangedError(f"bundle {live.bundle} went live in place of {encoder.bundle_version}; try again")


def _replace(desk: Desk, settings: Settings, before: Versions, after: Versions, encoder: Encoder) -> Versions:
    """Move the pointer from one state to another, unless a rollback moved it meanwhile."""
    if after == before:
        return before
    _prove(desk, settings, after, encoder)
    with desk.publishing():
        if desk.live() != before:
            raise LiveChangedError(f"bundle {desk.live().bundle} went live in place of {before.bundle}; try again")
        desk.point_to(after)
    return after


def _prove(desk: Desk, settings: Settings, versions: Versions, encoder: Encoder) -> None:
    models = load_models(desk, settings, versions, encoder)
    if models.degraded:
        raise DeskError(f"not published, the old versions stay live: {models.degraded}")


def _index_knowledge(
    desk: Desk, store: Store, encoder: Encoder, previous: str | None, progress: Progress
) -> str | None:
    """Version of a snapshot of the current articles: the previous one where it is that already."""
    passages = current_passages(store)
    if not passages:
        return None
    before = desk.knowledge_directory(previous) if previous else None
    with suppress(SnapshotError):  # a damaged one is built anew
        if before and holds(before, passages, encoder_id=encoder.bundle_version):
            return previous
    version = new_version()
    build_snapshot(
        passages,
        encoder.encode,
        encoder_id=encoder.bundle_version,
        directory=desk.knowledge_directory(version),
        previous=before,
        progress=progress,
    )
    return version


def _index_replies(desk: Desk, store: Store, encoder: Encoder, previous: str | None) -> str | None:
    """Version of a snapshot of the approved replies: the previous one where it is that already."""
    approved = store.replies.approved()
    if not approved:
        return None
    before = _reply_snapshot(desk, encoder, previous) if previous else None
    if before is not None and before.replies == tuple(approved):
        return previous
    version = new_version()
    build_reply_snapshot(
        approved,
        encoder.encode,
        encoder_id=encoder.bundle_version,
        directory=desk.replies_directory(version),
        previous=before,
    )
    return version


def _reply_snapshot(desk: Desk, encoder: Encoder, version: str) -> ReplyRanker | None:
    try:
        return load_reply_snapshot(desk.replies_directory(version), encoder_id=encoder.bundle_version)
    except ReplySnapshotError:  # a damaged one, or another encoder's, is built anew
        return None


def _untold(_done: int, _total: int) -> None:
    """Nobody waits for the few passages that changed within the last minutes."""
