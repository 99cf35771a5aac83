"""Which reader a log gets: the one asked for, or the one that its content asks for. Knows no format itself."""

from dataclasses import dataclass
from pathlib import Path

from bot.values import Role
from finetune.errors import DataError
from finetune.history.column_guess import Proposal
from finetune.history.column_mapping import ColumnMapping, load_mapping, toml_of
from finetune.history.formats import Reader, reader_of
from finetune.history.guess import NLU, Guess, guess_format
from finetune.history.lines import head_of

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Choice:
    """A format and how it was found.

    Attributes:
        format: name for ``--format``.
        told: one line for a person: the format and why.
        proposal: guessed meaning of the columns, where nobody gave one.
    """

    path: Path
    format: str
    told: str
    mapping: ColumnMapping | None
    proposal: Proposal | None
    assistant: Role

    @property
    def holds_examples(self) -> bool:
        """Whether the file holds labelled examples, which no dialogue reader reads."""
        return self.format == NLU

    @property
    def reader(self) -> Reader:
        """The reader, with the mapping given or guessed."""
        mapping = self.proposal.mapping if self.proposal is not None else self.mapping
        return reader_of(self.format, mapping=mapping, assistant=self.assistant)

    def settle(self) -> None:
        """Refuse a guess that a person must settle first.

        Raises:
            DataError: the proposed mapping has doubts.
        """
        if self.proposal is not None and self.proposal.doubts:
            raise DataError(
                f"{self.path}: {'; '.join(self.proposal.doubts)}. Save the proposed mapping with "
                "`frontdesk history inspect FILE --mapping-out mapping.toml`, correct it, import with --mapping"
            )

    def mapping_file(self) -> str:
        """The proposed mapping as TOML, its open questions as comments."""
        if self.proposal is None:
            raise DataError(f"{self.path}: no mapping was proposed for the format {self.format}")
        doubts = tuple(f"TO DO: {doubt}" for doubt in self.proposal.doubts)
        return toml_of(self.proposal.mapping, (*doubts, *self.proposal.notes))


def choose(path: Path, name: str, mapping_file: Path | None, assistant: str = "agent") -> Choice:
    """The format of a log, asked for by name or guessed with the name `AUTO`.

    Raises:
        DataError: the log or the mapping cannot be used, or the guess is not clear.
    """
    mapping = load_mapping(mapping_file) if mapping_file is not None else None
    if mapping is not None and name == AUTO:
        json = head_of(path, 4096).lstrip().startswith((b"{", b"["))
        guess = Guess("jsonl" if json else "csv", "a mapping file was given")
    elif name == AUTO:
        guess = guess_format(path)
    else:
        guess = Guess(name, "asked for")
    if mapping is not None and guess.format == NLU:
        raise DataError(f"{guess.format}: this format needs no mapping file; leave --mapping out")
    told = f"Format: {guess.format} ({guess.because})"
    return Choice(path, guess.format, told, mapping, guess.proposal, Role(assistant))
