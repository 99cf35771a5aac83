"""`frontdesk labels`: which labels look wrong, and which intents give trouble."""

from pathlib import Path

import click

from ui.commands.options import desk_option

_SHOWN = 20


@click.group()
def labels() -> None:
    """Look for labels that are wrong and intents that give trouble."""


@labels.command("audit")
@desk_option
def audit_labels(desk_directory: Path) -> None:
    """Audit what the desk would train on, and what followed its answers; verdicts are given in the staff console."""
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from finetune.label_audit.command import audit

    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        audit(desk, settings, store, click.echo)


@labels.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=_SHOWN, show_default=True, help="Most findings.")
@desk_option
def list_labels(limit: int, desk_directory: Path) -> None:
    """Show the findings that wait for a verdict, worst first; no customer's words are printed."""
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.label_findings import told_of

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        waiting = store.label_findings.waiting(limit=limit)
        left = sum(number for (_, verdict), number in store.label_findings.counts().items() if verdict is None)
    for kept in waiting:
        click.echo(f"{kept.finding_id:>6}  {kept.finding.score:.2f}  {told_of(kept.finding)}")
    click.echo(f"{left} wait for a verdict: open Labels in the staff console")
