"""`frontdesk compare`: two bundles on the same rows, as a page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands.options import Directory, InputFile, desk_option, provider_option

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.encoder import Providers
    from finetune.comparison import Comparison
    from finetune.examples import Dataset


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--intents", type=InputFile, help="CSV: text, intent. Absent: the desk's golden set.")
@click.option("--out-of-scope", type=InputFile, help="CSV: text.")
@click.option("--dialogues", type=InputFile, help="Dialogues from `history import`.")
@click.option("--out", type=Directory, default="comparison", show_default=True, help="Folder of the page to make.")
@provider_option
@desk_option
def compare(
    before: str, after: str, desk_directory: Path, out: Path, provider: "Providers", **files: Path | None
) -> None:
    """Compare two bundles, BEFORE and AFTER: versions of the desk, or directories.

    The page holds the rows that the two read differently. It is for your own machine.
    """
    from bot.desk import Desk
    from finetune.comparison import compare_bundles
    from finetune.comparison_page import write_page

    desk = Desk(desk_directory)
    given, source = _rows(desk, files)
    found = compare_bundles(_directory(desk, before), _directory(desk, after), given, provider=provider)
    page = write_page(out, found, source)
    _say(found)
    click.echo(f"Its page: {page}")


def _directory(desk: "Desk", named: str) -> Path:
    """A version of the desk, or a directory."""
    inside = desk.bundle_directory(named)
    if Path(named).name == named and inside.is_dir():
        return inside
    if not Path(named).is_dir():
        known = ", ".join(desk.bundles()) or "none"
        raise click.UsageError(f"{named}: no such bundle; the desk has {known}, or give a directory")
    return Path(named)


def _rows(desk: "Desk", files: dict[str, Path | None]) -> tuple["Dataset", str]:
    """Rows of the files, else of the golden set; and where they come from."""
    from dataclasses import replace

    from finetune.dataset import load_labelled

    given = load_labelled(**files)
    named = ", ".join(str(path) for path in files.values() if path)
    if given.intents or given.reply_pairs:
        return given, named
    golden = _golden(desk)
    outside = given.out_of_scope or golden.out_of_scope
    return replace(golden, out_of_scope=outside), f"the desk's golden set{named and ', '}{named}"


def _golden(desk: "Desk") -> "Dataset":
    """The rows that staff keep, and the reviewed turns of golden customers."""
    from bot.bootstrap import open_store
    from bot.dataset_files import TRAINING
    from finetune.examples import Dataset, IntentExample
    from finetune.gates import golden_split
    from finetune.history.report import ImportReport
    from finetune.reviewed import collect_reviewed
    from finetune.training_folder import TrainingFolder
    from ui.commands.progress import progress_bar

    settings = desk.settings()
    kept = TrainingFolder(desk.directory / TRAINING, ImportReport()).golden()
    with open_store(desk, settings) as store, progress_bar("Reading reviews") as progress:
        reviewed = collect_reviewed(store, None, progress).conversations
        found = golden_split(reviewed, kept, store.golden.marks(), settings.improve.golden_share)
    rows = tuple(IntentExample(row.text, row.intent, row.context) for row in found.rows if row.intent)
    return Dataset(rows, tuple(row.text for row in found.out_of_scope))


def _say(found: "Comparison") -> None:
    for name in sorted({*found.before.metrics, *found.after.metrics}):
        values = [side.metrics.get(name) for side in (found.before, found.after)]
        click.echo(f"{name:24}" + "".join("         -" if value is None else f"{value:10.4f}" for value in values))
    if found.paired:
        click.echo(
            f"{found.rows} rows: {found.paired.lost} lost, {found.paired.won} won, two-sided p "
            f"{found.paired.p_value:.4g}, that the second is worse p {found.paired.p_worse:.4g}"
        )
