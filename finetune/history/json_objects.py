"""Objects of a JSON file of any size and shape, one at a time. Knows nothing of dialogues.

JSONL (an object a line), an array of objects, an object that holds a list of them (a page of an API), and several of
these one after the other. A JSON file that is not JSONL is parsed as it is read, so only one object is in memory.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson  # type: ignore[import-untyped]

from finetune.history.json_lines import json_records
from finetune.history.lines import ByteSource, byte_source, head_of
from finetune.history.report import ImportReport, Progress

PAGE = "page"
"""Name of the record that holds what a page says beside its lists."""

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES = 256 * 1024
_MAX_STRING_BYTES = 64 * 2**20
_MAX_DEPTH = 200
_DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_LONE_LOW_SURROGATE = re.compile(rb"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_BROKEN = "broken JSON; the rest of the file is left out"


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """One object.

    Attributes:
        number: its line in a JSONL file, else its place in the file (1-based).
        name: the list of a page that it stood in, `PAGE`, or empty.
    """

    number: int
    name: str
    value: dict[str, Any]


def json_objects(
    path: Path, report: ImportReport, progress: Progress | None = None, *, lists: frozenset[str] = frozenset()
) -> Iterator[JsonRecord]:
    """Each object of a JSON or JSONL file; broken ones are reported.

    Args:
        lists: names under which pages keep their objects; each object of such a list is a record of its own.

    Raises:
        DataError: the file is missing, empty, UTF-16, or a damaged gzip file.
    """
    if is_jsonl(head_of(path, _HEAD_BYTES)):
        for number, row in json_records(path, report, progress):
            yield from _expanded(JsonRecord(number, "", row), lists)
        return
    report.unit = "record"
    splitter = _Splitter(lists)
    with byte_source(path) as source:
        for event, value in _events(source, report, progress, splitter):
            splitter.take(event, value)
            for record in splitter.ready:
                if isinstance(record.value, dict):
                    report.rows += 1
                    yield from _expanded(record, lists)
                else:
                    report.skip("not a JSON object", record.number)
            splitter.ready.clear()


def is_jsonl(head: bytes) -> bool:
    """Whether the first bytes of a file are lines of JSON, rather than JSON that goes over lines."""
    first, _, rest = head.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    if _is_object(first):
        return True
    parser = ijson.basic_parse_coro(ijson.sendable_list(), multiple_values=True)
    try:
        parser.send(head)
    except (ijson.JSONError, UnicodeDecodeError):
        return True
    return False


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _expanded(record: JsonRecord, lists: frozenset[str]) -> Iterator[JsonRecord]:
    if record.name:
        yield record
        return
    holders = (record.value, record.value.get("data"))
    found = [
        (name, value)
        for holder in holders
        if isinstance(holder, dict)
        for name, value in holder.items()
        if name in lists and isinstance(value, list)
    ]
    for name, items in found:
        yield from (JsonRecord(record.number, name, item) for item in items if isinstance(item, dict))
    yield JsonRecord(record.number, PAGE if found else "", record.value)


def _events(
    source: ByteSource, report: ImportReport, progress: Progress | None, splitter: "_Splitter"
) -> Iterator[tuple[str, Any]]:
    """Parser events; broken JSON ends them and is reported, as nobody knows where the next object begins."""
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    depth, broken = 0, False
    for chunk in _clean_chunks(source, report, splitter):
        try:
            parser.send(chunk)
        except (ijson.JSONError, ValueError, OverflowError):
            broken = True
        for event, value in events:
            depth += _DEEPER.get(event, 0)
            if depth > _MAX_DEPTH:
                report.skip(f"nested deeper than {_MAX_DEPTH}; the rest of the file is left out", splitter.number + 1)
                return
            yield event, float(value) if isinstance(value, Decimal) else value
        events.clear()
        if broken:
            break
        if progress is not None:
            progress(source.raw.tell(), source.size)
    if broken or depth:
        report.skip(_BROKEN, splitter.number + 1)
    if progress is not None:
        progress(source.size, source.size)


def _clean_chunks(source: ByteSource, report: ImportReport, splitter: "_Splitter") -> Iterator[bytes]:
    """The bytes in pieces that end behind a quotation mark, so that no character is cut, as valid UTF-8.

    The parser stops at bytes that are not UTF-8 and at half of a surrogate pair; both are real in logs.
    """
    waiting = source.stream.read(_CHUNK_BYTES).removeprefix(b"\xef\xbb\xbf")
    while waiting:
        more = source.stream.read(_CHUNK_BYTES)
        end = waiting.rfind(b'"') + 1 if more else len(waiting)
        if end:
            yield _valid(waiting[:end], report, splitter)
        waiting = waiting[end:] + more
        if len(waiting) > _MAX_STRING_BYTES:
            report.skip(f"a text longer than {_MAX_STRING_BYTES} bytes; the rest is left out", splitter.number + 1)
            return


def _valid(chunk: bytes, report: ImportReport, splitter: "_Splitter") -> bytes:
    whole = _LONE_LOW_SURROGATE.sub(rb"\\ufffd", chunk)
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        report.mend("bytes that are not UTF-8 replaced", splitter.number + 1)
        return whole.decode("utf-8", errors="replace").encode("utf-8")
    return whole


class _Splitter:
    """Cuts parser events into records: items of the top array, of a page's lists, or whole objects."""

    def __init__(self, lists: frozenset[str]) -> None:
        self._lists = lists
        self._page: ijson.ObjectBuilder | None = None
        self._page_depth = 0
        self._page_was_split = False
        self._key: str | None = None  # of a list of the page that may begin next
        self._list: str | None = None
        self._item: ijson.ObjectBuilder | None = None
        self._item_depth = 0
        self.number = 0
        self.ready: list[JsonRecord] = []

    def take(self, event: str, value: Any) -> None:
        """Take one parser event; `ready` holds the records that it finished."""
        if self._list is not None:
            self._take_in_list(self._list, event, value)
        elif self._page is not None:
            self._take_in_page(self._page, event, value)
        elif event == "start_array":
            self._list = ""
        elif event == "start_map":
            self._page, self._page_depth, self._page_was_split = ijson.ObjectBuilder(), 1, False
            self._page.event(event, value)
        else:
            self._finish("", value)

    def _take_in_list(self, name: str, event: str, value: Any) -> None:
        if self._item is None:
            if event == "end_array":
                self._list = None
                return
            if event not in _DEEPER:
                self._finish(name, value)
                return
            self._item, self._item_depth = ijson.ObjectBuilder(), 0
        self._item.event(event, value)
        self._item_depth += _DEEPER.get(event, 0)
        if self._item_depth == 0:
            self._finish(name, self._item.value)
            self._item = None

    def _take_in_page(self, page: ijson.ObjectBuilder, event: str, value: Any) -> None:
        if self._key is not None:
            key, self._key = self._key, None
            if event == "start_array":
                self._list, self._page_was_split = key, True
                return
            page.event("map_key", key)
        if event == "map_key" and value in self._lists and self._page_depth <= 2:
            self._key = value
            return
        page.event(event, value)
        self._page_depth += _DEEPER.get(event, 0)
        if self._page_depth == 0:
            self._finish(PAGE if self._page_was_split else "", page.value)
            self._page = None

    def _finish(self, name: str, value: Any) -> None:
        self.number += 1
        self.ready.append(JsonRecord(self.number, name, value))
