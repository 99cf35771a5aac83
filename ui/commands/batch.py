"""`frontdesk predict`, `rank`, `search` and `evaluate`: files in, files out, for engineers' scripts."""

from pathlib import Path
from typing import Any

import click

from ui.commands.options import Directory, InputFile, OutputFile, bundle_option, provider_option


@click.command()
@bundle_option
@click.option("--input", "source", type=InputFile, required=True, help="CSV with a column text.")
@click.option("--output", "target", type=OutputFile, required=True, help="CSV to write.")
@provider_option
def predict(bundle_directory: Path, source: Path, target: Path, provider: Any) -> None:
    """Understand each text: intent, probability, out_of_scope (0-1) and the action that follows."""
    from bot.bundle import load_bundle
    from bot.encoder import Encoder
    from bot.live import rules_for
    from bot.policy import action_without_knowledge
    from bot.settings import Settings
    from ui.commands.tables import read_texts, write_csv

    texts = read_texts(source)
    encoder = Encoder.open(load_bundle(bundle_directory), providers=provider)
    if not encoder.intents:
        raise click.ClickException(f"{bundle_directory} has no intent head; train it with --intents")
    rules = rules_for(encoder, Settings())
    rows = []
    for text, understood in zip(texts, encoder.understand(texts), strict=True):
        best, scope = understood.ranking[0], understood.out_of_scope
        action = action_without_knowledge(understood, rules)
        rows.append((text, best.intent, f"{best.probability:.6f}", "" if scope is None else f"{scope:.6f}", action))
    write_csv(target, ("text", "intent", "probability", "out_of_scope", "action"), rows)
    click.echo(f"Wrote {len(rows)} rows to {target} ({encoder.variant} on {encoder.provider})")


@click.command()
@bundle_option
@click.option("--input", "source", type=InputFile, required=True, help='JSONL: {"context": [...], "candidates": [...]}')
@click.option("--output", "target", type=OutputFile, required=True, help='JSONL: {"scores": [...]}')
@provider_option
def rank(bundle_directory: Path, source: Path, target: Path, provider: Any) -> None:
    """Score candidate replies for each context (oldest message first, the customer's last one at the end)."""
    from bot.bundle import load_bundle
    from bot.encoder import Encoder
    from ui.commands.progress import progress_bar
    from ui.commands.ranking import rank_rows, read_rows
    from ui.commands.tables import write_objects

    rows = read_rows(source)
    encoder = Encoder.open(load_bundle(bundle_directory), providers=provider)
    with progress_bar("Ranking") as progress:
        write_objects(target, rank_rows(rows, encoder.encode, progress))
    click.echo(f"Wrote {len(rows)} rows to {target} ({encoder.variant} on {encoder.provider})")


@click.command()
@bundle_option
@click.option("--knowledge", "snapshot", type=Directory, required=True, help="Snapshot from `knowledge index`.")
@click.option("--input", "source", type=InputFile, required=True, help="CSV with a column text.")
@click.option("--top-k", type=click.IntRange(1), default=10, show_default=True, help="Passages a text.")
@click.option("--output", "target", type=OutputFile, required=True, help='JSONL: [{"passage_id", "score"}, ...]')
@provider_option
def search(
    bundle_directory: Path,
    snapshot: Path,
    source: Path,
    top_k: int,
    target: Path,
    provider: Any,
) -> None:
    """Find the passages for each text, best first."""
    from bot.bundle import load_bundle
    from bot.encoder import Encoder
    from retrieval.snapshot import load_snapshot
    from ui.commands.tables import read_texts, write_objects

    texts = read_texts(source)
    bundle = load_bundle(bundle_directory)
    retriever = load_snapshot(snapshot, encoder_id=bundle.manifest.version)
    encoder = Encoder.open(bundle, providers=provider)
    found = (retriever.search(text, vector, top_k) for text, vector in zip(texts, encoder.encode(texts), strict=True))
    rows = ([{"passage_id": hit.passage.passage_id, "score": hit.score} for hit in hits] for hits in found)
    write_objects(target, rows)
    click.echo(f"Wrote {len(texts)} rows to {target} ({encoder.variant} on {encoder.provider})")


@click.command()
@bundle_option
@click.option("--intents", type=InputFile, help="CSV: text, intent.")
@click.option("--out-of-scope", type=InputFile, help="CSV: text.")
@click.option("--dialogues", type=InputFile, help="Dialogues; measures the reply among 100.")
@click.option("--sentiments", type=InputFile, help="CSV: text, sentiment.")
@click.option("--knowledge", "snapshot", type=Directory, help="Snapshot from `knowledge index`.")
@click.option("--queries", type=InputFile, help='JSONL: {"text", "passage_ids"}.')
@click.option("--json", "target", type=OutputFile, required=True, help="Figures to write.")
@provider_option
def evaluate(bundle_directory: Path, target: Path, **inputs: Any) -> None:
    """Measure a bundle on labelled data that it has not seen."""
    if bool(inputs["snapshot"]) != bool(inputs["queries"]):
        raise click.ClickException("--knowledge and --queries belong together; give both or none")
    if not any(inputs[name] for name in ("intents", "dialogues", "queries", "sentiments")):
        raise click.ClickException(
            "nothing to measure on; give --intents, --dialogues, --sentiments or --knowledge with --queries"
        )
    import json

    from finetune.evaluation_run import evaluate_files

    figures = evaluate_files(bundle_directory, **inputs)
    target.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for name, value in sorted(figures.items()):
        click.echo(f"{name:40} {value:.4f}" if isinstance(value, float) else f"{name:40} {value}")
