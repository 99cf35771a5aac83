"""The desk's bundles as people choose among them: lineage, figures, times as the live one. Loads no model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.bundle import BundleManifest, read_manifest
from bot.bundle_flags import bundle_flags
from bot.desk import Desk, Published
from bot.errors import BundleError

KEY_METRICS = (
    "intent_accuracy",
    "intent_macro_f1",
    "oos_auroc",
    "reply_r100_at_1",
    "question_r100_at_1",
    "sentiment_macro_f1",
)
"""What tells bundles apart at a glance; a bundle shows those that it has."""


@dataclass(frozen=True, slots=True)
class ListedBundle:
    """One bundle of a desk.

    Attributes:
        manifest: None where it cannot be read; ``problem`` says why.
        live: whether it answers customers now.
        published_utc: when it went live last, ISO 8601; None where it never did, or so long ago that it is forgotten.
        replaced_utc: when another bundle took its place.
        can_return: whether a rollback reaches it.
        flags: why it should be trained anew, a sentence each.
    """

    version: str
    manifest: BundleManifest | None
    problem: str | None
    live: bool
    published_utc: str | None
    replaced_utc: str | None
    can_return: bool
    flags: tuple[str, ...] = field(default=())

    @property
    def key_metrics(self) -> Mapping[str, float]:
        """The figures that tell bundles apart."""
        metrics = self.manifest.metrics if self.manifest else {}
        return {name: metrics[name] for name in KEY_METRICS if name in metrics}

    def as_dict(self) -> dict[str, object]:
        """Plain values for a script, every metric among them."""
        found = self.manifest
        return {
            "version": self.version,
            "live": self.live,
            "problem": self.problem,
            "created_utc": found.created_utc if found else None,
            "base_model": found.base_model if found else None,
            "recipe": found.recipe.get("name") if found else None,
            "dataset": found.dataset if found else None,
            "dataset_fingerprint": found.dataset_fingerprint if found else None,
            "parent": found.parent if found else None,
            "published_utc": self.published_utc,
            "replaced_utc": self.replaced_utc,
            "can_return": self.can_return,
            "metrics": dict(found.metrics) if found else {},
            "flags": list(self.flags),
        }


def list_bundles(desk: Desk) -> list[ListedBundle]:
    """All bundles in the desk, newest first; manifests are read, files are not checked.

    Raises:
        DeskError: the pointer or the file of flags is broken.
    """
    history, flags = desk.history(), bundle_flags(desk.directory)
    live = history[0].versions.bundle if history else None
    times = _times(history)
    listed = []
    for version in desk.bundles():
        manifest, problem = _manifest(desk, version)
        published, replaced = times.get(version, (None, None))
        sentences = tuple(flag.sentence for flag in flags.get(version, ()))
        returns = version in times and version != live
        listed.append(
            ListedBundle(version, manifest, problem, version == live, published, replaced, returns, sentences)
        )
    return sorted(listed, key=lambda bundle: bundle.version, reverse=True)


def _manifest(desk: Desk, version: str) -> tuple[BundleManifest | None, str | None]:
    try:
        return read_manifest(desk.bundle_directory(version)), None
    except BundleError as error:
        return None, str(error)


def _times(history: list[Published]) -> dict[str, tuple[str, str | None]]:
    """For each bundle when its last time as the live one began and ended (None: it has not)."""
    times: dict[str, tuple[str, str | None]] = {}
    ended: str | None = None
    for place, state in enumerate(history):
        bundle = state.versions.bundle
        if bundle not in times:
            began = state.published_utc
            for earlier in history[place + 1 :]:
                if earlier.versions.bundle != bundle:
                    break
                began = earlier.published_utc
            times[bundle] = (began, ended)
        ended = (
            state.published_utc if place + 1 < len(history) and history[place + 1].versions.bundle != bundle else ended
        )
    return times
