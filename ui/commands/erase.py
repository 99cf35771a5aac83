"""`frontdesk erase` and `retention`: taking a person, or what is too old, out of a desk."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands.options import OutputFile, desk_option

if TYPE_CHECKING:
    from bot.certificate import Certificate
    from bot.erasure import Erasure, Whom

_ACTOR = "command line"


@click.command()
@click.argument("customer", required=False)
@click.option("--conversation", "conversations", multiple=True, metavar="ID", help="One conversation; may come again.")
@click.option("--contact", "contacts", multiple=True, metavar="EMAIL", help="All who left this address.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--again", is_flag=True, help="Erase again what was erased before, as after a restored backup.")
@click.option("--certificate", type=OutputFile, help="Write the certificate here: JSON where it ends with .json.")
@desk_option
def erase(
    customer: str | None,
    conversations: tuple[str, ...],
    contacts: tuple[str, ...],
    dry_run: bool,
    again: bool,
    certificate: Path | None,
    desk_directory: Path,
) -> None:
    """Erase one person for good: CUSTOMER is the id with which your site signs them in.

    Rows, search index, datasets and unfinished trainings go; bundles that were trained on their words are flagged. What
    was erased stays so when a backup is restored.
    """
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.erasure import Erasure, Whom

    if again is bool(customer or conversations or contacts):
        raise click.UsageError("name a CUSTOMER, --conversation or --contact; or give --again alone")
    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        erasure = Erasure(desk, settings, store)
        if again:
            _erase_again(erasure)
        else:
            done = _erase(erasure, Whom(customer, conversations, contacts), dry_run=dry_run)
            click.echo(done.as_text())
            if certificate is not None:
                _write(done, certificate)


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what is too old, and change nothing.")
@desk_option
def retention(dry_run: bool, desk_directory: Path) -> None:
    """Erase conversations older than `[privacy] retention_days`; the worker does it daily by itself."""
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.retention import aged, retain
    from bot.storage.records import utc_now
    from ui.commands.progress import progress_bar

    desk = Desk(desk_directory)
    settings = desk.settings()
    days = settings.privacy.retention_days
    if not days:
        click.echo("Conversations are kept for ever: set retention_days under [privacy] in desk.toml.")
        return
    with open_store(desk, settings) as store, progress_bar("Erasing") as progress:
        now = utc_now()
        gone = aged(desk, settings, store, now) if dry_run else retain(desk, settings, store, now, progress)
    said = "would be erased" if dry_run else "are erased"
    click.echo(f"{gone.conversations} conversations without a sign for {days} days {said}.")
    click.echo(f"{sum(gone.rows.rows.values())} rows of the database, {gone.files.rows} rows of files.")


def _erase(erasure: "Erasure", whom: "Whom", *, dry_run: bool) -> "Certificate":
    from ui.commands.progress import progress_bar

    found = erasure.find(whom)
    if dry_run:
        return erasure.preview(found)
    with progress_bar("Erasing") as progress:
        return erasure.erase(found, by=_ACTOR, progress=progress)


def _erase_again(erasure: "Erasure") -> None:
    from ui.commands.progress import progress_bar

    with progress_bar("Erasing") as progress:
        found = erasure.again(progress)
    if not found.nothing:
        erasure.store.purge(compact=True)
    conversations = len(found.conversation_ids)
    click.echo(f"Erased again: {conversations} conversations, {found.files.rows} rows of files.")


def _write(certificate: "Certificate", path: Path) -> None:
    written = certificate.as_text()
    if path.suffix == ".json":
        written = json.dumps(certificate.as_json(), indent=2)
    path.write_text(f"{written}\n", encoding="utf-8")
