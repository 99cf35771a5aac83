"""`frontdesk serve` and `worker`: the running desk."""

from pathlib import Path

import click

from ui.commands.options import desk_option


@click.command()
@click.option("--host", help="Address to listen on; the settings' host otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; the settings' port otherwise.")
@click.option("--no-worker", is_flag=True, help="Do not start a worker beside it; run `frontdesk worker` yourself.")
@desk_option
def serve(host: str | None, port: int | None, no_worker: bool, desk_directory: Path) -> None:
    """Serve the chat page; new versions go live without a restart."""
    from ui.server import run_server

    run_server(desk_directory, host, port, with_worker=not no_worker)


@click.command()
@desk_option
def worker(desk_directory: Path) -> None:
    """Do the background work: index changed articles, then wait for more."""
    from bot.desk import Desk
    from bot.worker import run_worker
    from ui.logs import configure_logging

    configure_logging(Desk(desk_directory).settings().log_format)
    run_worker(desk_directory)
