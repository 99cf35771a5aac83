"""Going back to an earlier bundle within a second. Encodes nothing; the worker does, afterwards.

What answers at once is the earlier bundle with the snapshots of that time, less the replies that were withdrawn or
edited since. Then the worker indexes today's articles and replies with the earlier bundle's encoder; only what changed
is encoded. Until then an article says what it said then.
"""

from bot.desk import Desk, with_replies
from bot.errors import ReplySnapshotError
from bot.publishing import new_version
from bot.replies import build_reply_snapshot, load_reply_snapshot
from bot.storage.store import Store
from bot.values import Versions
from bot.worker import INDEX_KNOWLEDGE, INDEX_REPLIES
from retrieval.values import Vectors


def roll_back(desk: Desk, store: Store, bundle: str | None = None) -> Versions:
    """Make the last state of an earlier bundle live, and have knowledge and replies brought up to date.

    Args:
        bundle: its version; None: the one that was live before the live one.

    Raises:
        DeskError: there is no such earlier state.
        StorageError: the database cannot be used; nothing has changed.
    """
    approved = {(reply.reply_id, reply.version) for reply in store.replies.approved()}
    with desk.publishing():
        earlier = desk.earlier(bundle)
        versions = with_replies(earlier, _still_approved(desk, earlier, approved))
        desk.point_to(versions)
    store.jobs.enqueue(INDEX_REPLIES)
    store.jobs.enqueue(INDEX_KNOWLEDGE)
    return versions


def _still_approved(desk: Desk, earlier: Versions, approved: set[tuple[str, int]]) -> str | None:
    """A snapshot of the earlier replies that may still be sent: that one itself where all of them may."""
    if earlier.replies is None:
        return None
    try:
        before = load_reply_snapshot(desk.replies_directory(earlier.replies), encoder_id=earlier.bundle)
    except ReplySnapshotError:
        return None  # a damaged one must not keep the desk from going back; the worker builds it anew
    kept = [reply for reply in before.replies if (reply.reply_id, reply.version) in approved]
    if len(kept) == len(before.replies):
        return earlier.replies
    if not kept:
        return None
    version = new_version()
    target = desk.replies_directory(version)
    build_reply_snapshot(kept, _never, encoder_id=earlier.bundle, directory=target, previous=before)
    return version


def _never(_texts: object) -> Vectors:
    raise AssertionError("a text that was encoded already is encoded again")
