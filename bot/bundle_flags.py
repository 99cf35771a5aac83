"""Flags of bundles that were trained on words which are erased since. Knows manifests, not models.

A flag is kept for the dataset version that lost rows, because a training that runs meanwhile makes its bundle later:
every bundle of that dataset carries it. A dataset that has lost rows is never trained on anew.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import DeskError
from retrieval.artifact import MANIFEST_NAME, write_atomically

FILE = "bundle-flags.json"
ERASED, AGED = "erased", "aged"
"""Reasons: somebody's words were erased; conversations became older than the desk keeps them."""


@dataclass(frozen=True, slots=True)
class BundleFlag:
    """Why a bundle should be trained anew.

    Attributes:
        reason: `ERASED` or `AGED`.
        at_utc: ISO 8601; of the latest, where the same reason came again.
        dataset: the dataset version that lost rows.
        times: how often it did.
    """

    reason: str
    at_utc: str
    dataset: str
    times: int = 1

    @property
    def sentence(self) -> str:
        """What a person should know and do."""
        what = "words that are erased since" if self.reason == ERASED else "conversations that are too old by now"
        return f"trained on {what} ({self.at_utc[:10]}): run `frontdesk improve`"


def bundle_flags(desk_directory: Path) -> dict[str, tuple[BundleFlag, ...]]:
    """Flags by bundle version; bundles without one are missing.

    Raises:
        DeskError: the file of flags is damaged.
    """
    by_dataset = _read(desk_directory)
    if not by_dataset:
        return {}
    found = {path.parent.name: by_dataset.get(_dataset_of(path), ()) for path in _manifests(desk_directory)}
    return {version: flags for version, flags in found.items() if flags}


def flags_of_bundle(desk_directory: Path, version: str) -> tuple[BundleFlag, ...]:
    """Flags of one bundle; see `bundle_flags`."""
    by_dataset = _read(desk_directory)
    manifest = desk_directory / "bundles" / version / MANIFEST_NAME
    return by_dataset.get(_dataset_of(manifest), ()) if by_dataset else ()


def bundles_trained_on(desk_directory: Path, datasets: Collection[str]) -> list[str]:
    """Versions of the desk's bundles that name one of the datasets, oldest first."""
    return sorted(path.parent.name for path in _manifests(desk_directory) if _dataset_of(path) in datasets)


def flag_datasets(desk_directory: Path, datasets: Iterable[str], reason: str) -> None:
    """Flag what was or will be trained on dataset versions. Call it before their rows go, under the erasure's lock."""
    flags = _read(desk_directory)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for dataset in datasets:
        known = flags.get(dataset, ())
        times = 1 + sum(flag.times for flag in known if flag.reason == reason)
        others = tuple(flag for flag in known if flag.reason != reason)
        flags[dataset] = (*others, BundleFlag(reason, now, dataset, times))
    rows = {dataset: [asdict(flag) for flag in kept] for dataset, kept in flags.items()}
    write_atomically(desk_directory / FILE, json.dumps(rows, indent=1))


def _read(desk_directory: Path) -> dict[str, tuple[BundleFlag, ...]]:
    path = desk_directory / FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {dataset: tuple(BundleFlag(**row) for row in kept) for dataset, kept in rows.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise DeskError(f"{path} is damaged ({type(error).__name__}); take it from a backup, or remove it") from None


def _manifests(desk_directory: Path) -> list[Path]:
    return [path for path in desk_directory.glob(f"bundles/*/{MANIFEST_NAME}") if path.parent.name[0] != "."]


def _dataset_of(manifest: Path) -> str:
    """The dataset that a bundle names; empty where it names none. Its files' hashes are no concern here."""
    try:
        named = json.loads(manifest.read_text(encoding="utf-8")).get("dataset")
    except (OSError, ValueError, AttributeError):  # a damaged bundle: whoever loads it is told
        return ""
    return named if isinstance(named, str) else ""
