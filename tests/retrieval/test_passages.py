import json
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.errors import DocumentError
from retrieval.passages import indexed_text, load_passages, unique_passages, write_passages
from retrieval.values import Passage

MakePassage = Callable[..., Passage]


def test_written_passages_are_read_back_equal(tmp_path: Path, shop: list[Passage]) -> None:
    path = tmp_path / "passages.jsonl"
    assert write_passages(path, shop) == 4
    assert load_passages(path) == shop


def test_a_row_needs_only_an_id_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('\n{"passage_id": "x", "text": " Two\\n\\n lines "}\n', encoding="utf-8")
    assert load_passages(path) == [Passage("x", "x", "", "Two\nlines", "", 0)]


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        '"text"',
        '{"passage_id": "x"}',
        '{"passage_id": "", "text": "t"}',
        '{"passage_id": "x", "text": " \\n"}',
        '{"passage_id": "x", "text": "t", "position": -1}',
        '{"passage_id": 1, "text": "t"}',
        "[" * 100_000,
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"passage_id": "a", "text": "t"}\n' + row + "\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="line 2") as caught:
        load_passages(path)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.jsonl", "b.jsonl"):
        with pytest.raises(DocumentError, match=name):
            load_passages(tmp_path / name)


def test_equal_passages_of_one_id_are_kept_once_and_differing_ones_refused(make_passage: MakePassage) -> None:
    one = make_passage("a", "Same.")
    assert unique_passages([one, one]) == [one]
    with pytest.raises(DocumentError, match="'a'"):
        unique_passages([one, make_passage("a", "Other.")])


def test_indexed_text_has_the_title_once(make_passage: MakePassage) -> None:
    assert indexed_text(make_passage("a", "Body.", "Head")) == "Head\nBody."
    assert indexed_text(make_passage("a", "Head and body.", "Head")) == "Head and body."
    assert indexed_text(make_passage("a", "Body.")) == "Body."


def test_a_lone_surrogate_from_json_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"passage_id": "x", "text": "a\ud800b"}), encoding="utf-8")
    passages = load_passages(path)
    assert write_passages(path, passages) == 1
    assert load_passages(path)[0].text == "a\ufffdb"


def test_a_passage_without_text_is_refused_before_it_is_indexed() -> None:
    with pytest.raises(DocumentError, match="'p1' has no text"):
        unique_passages([Passage("p1", "d", "Title", " ", "x", 0)])
