"""`frontdesk history`: logs of earlier conversations become dialogues."""

from pathlib import Path

import click

from ui.commands.options import InputFile, OutputFile

_FORMATS = ("airlines", "star", "csv", "jsonl")


@click.group()
def history() -> None:
    """Read logs of earlier conversations."""


@history.command("import")
@click.argument("path", type=InputFile)
@click.option("--format", "log_format", type=click.Choice(_FORMATS), required=True, help="How the log is written.")
@click.option("--out", type=OutputFile, required=True, help="Dialogues to write, JSONL.")
def import_log(path: Path, log_format: str, out: Path) -> None:
    """Turn the log at PATH into dialogues; bad rows are skipped and reported, never fatal."""
    from finetune.history.dialogue_file import write_dialogues
    from finetune.history.formats import reader_of
    from finetune.history.report import ImportReport
    from ui.commands.progress import progress_bar

    report = ImportReport()
    with progress_bar("Reading") as progress:
        count = write_dialogues(out, reader_of(log_format)(path, report, progress))
    for line in report.summary():
        click.echo(line)
    click.echo(f"Wrote {count} dialogues to {out}")
