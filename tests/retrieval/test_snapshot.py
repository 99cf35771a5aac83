import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval import vectors
from retrieval.artifact import seal
from retrieval.errors import SnapshotError
from retrieval.snapshot import build_snapshot, load_keywords, load_snapshot, snapshot_passages
from retrieval.values import Passage

MakePassage = Callable[..., Passage]


@pytest.fixture
def built(tmp_path: Path, shop: list[Passage], encoder) -> Path:
    build_snapshot(shop, encoder, encoder_id="bundle-1", directory=tmp_path / "one")
    encoder.given.clear()
    return tmp_path / "one"


def test_a_loaded_snapshot_finds_what_was_put_in(built: Path, shop: list[Passage], encoder) -> None:
    retriever = load_snapshot(built, encoder_id="bundle-1")
    assert list(retriever.passages) == shop == snapshot_passages(built)
    found = retriever.search("parcels arrive", encoder(["parcels arrive"])[0], 1)
    assert found[0].passage.passage_id == "delivery"
    spans, sentence_vectors = retriever.sentences("chinese")
    text = retriever.passage("chinese").text
    quoted = [text[start:end] for start, end in spans]
    assert quoted == ["退货须在三十天内寄回。", "请使用包装盒内的标签。"]
    np.testing.assert_allclose(sentence_vectors, encoder(quoted))


def test_only_changed_passages_are_encoded_again(built: Path, shop: list[Passage], encoder) -> None:
    edited = replace(shop[0], passage_id="new", text="Send shoes back within 60 days. The label is in the box.")
    passages = [edited, *shop[2:]]
    manifest = build_snapshot(passages, encoder, encoder_id="bundle-1", directory=built.parent / "two", previous=built)
    assert manifest.encoded == 1
    assert sorted(encoder.given, key=len) == [
        "Returns",
        "The label is in the box.",
        "Send shoes back within 60 days.",
        f"Returns\n{edited.text}",
    ]
    alone = build_snapshot(passages, encoder, encoder_id="bundle-1", directory=built.parent / "three")
    assert alone.contents == manifest.contents
    for name in ("vectors.npy", "sentences.npy", "spans.npy", "passages.jsonl"):
        assert (built.parent / "two" / name).read_bytes() == (built.parent / "three" / name).read_bytes()


def test_a_changed_title_is_encoded_again_although_the_id_stays(built: Path, shop: list[Passage], encoder) -> None:
    renamed = [replace(shop[0], title="Sending back"), *shop[1:]]
    two = built.parent / "two"
    assert build_snapshot(renamed, encoder, encoder_id="bundle-1", directory=two, previous=built).encoded == 1


def test_another_encoder_or_a_damaged_snapshot_before_gives_nothing(built: Path, shop: list[Passage], encoder) -> None:
    other = build_snapshot(shop, encoder, encoder_id="bundle-2", directory=built.parent / "two", previous=built)
    (built / "vectors.npy").write_bytes(b"damaged")
    damaged = build_snapshot(shop, encoder, encoder_id="bundle-1", directory=built.parent / "three", previous=built)
    assert (other.encoded, damaged.encoded) == (4, 4)


def test_untidy_texts_come_back_in_normal_form_with_fitting_sentences(
    tmp_path: Path, make_passage: MakePassage, encoder
) -> None:
    passages = [make_passage("a", "  First \u0000 one.\n\n Second  one. ", " A  title ")] * 2
    build_snapshot(passages, encoder, encoder_id="b", directory=tmp_path / "s")
    retriever = load_snapshot(tmp_path / "s", encoder_id="b")
    (passage,) = retriever.passages
    assert (passage.title, passage.text) == ("A title", "First one.\nSecond one.")
    spans, _ = retriever.sentences("a")
    assert [passage.text[start:end] for start, end in spans] == ["First one.", "Second one."]


