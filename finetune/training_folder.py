"""A desk's `training/` folder: what it learnt from before it had logs of its own. Knows names of files, no model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.dialogues import Dialogue
from finetune.examples import IntentExample, SentimentExample
from finetune.history.dialogue_file import read_dialogues
from finetune.history.json_lines import json_records
from finetune.history.lines import csv_records
from finetune.history.report import ImportReport
from finetune.intent_files import read_intents, read_out_of_scope, read_sentiments

INTENTS, OUT_OF_SCOPE, DIALOGUES = "intents.csv", "out_of_scope.csv", "dialogues.jsonl"
QUERIES, SENTIMENTS, EXCLUDE, GOLDEN = "knowledge_queries.jsonl", "sentiments.csv", "exclude.csv", "golden.csv"
RECIPE = "recipe.toml"


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """The folder; every file in it is optional, and so is the folder.

    Attributes:
        report: what the readers skipped, with line numbers.
    """

    path: Path
    report: ImportReport

    def intents(self) -> tuple[IntentExample, ...]:
        """Rows of ``intents.csv``."""
        path = self._there(INTENTS)
        return read_intents(path, self.report) if path else ()

    def golden(self) -> tuple[IntentExample, ...]:
        """Rows of ``golden.csv``: they test, and never train."""
        path = self._there(GOLDEN)
        return read_intents(path, self.report) if path else ()

    def out_of_scope(self) -> tuple[str, ...]:
        """Rows of ``out_of_scope.csv``."""
        path = self._there(OUT_OF_SCOPE)
        return read_out_of_scope(path, self.report) if path else ()

    def dialogues(self) -> Iterator[Dialogue]:
        """Dialogues of ``dialogues.jsonl``, as ``frontdesk history import`` writes them."""
        path = self._there(DIALOGUES)
        return read_dialogues(path) if path else iter(())

    def queries(self) -> Iterator[dict[str, Any]]:
        """Rows of ``knowledge_queries.jsonl``."""
        path = self._there(QUERIES)
        return (row for _, row in json_records(path, self.report)) if path else iter(())

    def sentiments(self) -> tuple[SentimentExample, ...]:
        """Rows of ``sentiments.csv``."""
        path = self._there(SENTIMENTS)
        return read_sentiments(path, self.report) if path else ()

    def excluded(self) -> Iterator[str]:
        """Texts of ``exclude.csv``, which must not train."""
        path = self._there(EXCLUDE)
        rows = csv_records(path, self.report, required=("text",)) if path else iter(())
        return (row["text"] for _, row in rows if row["text"].strip())

    @property
    def recipe(self) -> Path | None:
        """``recipe.toml``, where there is one."""
        return self._there(RECIPE)

    def recipe_for(self, wanted: str) -> str:
        """The recipe of that name, or of that file in the desk; where none is wanted ``recipe.toml``, else ``full``."""
        own = wanted or self.recipe or "full"
        in_desk = self.path.parent / own
        return str(in_desk if in_desk.is_file() else own)

    def _there(self, name: str) -> Path | None:
        path = self.path / name
        return path if path.is_file() else None
