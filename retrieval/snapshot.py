"""A knowledge base as an immutable directory: passages, vectors, manifest.

Knows files; knows nothing of models, chats or of which snapshot is live.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from retrieval.artifact import read_artifact, write_artifact
from retrieval.encoding import EncodedPassage, Progress, TitleAndText, encode_passages
from retrieval.errors import ArtifactError, DocumentError, SnapshotError, VectorError
from retrieval.passages import indexed_text, load_passages, unique_passages, write_passages
from retrieval.retriever import Meaning, Retriever
from retrieval.stored_vectors import SENTENCES, SPANS, VECTORS, StoredVectors, write_vectors
from retrieval.values import Encode, Passage
from retrieval.vectors import VectorIndex

FORMAT = 1
"""Grows with every change of the files, of the sentence rules or of what a passage's vector is made of."""

_PASSAGES = "passages.jsonl"
_INDEX = "index.faiss"
_REQUIRED = frozenset((_PASSAGES, VECTORS, SENTENCES, SPANS))


@dataclass(frozen=True, slots=True)
class SnapshotManifest:
    """What a snapshot holds; its file also lists the SHA-256 of every other file.

    Attributes:
        format: version of the layout.
        contents: 12 hex digits that name passages and encoder: equal contents, equal name.
        created_utc: ISO 8601.
        encoder_id: the bundle whose encoder made the vectors.
        dimension: of the vectors.
        passages: their number.
        encoded: how many of them were encoded for this snapshot and not taken over from the one before.
    """

    format: int
    contents: str
    created_utc: str
    encoder_id: str
    dimension: int
    passages: int
    encoded: int


def build_snapshot(
    passages: Sequence[Passage],
    encode: Encode,
    *,
    encoder_id: str,
    directory: Path,
    previous: Path | None = None,
    progress: Progress | None = None,
) -> SnapshotManifest:
    """Builds a snapshot in a new directory; on any failure nothing is left behind.

    Args:
        passages: at least one; equal ones are kept once.
        encode: the encoder of the bundle named by ``encoder_id``.
        encoder_id: another one than that of ``previous`` makes every passage be encoded.
        directory: must not exist.
        previous: a snapshot whose vectors are taken over for passages of equal title and text; one that is damaged
            or of another encoder is of no use and is passed over (``encoded`` of the manifest shows it).
        progress: told (texts done, texts in all) while encoding.

    Raises:
        SnapshotError: no passages, the directory exists or cannot be written, or the encoder's vectors do not fit.
    """
    if directory.exists():
        raise SnapshotError(f"{directory}: exists already; name a new directory")
    if not passages:
        raise SnapshotError(f"{directory}: no passages to index; add documents first")
    try:
        kept = unique_passages(passages)
        known = _known(previous, encoder_id) if previous is not None else {}
        encoded = encode_passages(kept, encode, known, progress)
        manifest = SnapshotManifest(
            format=FORMAT,
            contents=_contents(kept, encoder_id),
            created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            encoder_id=encoder_id,
            dimension=len(encoded[0].vector),
            passages=len(kept),
            encoded=sum((passage.title, passage.text) not in known for passage in kept),
        )
        write_artifact(directory, asdict(manifest), lambda folder: _write_files(folder, kept, encoded))
    except (ArtifactError, DocumentError, VectorError, OSError) as error:
        raise SnapshotError(f"{directory}: cannot be built: {error}") from error
    return manifest


def load_snapshot(directory: Path, *, encoder_id: str) -> Retriever:
    """Opens a snapshot after checking every file.

    Args:
        directory: of the snapshot.
        encoder_id: of the encoder that will encode the queries.

    Raises:
        SnapshotError: made by another encoder, of another format, incomplete or changed since it was built.
    """
    manifest, files = _checked(directory)
    if manifest.encoder_id != encoder_id:
        raise SnapshotError(
            f"{directory}: made by encoder {manifest.encoder_id!r}, not {encoder_id!r}; index the knowledge again"
        )
    passages = _passages(directory, manifest)
    stored = StoredVectors.open(directory)
    try:
        index = VectorIndex.read(directory / _INDEX) if _INDEX in files else VectorIndex.build(stored.vectors)
    except VectorError as error:
        raise SnapshotError(f"{directory}: {error}") from error
    expected = (manifest.passages, manifest.dimension)
    if stored.vectors.shape != expected or (len(index), index.dimension) != expected:
        raise SnapshotError(f"{directory}: its vectors are not {expected}; index the knowledge again")
    return Retriever(passages, Meaning(index, stored.passage))


def holds(directory: Path, passages: Sequence[Passage], *, encoder_id: str) -> bool:
    """Whether a snapshot is of exactly these passages and this encoder, so that building it again would change nothing.

    Raises:
        SnapshotError: of another format, incomplete or changed since it was built.
    """
    manifest, _ = _checked(directory)
    return manifest.contents == _contents(unique_passages(passages), encoder_id)


def load_keywords(directory: Path) -> Retriever:
    """Opens a snapshot for keyword search alone, where its vectors do not fit the live encoder.

    Raises:
        SnapshotError: of another format, incomplete or changed since it was built.
    """
    return Retriever(snapshot_passages(directory), None)


def snapshot_passages(directory: Path) -> list[Passage]:
    """Reads the passages of a snapshot after checking every file.

    Raises:
        SnapshotError: of another format, incomplete or changed since it was built.
    """
    manifest, _ = _checked(directory)
    return _passages(directory, manifest)


def _checked(directory: Path) -> tuple[SnapshotManifest, frozenset[str]]:
    try:
        values = read_artifact(directory)
    except (ArtifactError, OSError) as error:
        raise SnapshotError(str(error)) from error
    if values.get("format") != FORMAT:
        raise SnapshotError(f"{directory}: format {values.get('format')}, not {FORMAT}; index the knowledge again")
    files = frozenset(values.pop("files"))
    if values.keys() != {field.name for field in fields(SnapshotManifest)} or not files >= _REQUIRED:
        raise SnapshotError(f"{directory}: its manifest is not that of a snapshot; index the knowledge again")
    return SnapshotManifest(**values), files


def _passages(directory: Path, manifest: SnapshotManifest) -> list[Passage]:
    try:
        passages = load_passages(directory / _PASSAGES)
    except DocumentError as error:
        raise SnapshotError(f"{error}; index the knowledge again") from error
    if len(passages) != manifest.passages:
        raise SnapshotError(
            f"{directory}: {len(passages)} passages, not {manifest.passages}; index the knowledge again"
        )
    return passages


def _known(previous: Path, encoder_id: str) -> dict[TitleAndText, EncodedPassage]:
    try:
        manifest, _ = _checked(previous)
        if manifest.encoder_id != encoder_id:
            return {}
        stored = StoredVectors.open(previous)
        passages = _passages(previous, manifest)
    except SnapshotError:
        return {}
    return {(passage.title, passage.text): stored.passage(row) for row, passage in enumerate(passages)}


def _write_files(folder: Path, passages: Sequence[Passage], encoded: Sequence[EncodedPassage]) -> None:
    write_passages(folder / _PASSAGES, passages)
    index = VectorIndex.build(write_vectors(folder, encoded))
    if index.graph:
        index.write(folder / _INDEX)


def _contents(passages: Sequence[Passage], encoder_id: str) -> str:
    digest = hashlib.sha256(encoder_id.encode())
    for passage in passages:
        digest.update(f"\0{passage.passage_id}\0{indexed_text(passage)}".encode())
    return digest.hexdigest()[:12]
