"""What `frontdesk history inspect` prints. Customers' words go to a terminal only, with control characters escaped."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from finetune.dialogues import Dialogue
    from finetune.history.choice import Choice
    from finetune.history.formats import Reader
    from finetune.history.preview import Preview

_MOST_NAMES = 12
_MOST_MESSAGES = 12
_MOST_CHARACTERS = 200


def mapping_lines(choice: "Choice") -> Iterator[str]:
    """The proposed mapping file, to save and correct."""
    from ui.logs import escaped

    if choice.proposal is None:
        return
    yield "Proposed mapping (save it with --mapping-out FILE, correct it, import with --mapping FILE):"
    for line in choice.mapping_file().splitlines():
        yield "  " + escaped(line.replace("\t", "\\t"))


def show_dialogues(reader: "Reader", path: Path, show: int) -> None:
    """Counts, reasons and the first dialogues of a log."""
    from finetune.history.preview import preview
    from finetune.history.report import ImportReport
    from ui.commands.progress import progress_bar

    report = ImportReport()
    with progress_bar("Reading") as progress:
        found = preview(reader(path, report, progress), show)
    head, *reasons = report.summary()
    for line in (f"An import would find: {head}", *reasons, *_tally(found)):
        click.echo(line)
    terminal = sys.stdout.isatty()
    if found.shown and not terminal:
        click.echo("Dialogues are shown on a terminal only.")
    for dialogue in found.shown if terminal else ():
        for line in _dialogue_lines(dialogue):
            click.echo(line)


def show_examples(path: Path) -> None:
    """Counts and reasons of a file of labelled examples."""
    from finetune.history.rasa_nlu import read_rasa_nlu
    from finetune.history.report import ImportReport

    report = ImportReport()
    intents = Counter(example.intent for example in read_rasa_nlu(path, report))
    click.echo(f"An import would find: {intents.total()} labelled examples, {report.skipped_rows} lines skipped")
    for line in (*report.reasons(), *_names("Intents", intents)):
        click.echo(line)
    click.echo("These go to a CSV file: frontdesk history import FILE --intents-out intents.csv")


def _tally(found: "Preview") -> Iterator[str]:
    if found.roles:
        yield "Messages: " + ", ".join(f"{role.value} {count}" for role, count in found.roles.most_common())
    if found.first_utc is not None and found.last_utc is not None:
        yield f"Times: {found.first_utc:%Y-%m-%d %H:%M} to {found.last_utc:%Y-%m-%d %H:%M} UTC"
    yield from _names("Intents of customers' messages", found.intents)


def _names(title: str, counts: Counter[str]) -> Iterator[str]:
    from ui.logs import escaped

    if counts:
        named = ", ".join(f"{escaped(name)} {count}" for name, count in counts.most_common(_MOST_NAMES))
        yield f"{title}: {len(counts)} ({named}{', ...' if len(counts) > _MOST_NAMES else ''})"


def _dialogue_lines(dialogue: "Dialogue") -> Iterator[str]:
    from ui.logs import escaped

    yield f"--- {escaped(dialogue.conversation_id)}"
    for message in dialogue.messages[:_MOST_MESSAGES]:
        text = message.text[:_MOST_CHARACTERS] + ("..." if len(message.text) > _MOST_CHARACTERS else "")
        label = f" [{escaped(message.intent)}]" if message.intent else ""
        yield f"{message.role.value}: {escaped(text)}{label}"
    if len(dialogue.messages) > _MOST_MESSAGES:
        yield f"... and {len(dialogue.messages) - _MOST_MESSAGES} more messages"
