"""`frontdesk knowledge`: documents to passages, passages to an index, articles to the desk."""

from pathlib import Path

import click

from ui.commands.options import Directory, InputFile, InputPath, OutputFile, bundle_option, desk_option


@click.group()
def knowledge() -> None:
    """What the bot may quote: read documents, index passages, keep a desk's articles."""


@knowledge.command()
@click.argument("paths", type=InputPath, nargs=-1, required=True)
@click.option("--out", type=OutputFile, required=True, help="Passages to write, JSONL.")
def build(paths: tuple[Path, ...], out: Path) -> None:
    """Cut documents (Markdown, HTML, PDF, DOCX, text, CSV and JSON FAQ; folders are walked) into passages."""
    from retrieval.documents import ReadReport, read_passages
    from retrieval.passages import unique_passages, write_passages

    report = ReadReport()
    count = write_passages(out, unique_passages(read_passages(paths, report)))
    for problem in report.problems:
        click.echo(f"left out: {problem}", err=True)
    if not count:
        raise click.ClickException("no passage found; see the reasons above")
    click.echo(f"Wrote {count} passages to {out}")


@knowledge.command()
@bundle_option
@click.option("--passages", type=InputFile, required=True, help="Passages from `knowledge build`.")
@click.option("--out", type=Directory, required=True, help="Snapshot directory to make.")
@click.option("--previous", type=Directory, help="An earlier snapshot; its unchanged passages are not encoded again.")
def index(bundle_directory: Path, passages: Path, out: Path, previous: Path | None) -> None:
    """Encode passages with a bundle's encoder into a snapshot for `search` and `evaluate`."""
    from bot.bundle import load_bundle
    from bot.encoder import Encoder
    from retrieval.passages import load_passages
    from retrieval.snapshot import build_snapshot
    from ui.commands.progress import progress_bar

    loaded = load_passages(passages)
    bundle = load_bundle(bundle_directory)
    encoder = Encoder.open(bundle)
    with progress_bar("Encoding passages") as progress:
        build_snapshot(
            loaded, encoder.encode, encoder_id=bundle.manifest.version, directory=out,
            previous=previous, progress=progress,
        )  # fmt: skip
    click.echo(f"Indexed {len(loaded)} passages in {out}")


@knowledge.command()
@click.argument("paths", type=InputPath, nargs=-1, required=True)
@click.option("--by", required=True, help="Your name; it stays with each version.")
@desk_option
def put(paths: tuple[Path, ...], by: str, desk_directory: Path) -> None:
    """Add or change the desk's articles; a running `frontdesk serve` answers from them within seconds."""
    from bot.articles import put_articles
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.publishing import live_encoder, publish_knowledge
    from ui.commands.progress import progress_bar

    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        changes = put_articles(store, paths, by)
        for problem in changes.problems:
            click.echo(f"left out: {problem}", err=True)
        click.echo(f"{len(changes.changed)} articles changed")
        if changes.changed and desk.history():
            with progress_bar("Encoding passages") as progress:
                versions = publish_knowledge(desk, settings, store, live_encoder(desk, settings), progress)
            click.echo(f"Live: knowledge {versions.knowledge}")
