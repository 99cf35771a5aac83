"""Approved replies and their vectors: an immutable snapshot, and the ranking of its replies for a turn.

SQL holds the truth of who approved what; a snapshot is what one server run reads. A desk has hundreds to a few
thousand replies, so the ranking is one exact matrix product (0.2 ms for 5,000), not an approximate index.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from bot.compose import variables_of
from bot.errors import ReplySnapshotError
from bot.values import ApprovedReply, RankedReply, Vector
from retrieval.artifact import read_artifact, write_artifact
from retrieval.errors import ArtifactError
from retrieval.values import Encode, Vectors

_FORMAT = 1
_FREQUENT = 0.02
"""Score added per doubling of a reply's frequency: what agents say often is a safer choice among near equals."""


@dataclass(frozen=True)
class ReplyRanker:
    """Ranks approved replies for a turn.

    Attributes:
        replies: in the order of the rows of `vectors`.
        vectors: unit vectors of their texts, shape (n, dim).
    """

    replies: tuple[ApprovedReply, ...]
    vectors: Vectors

    def rank(
        self, vector: Vector, *, intents: Collection[str], variables: Collection[str], limit: int
    ) -> tuple[RankedReply, ...]:
        """Replies that answer one of the intents and whose variables are all known, best first.

        Args:
            vector: unit vector of the turn, shape (dim,).
            intents: only replies of these intents are ranked.
            variables: names that the conversation fills.
        """
        wanted, known = set(intents), set(variables)
        rows = [
            row
            for row, reply in enumerate(self.replies)
            if wanted & set(reply.intents) and known.issuperset(variables_of(reply.text))
        ]
        frequency = np.log2([self.replies[row].frequency + 1 for row in rows])
        scores = self.vectors[rows] @ vector + _FREQUENT * frequency
        order = np.argsort(-scores, kind="stable")[:limit]
        return tuple(
            RankedReply(self.replies[rows[index]], float(scores[index]), rank)
            for rank, index in enumerate(order, start=1)
        )


def build_reply_snapshot(
    replies: Sequence[ApprovedReply],
    encode: Encode,
    *,
    encoder_id: str,
    directory: Path,
    previous: ReplyRanker | None = None,
) -> None:
    """Encode approved replies and write them as an immutable directory.

    Args:
        previous: replies of the same encoder; texts that it holds are not encoded again.

    Raises:
        ReplySnapshotError: the directory exists.
    """
    vectors = _vectors(replies, encode, previous)
    rows = [json.dumps({**asdict(reply), "approved_utc": reply.approved_utc.isoformat()}) for reply in replies]

    def write_files(folder: Path) -> None:
        (folder / "replies.jsonl").write_text("".join(row + "\n" for row in rows), encoding="utf-8")
        np.save(folder / "vectors.npy", vectors.astype(np.float32), allow_pickle=False)

    try:
        write_artifact(directory, {"format": _FORMAT, "encoder_id": encoder_id, "replies": len(rows)}, write_files)
    except ArtifactError as error:
        raise ReplySnapshotError(str(error)) from error


def load_reply_snapshot(directory: Path, *, encoder_id: str) -> ReplyRanker:
    """Read a reply snapshot.

    Raises:
        ReplySnapshotError: it is missing, changed, or made by another encoder.
    """
    try:
        manifest = read_artifact(directory)
    except ArtifactError as error:
        raise ReplySnapshotError(str(error)) from error
    if manifest.get("encoder_id") != encoder_id:
        raise ReplySnapshotError(
            f"{directory} was made by encoder {manifest.get('encoder_id')}, the live bundle is {encoder_id}; "
            "publish the bundle again to re-encode the replies"
        )
    rows = [json.loads(line) for line in (directory / "replies.jsonl").read_text(encoding="utf-8").splitlines()]
    vectors = np.load(directory / "vectors.npy", allow_pickle=False)
    return ReplyRanker(tuple(_reply(row) for row in rows), vectors)


def _vectors(replies: Sequence[ApprovedReply], encode: Encode, previous: ReplyRanker | None) -> Vectors:
    known = (
        {} if previous is None else dict(zip((reply.text for reply in previous.replies), previous.vectors, strict=True))
    )
    new = sorted({reply.text for reply in replies} - known.keys())
    if new:
        known |= dict(zip(new, encode(new), strict=True))
    return np.stack([known[reply.text] for reply in replies])


def _reply(row: dict[str, object]) -> ApprovedReply:
    return ApprovedReply(
        reply_id=str(row["reply_id"]),
        version=int(str(row["version"])),
        text=str(row["text"]),
        intents=tuple(row["intents"]),  # type: ignore[arg-type]
        approved_by=str(row["approved_by"]),
        approved_utc=datetime.fromisoformat(str(row["approved_utc"])),
        frequency=int(str(row["frequency"])),
    )
