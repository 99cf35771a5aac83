"""`frontdesk history`: logs of earlier conversations become dialogues, labelled examples become intents."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands.options import InputFile, OutputFile

if TYPE_CHECKING:
    from finetune.dialogues import Dialogue
    from finetune.history.choice import Choice

_FORMATS = ("auto", "csv", "jsonl", "rasa", "rasa-nlu", "chatwoot", "zendesk", "openai", "airlines", "star")
_SHOWN = 3

_format = click.option(
    "--format", "log_format", type=click.Choice(_FORMATS), default="auto", show_default=True,
    help="How the log is written; auto tells it from the content.",
)  # fmt: skip
_mapping = click.option("--mapping", "mapping_file", type=InputFile, help="What the columns mean, TOML.")
_assistant = click.option(
    "--assistant", type=click.Choice(["agent", "bot"]), default="agent", show_default=True,
    help="Whose words `assistant` is in OpenAI's format; replies are learnt from agents only.",
)  # fmt: skip


@click.group()
def history() -> None:
    """Read logs of earlier conversations."""


@history.command("inspect")
@click.argument("path", type=InputFile)
@_format
@_mapping
@_assistant
@click.option("--mapping-out", type=OutputFile, help="Save the proposed mapping here.")
@click.option("--show", type=click.IntRange(0, 100), default=_SHOWN, show_default=True, help="Dialogues to show.")
def inspect_log(
    path: Path, log_format: str, mapping_file: Path | None, assistant: str, mapping_out: Path | None, show: int
) -> None:
    """Tell what the log at PATH is and what an import would read; writes nothing but the mapping.

    Words of customers are shown on a terminal only, never in a redirected output.
    """
    from finetune.history.choice import choose
    from ui.commands.history_view import mapping_lines, show_dialogues, show_examples

    choice = choose(path, log_format, mapping_file, assistant)
    click.echo(choice.told)
    for line in mapping_lines(choice):
        click.echo(line)
    if mapping_out is not None:
        _save_mapping(choice, mapping_out)
    if choice.holds_examples:
        show_examples(path)
    else:
        show_dialogues(choice.reader, path, show)


@history.command("import")
@click.argument("path", type=InputFile)
@_format
@_mapping
@_assistant
@click.option("--out", type=OutputFile, help="Dialogues to write, JSONL.")
@click.option("--intents-out", type=OutputFile, help="Labelled examples to write, CSV (rasa-nlu).")
@click.option("--redact", "hide", is_flag=True, help="Write placeholders such as [EMAIL_1] for what names anybody.")
def import_log(
    path: Path,
    log_format: str,
    mapping_file: Path | None,
    assistant: str,
    out: Path | None,
    intents_out: Path | None,
    hide: bool,
) -> None:
    """Turn the log at PATH into dialogues; bad rows are skipped and reported, never fatal."""
    from finetune.history.choice import choose

    choice = choose(path, log_format, mapping_file, assistant)
    if log_format == "auto":
        click.echo(choice.told)
    choice.settle()
    if choice.holds_examples:
        if hide:
            raise click.UsageError("--redact is for dialogues; `frontdesk improve` redacts examples when it takes them")
        _import_examples(path, out, intents_out)
    else:
        _import_dialogues(choice, path, out, intents_out, hide=hide)


def _import_examples(path: Path, out: Path | None, intents_out: Path | None) -> None:
    from finetune.history.rasa_nlu import read_rasa_nlu
    from finetune.history.report import ImportReport
    from ui.commands.tables import write_csv

    if intents_out is None or out is not None:
        raise click.UsageError("an nlu.yml holds labelled examples and no dialogues: give --intents-out and no --out")
    report = ImportReport()
    examples = [(example.text, example.intent) for example in read_rasa_nlu(path, report)]
    if not examples:
        raise click.ClickException(f"{path}: no usable example of an intent ({'; '.join(report.reasons()) or 'none'})")
    write_csv(intents_out, ("text", "intent"), examples)
    for line in report.reasons():
        click.echo(line)
    intents = len({intent for _, intent in examples})
    click.echo(f"Wrote {len(examples)} examples of {intents} intents to {intents_out}")


def _import_dialogues(choice: "Choice", path: Path, out: Path | None, intents_out: Path | None, *, hide: bool) -> None:
    from finetune.history.dialogue_file import write_dialogues
    from finetune.history.report import ImportReport
    from ui.commands.progress import progress_bar

    if out is None or intents_out is not None:
        raise click.UsageError("this log holds dialogues, labels and all: give --out and no --intents-out")
    report = ImportReport()
    with progress_bar("Reading") as progress:
        found = choice.reader(path, report, progress)
        count = write_dialogues(out, _redacted(found) if hide else found)
    for line in report.summary():
        click.echo(line)
    click.echo(f"Wrote {count} dialogues to {out}")


def _redacted(dialogues: "Iterable[Dialogue]") -> "Iterator[Dialogue]":
    from bot.redaction.redactor import redact

    for dialogue in dialogues:
        texts = redact([message.text for message in dialogue.messages]).texts
        hidden = (replace(message, text=text) for message, text in zip(dialogue.messages, texts, strict=True))
        yield replace(dialogue, messages=tuple(hidden))


def _save_mapping(choice: "Choice", target: Path) -> None:
    if choice.proposal is None:
        raise click.UsageError("this format says itself what its fields mean: there is no mapping to save")
    target.write_text(choice.mapping_file(), encoding="utf-8", errors="replace", newline="\n")
    click.echo(f"Wrote the mapping to {target}")