def test_a_snapshot_of_another_encoder_is_refused_but_keywords_go_on(built: Path) -> None:
    with pytest.raises(SnapshotError, match="made by encoder 'bundle-1', not 'bundle-2'"):
        load_snapshot(built, encoder_id="bundle-2")
    assert load_keywords(built).search("bank transfer", None, 1)[0].passage.passage_id == "payment"


@pytest.mark.parametrize("name", ["passages.jsonl", "vectors.npy", "sentences.npy", "spans.npy", "manifest.json"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_tampered_file_is_refused(built: Path, name: str, how: str) -> None:
    path = built / name
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    with pytest.raises(SnapshotError) as caught:
        load_snapshot(built, encoder_id="bundle-1")
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def resealed(directory: Path, change: Callable[[dict], object]) -> None:
    """Changes the manifest and hashes all files again, as a forger would."""
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest.pop("files")
    change(manifest)
    seal(directory, manifest)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(dimension=16),
        lambda manifest: manifest.update(passages=3),
        lambda manifest: manifest.update(format=99),
        lambda manifest: manifest.pop("encoder_id"),
    ],
)
def test_a_manifest_that_does_not_fit_its_files_is_refused(built: Path, change: Callable[[dict], object]) -> None:
    resealed(built, change)
    with pytest.raises(SnapshotError):
        load_snapshot(built, encoder_id="bundle-1")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("vectors.npy", np.ones((4, 16), np.float32)),
        ("vectors.npy", np.full((4, 32), np.nan, np.float32)),
        ("sentences.npy", np.ones((1, 32), np.float32)),
        ("spans.npy", np.zeros((5, 2), np.int32)),
        ("spans.npy", np.zeros(3, np.int32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused_even_with_right_hashes(built: Path, name: str, array: np.ndarray) -> None:
    np.save(built / name, array)
    resealed(built, lambda manifest: None)
    with pytest.raises(SnapshotError):
        load_snapshot(built, encoder_id="bundle-1")


def test_pickled_objects_are_refused_even_with_right_hashes(built: Path) -> None:
    np.save(built / "vectors.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    resealed(built, lambda manifest: None)
    with pytest.raises(SnapshotError, match="cannot be read"):
        load_snapshot(built, encoder_id="bundle-1")


def test_an_encoder_that_fails_leaves_nothing_behind(tmp_path: Path, shop: list[Passage]) -> None:
    def failing(texts):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        build_snapshot(shop, failing, encoder_id="b", directory=tmp_path / "s")
    with pytest.raises(SnapshotError, match="check the bundle"):
        build_snapshot(shop, lambda texts: np.ones((1, 2), np.float32), encoder_id="b", directory=tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_built_is_refused(built: Path, shop: list[Passage], make_passage: MakePassage, encoder) -> None:
    with pytest.raises(SnapshotError, match="exists already"):
        build_snapshot(shop, encoder, encoder_id="b", directory=built)
    with pytest.raises(SnapshotError, match="no passages"):
        build_snapshot([], encoder, encoder_id="b", directory=built.parent / "two")
    with pytest.raises(SnapshotError, match="two different texts"):
        build_snapshot(
            [make_passage("a", "One."), make_passage("a", "Two.")],
            encoder,
            encoder_id="b",
            directory=built.parent / "two",
        )


def test_a_graph_index_is_stored_and_used(
    tmp_path: Path, make_passage: MakePassage, encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "HNSW_FROM", 20)
    passages = [make_passage(f"p{number}", f"Subject number {number}.") for number in range(40)]
    build_snapshot(passages, encoder, encoder_id="b", directory=tmp_path / "s")
    assert (tmp_path / "s" / "index.faiss").exists()
    retriever = load_snapshot(tmp_path / "s", encoder_id="b")
    query = "Subject number 17."
    assert retriever.search(query, encoder([query])[0], 1)[0].passage.passage_id == "p17"


def test_a_directory_that_moved_still_opens(built: Path) -> None:
    moved = shutil.move(built, built.parent / "elsewhere")
    assert len(load_snapshot(Path(moved), encoder_id="bundle-1").passages) == 4
