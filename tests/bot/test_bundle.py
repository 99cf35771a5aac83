import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bundle import FORMAT, bundle_version, hash_files, load_bundle, write_manifest
from bot.errors import BundleError


def edit_manifest(directory: Path, **changes: object) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_load_bundle_accepts_what_export_made(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert bundle.manifest.format == FORMAT
    assert bundle.manifest.cpu_variant in bundle.manifest.variants
    assert bundle.manifest.version.endswith(bundle_version("x", bundle.manifest.files).split("-")[-1])
    assert bundle.encoder_path("fp32").is_file()


def test_a_bundle_made_before_there_was_lineage_still_loads(bundle_copy: Path) -> None:
    path = bundle_copy / "manifest.json"
    content = json.loads(path.read_text())
    del content["dataset"], content["parent"]
    path.write_text(json.dumps(content))
    manifest = load_bundle(bundle_copy).manifest
    assert (manifest.dataset, manifest.parent) == (None, None)
    edit_manifest(bundle_copy, dataset="20261123-181500-1a2b3c", parent="b0")
    assert load_bundle(bundle_copy).manifest.dataset == "20261123-181500-1a2b3c"


def test_bundle_version_sorts_by_time_and_differs_by_content() -> None:
    first = bundle_version("2026-11-23T18:15:00+00:00", {"a.json": "0" * 64})
    assert first.startswith("20261123-181500-")
    assert first != bundle_version("2026-11-23T18:15:00+00:00", {"a.json": "1" * 64})


def truncate(directory: Path) -> None:
    path = directory / "encoder.fp32.onnx"
    path.write_bytes(path.read_bytes()[:-100])


def add_link(directory: Path) -> None:
    (directory / "report" / "extra.json").symlink_to("/etc/hostname")


def replace_by_link(directory: Path) -> None:
    (directory / "tokenizer.json").rename(directory.parent / "elsewhere.json")
    (directory / "tokenizer.json").symlink_to(directory.parent / "elsewhere.json")


def list_outside(name: str) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        files = json.loads((directory / "manifest.json").read_text())["files"]
        edit_manifest(directory, files={**files, name: "0" * 64})

    return damage


def list_pickle(directory: Path) -> None:
    (directory / "head.pkl").write_bytes(pickle.dumps({"a": 1}))
    files = json.loads((directory / "manifest.json").read_text())["files"]
    edit_manifest(directory, files={**files, "head.pkl": "0" * 64})


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda d: (d / "manifest.json").unlink(), "manifest.json"),
    "broken manifest": (lambda d: (d / "manifest.json").write_text("{"), "broken"),
    "manifest is a list": (lambda d: (d / "manifest.json").write_text("[]"), "broken"),
    "deeply nested manifest": (lambda d: (d / "manifest.json").write_text("[" * 200_000), ""),
    "manifest is not text": (lambda d: (d / "manifest.json").write_bytes(b"\xff\xfe\x00"), ""),
    "other format": (lambda d: edit_manifest(d, format=99), "format 99"),
    "unknown field": (lambda d: edit_manifest(d, surprise=1), "surprise"),
    "wrong type": (lambda d: edit_manifest(d, vector_dim="32"), "vector_dim"),
    "lineage is a number": (lambda d: edit_manifest(d, parent=3), "parent"),
    "labels are numbers": (lambda d: edit_manifest(d, intents=[1, 2]), "intents"),
    "unknown variant": (lambda d: edit_manifest(d, variants=["fp99"]), "variants"),
    "truncated graph": (truncate, "encoder.fp32.onnx"),
    "changed calibration": (lambda d: (d / "calibration.json").write_text("{}"), "calibration.json"),
    "missing tokenizer": (lambda d: (d / "tokenizer.json").unlink(), "tokenizer.json"),
    "unlisted file": (lambda d: (d / "more.json").write_text("{}"), "more.json"),
    "pickle": (lambda d: (d / "head.pkl").write_bytes(b"x"), "head.pkl"),
    "listed pickle": (list_pickle, "head.pkl"),
    "link": (add_link, "link"),
    "file became a link": (replace_by_link, "link"),
    "parent folder": (list_outside("../outside.json"), "outside"),
    "absolute path": (list_outside("/etc/hostname"), "outside"),
    "null in a name": (list_outside("a\0b.json"), ""),
    "hash is no text": (lambda d: edit_manifest(d, files={"tokenizer.json": 7}), "tokenizer.json"),
    "files is a number": (lambda d: edit_manifest(d, files=3), ""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_load_bundle_refuses_with_one_line(name: str, bundle_copy: Path) -> None:
    damage, word = DAMAGES[name]
    damage(bundle_copy)
    with pytest.raises(BundleError) as caught:
        load_bundle(bundle_copy)
    message = str(caught.value)
    assert "\n" not in message
    assert str(bundle_copy) in message
    assert word in message


def test_load_bundle_refuses_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


def test_load_bundle_refuses_a_manifest_that_lists_no_tokenizer(bundle_copy: Path) -> None:
    files = json.loads((bundle_copy / "manifest.json").read_text())["files"]
    del files["tokenizer.json"]
    (bundle_copy / "tokenizer.json").unlink()
    edit_manifest(bundle_copy, files=files)
    with pytest.raises(BundleError, match=r"lists no tokenizer\.json"):
        load_bundle(bundle_copy)


def test_path_refuses_a_file_that_is_not_listed(tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match="secret"):
        load_bundle(tiny_bundle).path("secret.json")


def test_write_manifest_never_overwrites(bundle_copy: Path) -> None:
    manifest = load_bundle(bundle_copy).manifest
    with pytest.raises(BundleError, match="already"):
        write_manifest(bundle_copy, replace(manifest, version="other"))
    assert load_bundle(bundle_copy).manifest == manifest


def test_write_manifest_leaves_nothing_beside_it(bundle_copy: Path) -> None:
    manifest = load_bundle(bundle_copy).manifest
    (bundle_copy / "manifest.json").unlink()
    write_manifest(bundle_copy, manifest)
    assert load_bundle(bundle_copy).manifest == manifest


def test_hash_files_refuses_kinds_that_no_bundle_may_hold(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"weights\.pt"):
        hash_files(tmp_path)
