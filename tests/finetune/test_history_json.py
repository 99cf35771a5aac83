"""JSON of every shape comes as one object at a time, and broken JSON is told, never raised."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.history import json_objects as module
from finetune.history.json_objects import json_objects
from finetune.history.report import ImportReport

A, B = {"a": 1}, {"b": "2"}


def _read(path: Path, lists: tuple[str, ...] = ()) -> tuple[list[tuple[int, str, dict[str, Any]]], list[str]]:
    report = ImportReport()
    records = [(one.number, one.name, one.value) for one in json_objects(path, report, lists=frozenset(lists))]
    return records, report.reasons()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": 1}\n{"b": "2"}\n', [(1, "", A), (2, "", B)]),
        (b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"b": "2"}', [(1, "", A), (3, "", B)]),
        (b'[{"a": 1}, {"b": "2"}]', [(1, "", A), (2, "", B)]),
        (b'[\n{"a": 1},\n{"b": "2"}\n]\n', [(1, "", A), (2, "", B)]),
        (b'{\n "a": 1\n}\n{\n "b": "2"\n}', [(1, "", A), (2, "", B)]),
        (b'{"a": 1}', [(1, "", A)]),
        (b'{"list": [{"a": 1}, {"b": "2"}], "x": 1}', [(1, "list", A), (2, "list", B), (3, "page", {"x": 1})]),
        (b'{"data": {"list": [{"a": 1}]}}', [(1, "list", A), (2, "page", {"data": {}})]),
        (b'{"list": {"a": 1}}', [(1, "", {"list": A})]),
        (b'{"deep": {"er": {"list": [1]}}}', [(1, "", {"deep": {"er": {"list": [1]}}})]),
        (
            b'[{"x": "half \\ud83d"}, {"x": "\\udc00 other half"}]',
            [(1, "", {"x": "half ?"}), (2, "", {"x": "� other half"})],
        ),
        (b'[{"n": 18446744073709551616}, {"n": 1e999}]', [(1, "", {"n": 2**64}), (2, "", {"n": float("inf")})]),
        (b"\n \n", []),
    ],
)
def test_each_object_comes_with_its_place(
    tmp_path: Path, content: bytes, expected: list[tuple[int, str, dict[str, Any]]]
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert _read(path, ("list",)) == (expected, [])


@pytest.mark.parametrize(
    ("content", "kept", "reason"),
    [
        (b'{"a": 1}\n{cut\n{"b": "2"}\n', [A, B], "broken JSON (line 2)"),
        (b'{cut\n{"b": "2"}\n', [B], "broken JSON (line 1)"),
        (b'[{"a": 1}, {"b":', [A], "broken JSON; the rest of the file is left out (record 2)"),
        (b'[{"a": 1}] trailing', [A], "broken JSON; the rest of the file is left out (record 2)"),
        (b'[{"a": 1}, 5]', [A], "not a JSON object (record 2)"),
        (b'[{"a": 1}, ' + b"[" * 100_000, [A], "nested deeper than 200; the rest of the file is left out (record 2)"),
        (b'{"a":' * 100_000, [], "nested deeper than 200; the rest of the file is left out (record 1)"),
        (b'[{"a": 1}, {"c": NaN}]', [A], "broken JSON; the rest of the file is left out (record 2)"),
    ],
)
def test_what_is_broken_is_told_and_the_rest_is_read(
    tmp_path: Path, content: bytes, kept: list[dict[str, Any]], reason: str
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    records, reasons = _read(path)
    assert [value for _, _, value in records] == kept
    assert reasons == [f"skipped 1: {reason}"]


def test_a_text_without_end_stops_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_STRING_BYTES", 200_000)
    path = tmp_path / "x.json"
    path.write_bytes(b'[{"a": 1}, {"b": "' + b"x" * 500_000 + b'"}]')
    records, reasons = _read(path)
    assert records == [(1, "", A)]
    assert "a text longer than 200000 bytes" in reasons[0]


def test_a_large_file_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"list": [' + ",".join(['{"text": "' + "word " * 40 + '"}'] * 20_000) + "]}")
    tracemalloc.start()
    count = sum(1 for _ in json_objects(path, ImportReport(), lists=frozenset(("list",))))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_001
    assert peak_bytes < path.stat().st_size / 2


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.none(), max_size=3), min_size=1
    )
)
def test_an_indented_list_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.json"
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    assert [value for _, _, value in _read(path)[0]] == rows
