"""What an import read, mended and skipped, and why. Knows no format and keeps no text of the log."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[int, int], None]
"""Called now and then with (bytes read, bytes in the file)."""

EXAMPLES_A_REASON = 5


@dataclass(slots=True)
class Occurrences:
    """How often something happened, with the first few line numbers (1-based)."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count one more, at this line."""
        self.count += 1
        if len(self.lines) < EXAMPLES_A_REASON and self.lines[-1:] != [line]:
            self.lines.append(line)


@dataclass(slots=True)
class ImportReport:
    """The tally of one import.

    Attributes:
        dialogues: conversations handed on.
        messages: messages in them.
        rows: records read well (lines of JSONL, records of CSV, objects of JSON).
        unit: what the numbers count: ``line``, or ``record`` where a file has no useful lines.
        skipped: reason -> records left out.
        mended: reason -> records that were kept with something left out.
    """

    dialogues: int = 0
    messages: int = 0
    rows: int = 0
    unit: str = "line"
    skipped: defaultdict[str, Occurrences] = field(default_factory=lambda: defaultdict(Occurrences))
    mended: defaultdict[str, Occurrences] = field(default_factory=lambda: defaultdict(Occurrences))

    def skip(self, reason: str, line: int) -> None:
        """Note that the record at this line was left out."""
        self.skipped[reason].add(line)

    def mend(self, reason: str, line: int) -> None:
        """Note that the record at this line was kept without a part of it."""
        self.mended[reason].add(line)

    @property
    def skipped_rows(self) -> int:
        """Number of records left out, for whatever reason."""
        return sum(found.count for found in self.skipped.values())

    def reasons(self) -> list[str]:
        """A line for a person for each reason, with its first line numbers."""
        reasons = [("skipped", *item) for item in self.skipped.items()]
        reasons += [("mended", *item) for item in self.mended.items()]
        return [f"{kind} {found.count}: {reason} ({_places(found, self.unit)})" for kind, reason, found in reasons]

    def summary(self) -> list[str]:
        """Lines for a person: totals first, then each reason with its first line numbers."""
        head = f"{self.dialogues} dialogues with {self.messages} messages read, {self.skipped_rows} rows skipped"
        return [head, *self.reasons()]


def _places(found: Occurrences, unit: str) -> str:
    more = ", ..." if found.count > len(found.lines) else ""
    noun = unit if found.count == 1 else unit + "s"
    return f"{noun} {', '.join(map(str, found.lines))}{more}"
