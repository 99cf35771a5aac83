"""What happened while documents were read. Knows nothing of formats; never holds a document's text."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or a row that gave no passage.

    Attributes:
        source: path of the file.
        reason: one line that says what is wrong and what to do.
        line: 1-based line of a bad row, or None where the whole file is meant.
    """

    source: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}, line {self.line}"
        return f"{place}: {self.reason}"


@dataclass(slots=True)
class ReadReport:
    """Counts what was read and lists what was not; filled while passages are drawn.

    Attributes:
        files: documents that gave at least one passage.
        passages: passages handed on.
        problems: in the order in which they were met.
    """

    files: int = 0
    passages: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, source: str, reason: str, line: int | None = None) -> None:
        """Notes a file or a row that is left out."""
        self.problems.append(Problem(source, reason, line))
