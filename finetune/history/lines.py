"""Lines and CSV records of a file of any size, one at a time. Knows nothing of dialogues.

Bad bytes never stop a reader: they become lone surrogates, and `flaw` says of any text whether it may be used.
"""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from finetune.errors import DataError
from finetune.history.report import ImportReport, Progress

MAX_LINE_BYTES = 16 * 2**20
MAX_FIELD_CHARACTERS = 131_072
_PROGRESS_EVERY_LINES = 2_000
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class ByteSource:
    """An open file.

    Attributes:
        stream: its bytes, unpacked.
        raw: the file itself; how far it was read is progress.
        size: bytes of the file as it lies on the disk.
    """

    stream: BinaryIO
    raw: BinaryIO
    size: int


def flaw(text: str) -> str | None:
    """Why this text cannot be used (bad UTF-8, NUL, too long), or None."""
    if len(text) > MAX_FIELD_CHARACTERS:
        return f"field longer than {MAX_FIELD_CHARACTERS} characters"
    if "\0" in text:
        return "NUL character"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "not UTF-8"
    return None


@contextmanager
def byte_source(path: Path) -> Iterator[ByteSource]:
    """Open a file for reading bytes; gzip is unpacked on the way, whatever the file's name.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    size, start = _usable_start(path)
    packed = path.suffix == ".gz" or start == _GZIP_MARK
    with path.open("rb") as raw:
        stream = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
        try:
            yield ByteSource(stream, raw, size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{path}: damaged gzip file ({error}); copy it again") from error


def head_of(path: Path, most_bytes: int) -> bytes:
    """The first bytes of a file, unpacked and without a byte order mark.

    Raises:
        DataError: as `byte_source`.
    """
    with byte_source(path) as source:
        return source.stream.read(most_bytes).removeprefix(b"\xef\xbb\xbf")


def numbered_lines(
    path: Path, report: ImportReport, progress: Progress | None = None, encoding: str = "utf-8"
) -> Iterator[tuple[int, str]]:
    """Each line with its 1-based number, keeping its line end; gzip is unpacked on the way.

    Lines above ``MAX_LINE_BYTES`` are left out and reported. Progress counts compressed bytes for gzip files.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    with byte_source(path) as source:
        for number, line in _bounded_lines(source.stream, report, encoding):
            if progress is not None and number % _PROGRESS_EVERY_LINES == 0:
                progress(source.raw.tell(), source.size)
            yield number, line
        if progress is not None:
            progress(source.size, source.size)


def csv_records(
    path: Path,
    report: ImportReport,
    *,
    required: tuple[str, ...] = (),
    progress: Progress | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each good record of a CSV file with a header, with the line that it starts at.

    A record that cannot be read costs only its first line: reading goes on at the next one, so that an
    unclosed quotation mark does not swallow the file.

    Raises:
        DataError: as `numbered_lines`, or a required column is missing.
    """
    lines = _RewindableLines(numbered_lines(path, report, progress, encoding), delimiter)
    header = [name.strip().casefold() for name in next(lines.records(report), (0, [""]))[1]]
    missing = [name for name in required if name not in header]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; the first line must name it (found: {header})")
    for line, values in lines.records(report):
        reason = _record_flaw(values, header)
        if reason is None:
            report.rows += 1
            yield line, dict(zip(header, values, strict=True))
        else:
            report.skip(reason, line)


def _record_flaw(values: list[str], header: list[str]) -> str | None:
    if len(values) != len(header):
        return "wrong number of columns"
    return next((reason for reason in map(flaw, values) if reason), None)


def _usable_start(path: Path) -> tuple[int, bytes]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the path")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"{path}: the file is empty; give one with at least one row")
    with path.open("rb") as file:
        start = file.read(2)
    if start in _UTF16_MARKS:
        raise DataError(f"{path}: the file is UTF-16; save it as UTF-8")
    return size, start


def _bounded_lines(stream: BinaryIO, report: ImportReport, encoding: str) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES):
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            report.skip(f"line longer than {MAX_LINE_BYTES} bytes", number)
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE_BYTES)
            continue
        text = line.decode(encoding, errors="surrogateescape")
        yield number, text.removeprefix("\ufeff") if number == 1 else text


class _RewindableLines:
    """Feeds csv.reader, and takes back the lines of a record that turned out unreadable."""

    def __init__(self, lines: Iterator[tuple[int, str]], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._returned: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        numbered = self._returned.popleft() if self._returned else next(self._lines)
        self._taken.append(numbered)
        return numbered[1]

    def records(self, report: ImportReport) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self, delimiter=self._delimiter, strict=True)
        while True:
            self._taken = []
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                report.skip(f"unreadable CSV ({error})", self._taken[0][0])
                self._returned.extendleft(reversed(self._taken[1:]))
                reader = csv.reader(self, delimiter=self._delimiter, strict=True)
                continue
            if values:
                yield self._taken[0][0], values
