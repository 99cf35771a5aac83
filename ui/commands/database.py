"""`frontdesk db`: the session log's schema."""

from pathlib import Path

import click

from ui.commands.options import desk_option


@click.group()
def db() -> None:
    """The session log's database: bring its schema up to date, or check it."""


@db.command()
@desk_option
def upgrade(desk_directory: Path) -> None:
    """Create the database's schema or bring it up to date; safe to run again."""
    from bot.storage.migrate import upgrade as migrate

    url = _url(desk_directory)
    migrate(url)
    click.echo("The database is up to date.")


@db.command()
@desk_option
def check(desk_directory: Path) -> None:
    """Say whether the schema is the one that this version needs; exit 2 if not."""
    from bot.storage.migrate import check as is_current

    is_current(_url(desk_directory))
    click.echo("The database is up to date.")


def _url(desk_directory: Path) -> str:
    from bot.desk import Desk

    desk = Desk(desk_directory)
    desk_directory.mkdir(parents=True, exist_ok=True)
    return desk.database_url(desk.settings())
