"""`frontdesk train`: data and a recipe become a bundle."""

from pathlib import Path

import click

from ui.commands.options import Directory, InputFile


@click.command()
@click.option("--recipe", required=True, help="fast, full, or a TOML file.")
@click.option("--intents", type=InputFile, help="CSV: text, intent.")
@click.option("--out-of-scope", type=InputFile, help="CSV: text.")
@click.option("--dialogues", type=InputFile, help="Dialogues from `history import`.")
@click.option("--knowledge", type=InputFile, help="Passages from `knowledge build`.")
@click.option("--knowledge-queries", type=InputFile, help='JSONL: {"text", "passage_ids"} or {"text", "document_id"}.')
@click.option("--sentiments", type=InputFile, help="CSV: text, sentiment.")
@click.option("--dev-intents", type=InputFile, help="Dev part; absent: a seeded split by conversation.")
@click.option("--dev-out-of-scope", type=InputFile, help="Dev part.")
@click.option("--dev-dialogues", type=InputFile, help="Dev part.")
@click.option("--dev-sentiments", type=InputFile, help="Dev part.")
@click.option("--exclude", type=InputFile, help="Texts that must not train, nor their near-duplicates.")
@click.option("--out", type=Directory, required=True, help="Bundle directory to make.")
@click.option("--report-to", multiple=True, help="tensorboard, wandb or mlflow; may be given again. Else the recipe's.")
def train(recipe: str, out: Path, report_to: tuple[str, ...], **sources: Path | None) -> None:
    """Train, calibrate, export and report; killed, the same command goes on where it was."""
    from finetune.dataset import DataSources
    from finetune.pipeline import TrainRequest
    from finetune.pipeline import train as make_bundle

    bundle = make_bundle(TrainRequest(recipe, DataSources(**sources), out, report_to=report_to or None), click.echo)
    click.echo(f"Its report: {bundle / 'report' / 'index.html'}")
