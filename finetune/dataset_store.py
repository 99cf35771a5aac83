"""A desk's dataset versions: what each training read, by version, with a fingerprint and its lineage.

Rows that come from a conversation carry its id, so that `bot.dataset_files.forget` can take them out again. Knows how
rows lie in files; knows nothing of where they come from.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from bot.dataset_files import CONVERSATION, dataset_versions, read_dataset_manifest
from finetune.dataset import DataSources
from finetune.dialogues import Dialogue
from finetune.examples import IntentExample, SentimentExample
from finetune.history.dialogue_file import write_dialogues
from retrieval.artifact import write_artifact
from retrieval.passages import write_passages
from retrieval.values import Passage

FORMAT = 1
_FINGERPRINT_DIGITS = 8
_FILES = {
    "intents": "intents.csv",
    "out_of_scope": "out_of_scope.csv",
    "dialogues": "dialogues.jsonl",
    "knowledge": "knowledge.jsonl",
    "knowledge_queries": "knowledge_queries.jsonl",
    "sentiments": "sentiments.csv",
    "exclude": "exclude.jsonl",
}


@dataclass(slots=True)
class Content:
    """Rows of one dataset version, redacted already.

    Attributes:
        out_of_scope: (text, conversation id or None).
        queries: rows of a ``knowledge_queries.jsonl``.
        excluded: (text, conversation id or None) of what must not train.
    """

    intents: list[IntentExample] = field(default_factory=list)
    out_of_scope: list[tuple[str, str | None]] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    passages: Sequence[Passage] = ()
    queries: list[dict[str, Any]] = field(default_factory=list)
    sentiments: list[SentimentExample] = field(default_factory=list)
    excluded: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each kind."""
        return {
            "intents": len(self.intents),
            "out_of_scope": len(self.out_of_scope),
            "dialogues": len(self.dialogues),
            "knowledge": len(self.passages),
            "knowledge_queries": len(self.queries),
            "sentiments": len(self.sentiments),
            "exclude": len(self.excluded),
        }


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version on disk, with its manifest (version, fingerprint, parent, counts, redactions, files)."""

    directory: Path
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """Its name, which sorts by time."""
        return str(self.manifest["version"])

    @property
    def sources(self) -> DataSources:
        """Its files as a training takes them; those that erasure has emptied are left out."""
        files = {kind: self.directory / name for kind, name in _FILES.items() if name in self.manifest["files"]}
        return DataSources(**{kind: path for kind, path in files.items() if _has_rows(path)})


@dataclass(frozen=True, slots=True)
class DatasetStore:
    """The folder of dataset versions."""

    directory: Path

    def versions(self) -> list[str]:
        """Versions, oldest first."""
        return dataset_versions(self.directory)

    def read(self, version: str) -> DatasetVersion:
        """One version, its files proven to be the ones that were written.

        Raises:
            DeskError: there is none of that name, or it is damaged.
        """
        directory = self.directory / version
        return DatasetVersion(directory, read_dataset_manifest(directory))

    def write(self, content: Content, *, parent: str | None, figures: Mapping[str, Any]) -> DatasetVersion:
        """Keep rows as a version; equal rows are the version that holds them already, so a killed run finds its own.

        Args:
            content: the rows.
            parent: the dataset of the live bundle.
            figures: counts for people, such as redactions by type.
        """
        fingerprint = _fingerprint(content)
        for known in map(self.read, self.versions()):
            if known.manifest["fingerprint"] == fingerprint and "forgotten" not in known.manifest:
                return known
        now = datetime.now(UTC)
        version = f"{now:%Y%m%d-%H%M%S}-{fingerprint[:_FINGERPRINT_DIGITS]}"
        manifest = {
            "format": FORMAT,
            "version": version,
            "fingerprint": fingerprint,
            "created_utc": now.isoformat(timespec="seconds"),
            "parent": parent,
            "counts": content.counts,
            **figures,
        }
        write_artifact(self.directory / version, manifest, lambda folder: _write_rows(folder, content))
        return self.read(version)


def _write_rows(folder: Path, content: Content) -> None:
    _write_csv(folder / _FILES["intents"], ("text", "intent"), ((row.text, row.intent) for row in content.intents))
    _write_csv(folder / _FILES["out_of_scope"], ("text", CONVERSATION), content.out_of_scope)
    _write_csv(
        folder / _FILES["sentiments"], ("text", "sentiment"), ((row.text, row.sentiment) for row in content.sentiments)
    )
    if content.dialogues:
        write_dialogues(folder / _FILES["dialogues"], content.dialogues)
    if content.passages:
        write_passages(folder / _FILES["knowledge"], content.passages)
    _write_jsonl(folder / _FILES["knowledge_queries"], content.queries)
    _write_jsonl(folder / _FILES["exclude"], [{"text": text, CONVERSATION: owner} for text, owner in content.excluded])


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    listed = list(rows)
    if listed:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([columns, *listed])


def _write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _fingerprint(content: Content) -> str:
    """Hash (sha256, hex) of all rows in their order; of passages, their ids, which are hashes of their texts."""
    rows: Iterable[object] = chain(
        ((row.text, row.intent) for row in content.intents),
        content.out_of_scope,
        ((talk.conversation_id, [(it.role, it.text, it.intent) for it in talk.messages]) for talk in content.dialogues),
        (passage.passage_id for passage in content.passages),
        content.queries,
        ((row.text, row.sentiment) for row in content.sentiments),
        content.excluded,
        [content.counts],
    )
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _has_rows(path: Path) -> bool:
    least = 2 if path.suffix == ".csv" else 1
    with path.open(encoding="utf-8") as file:
        return sum(1 for _, _ in zip(range(least), file, strict=False)) >= least
