"""JSON objects of a JSONL file of any size, one at a time. Knows nothing of dialogues."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune.history.lines import numbered_lines
from finetune.history.report import ImportReport, Progress


def json_records(
    path: Path, report: ImportReport, progress: Progress | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each good object with its line; blank lines are passed over, broken ones reported.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged ``.gz``.
    """
    for number, line in numbered_lines(path, report, progress):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            report.skip("broken JSON", number)
            continue
        if isinstance(row, dict):
            report.rows += 1
            yield number, row
        else:
            report.skip("not a JSON object", number)
