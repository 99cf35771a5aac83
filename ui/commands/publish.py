"""`frontdesk publish`, `rollback` and `bundles`: which versions are live."""

from pathlib import Path

import click

from ui.commands.options import Directory, desk_option


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
    click.echo(f"Live: bundle {versions.bundle}, knowledge {versions.knowledge}, replies {versions.replies}")


@click.command()
@desk_option
def rollback(desk_directory: Path) -> None:
    """Make the bundle before the live one live again, with the knowledge and replies of that time."""
    from bot.desk import Desk

    versions = Desk(desk_directory).roll_back()
    click.echo(f"Live: bundle {versions.bundle}, knowledge {versions.knowledge}, replies {versions.replies}")


@click.command()
@desk_option
def bundles(desk_directory: Path) -> None:
    """List the desk's bundles; a star marks the live one."""
    from bot.bundle import load_bundle
    from bot.desk import Desk

    desk = Desk(desk_directory)
    live = next((state.versions.bundle for state in desk.history()), None)
    if not desk.bundles():
        click.echo(f"No bundle in {desk_directory}; run `frontdesk publish BUNDLE`.")
    for version in desk.bundles():
        manifest = load_bundle(desk.bundle_directory(version)).manifest
        metrics = ", ".join(f"{name} {value:.3f}" for name, value in sorted(manifest.metrics.items())[:4])
        click.echo(f"{'*' if version == live else ' '} {version}  {manifest.base_model}  {metrics}")
