"""`frontdesk publish`, `rollback` and `bundles`: which versions are live."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands.options import Directory, desk_option

if TYPE_CHECKING:
    from bot.catalogue import ListedBundle
    from bot.desk import Desk
    from bot.values import Versions


@click.command()
@click.argument("bundle", type=Directory)
@desk_option
def publish(bundle: Path, desk_directory: Path) -> None:
    """Make a trained BUNDLE live: knowledge and approved replies are encoded with it first."""
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.publishing import publish_bundle
    from ui.commands.progress import progress_bar

    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store, progress_bar("Encoding passages") as progress:
        versions = publish_bundle(desk, settings, store, bundle, progress)
    _say_live(versions)


@click.command()
@click.argument("bundle", required=False)
@desk_option
def rollback(bundle: str | None, desk_directory: Path) -> None:
    """Make an earlier bundle live again at once: the one before the live one, or the version BUNDLE.

    It answers with the knowledge of its time, and with those of its replies that are still approved, until the worker
    has indexed today's articles and replies with it.
    """
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.errors import StorageError
    from bot.rollback import roll_back

    desk = Desk(desk_directory)
    settings = desk.settings()
    try:
        with open_store(desk, settings) as store:
            versions = roll_back(desk, store, bundle)
    except StorageError as error:
        versions = desk.roll_back(bundle)
        again = f"frontdesk publish {desk.bundle_directory(versions.bundle)} --desk {desk_directory}"
        click.echo(f"Knowledge and replies stay those of that time ({error}). Once it works: {again}", err=True)
    _say_live(versions)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array with every metric.")
@click.option("--clean", is_flag=True, help="First remove what killed processes left half-written.")
@click.option(
    "--keep", type=click.IntRange(min=0), metavar="N",
    help="With --clean: of the bundles and snapshots that neither a rollback nor an answer in the log needs, "
    "keep the newest N and remove the rest.",
)  # fmt: skip
@desk_option
def bundles(as_json: bool, clean: bool, keep: int | None, desk_directory: Path) -> None:
    """List the desk's bundles, newest first, with lineage and metrics; a star marks the live one."""
    import json

    from bot.catalogue import list_bundles
    from bot.desk import Desk

    desk = Desk(desk_directory)
    if keep is not None and not clean:
        raise click.UsageError("--keep removes versions: give --clean with it")
    if clean:
        _clean(desk, keep)
    listed = list_bundles(desk)
    if as_json:
        click.echo(json.dumps([bundle.as_dict() for bundle in listed], ensure_ascii=False, indent=1))
        return
    if not listed:
        click.echo(f"No bundle in {desk_directory}; run `frontdesk publish BUNDLE`.")
    for bundle in listed:
        click.echo("\n".join(_lines(bundle)))


def _clean(desk: "Desk", keep: int | None) -> None:
    from bot.bootstrap import open_store
    from bot.leftovers import remove_half_written, remove_old_versions

    removed = list(remove_half_written(desk).half_written)
    if keep is not None:
        with open_store(desk, desk.settings()) as store:
            removed += remove_old_versions(desk, keep, store.conversations.quoted_knowledge()).old_versions
    for name in removed:
        click.echo(f"Removed {name}", err=True)


def _lines(bundle: "ListedBundle") -> list[str]:
    head = f"{'*' if bundle.live else ' '} {bundle.version}  {_times(bundle)}"
    if bundle.manifest is None:
        return [head, f"    {bundle.problem}"]
    made = bundle.manifest
    lineage = f"dataset {made.dataset or made.dataset_fingerprint[:12]}, parent {made.parent or 'none'}"
    lines = [head, f"    recipe {made.recipe.get('name', '-')} on {made.base_model}, {lineage}"]
    if bundle.key_metrics:
        lines.append("    " + ", ".join(f"{name} {value:.4f}" for name, value in bundle.key_metrics.items()))
    return [*lines, *(f"    ! {flag}" for flag in bundle.flags)]


def _times(bundle: "ListedBundle") -> str:
    if bundle.published_utc is None:
        return "not live within memory"
    if bundle.live:
        return f"live since {bundle.published_utc}"
    return f"live from {bundle.published_utc} to {bundle.replaced_utc}"


def _say_live(versions: "Versions") -> None:
    click.echo(f"Live: bundle {versions.bundle}, knowledge {versions.knowledge}, replies {versions.replies}")
