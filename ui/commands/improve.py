"""`frontdesk improve`: reviewed conversations become a better bundle that is live, or a report that says why not."""

import getpass
import sys
from pathlib import Path

import click

from ui.commands.options import desk_option

HELD = 3
"""Exit status where a bundle was made and held back, so that a timer can tell it from an error (2)."""


@click.command()
@click.option("--recipe", help="fast, full, or a TOML file; the settings' [improve] recipe otherwise.")
@click.option("--force", is_flag=True, help="Also where no review is new.")
@click.option("--no-publish", is_flag=True, help="Hold the bundle back even where it passes; publish it by hand.")
@click.option("--by", help="Who wants it; your login name otherwise.")
@click.option("--list", "list_runs", is_flag=True, help="Show the runs so far instead.")
@desk_option
def improve(
    recipe: str | None, force: bool, no_publish: bool, by: str | None, list_runs: bool, desk_directory: Path
) -> None:
    """Train on what staff reviewed, prove the bundle no worse, and publish it, or hold it back and say why.

    Exit status: 0 published or nothing new, 3 held back, 2 an error.
    """
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.improvement import RunState
    from finetune.improve import Request
    from finetune.improve import improve as run_improve

    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        if list_runs:
            under_way = desk.improver() is not None
            for run in store.runs.newest():
                killed = run.state is RunState.RUNNING and not under_way
                state = "killed" if killed else run.state.value
                click.echo(f"{run.run_id:>4}  {run.started_utc:%Y-%m-%d %H:%M}  {state:12} {run.reason or ''}")
            return
        request = Request(by=by or getpass.getuser(), recipe=recipe, force=force, publish=not no_publish)
        run = run_improve(desk, settings, store, request, click.echo)
    for gate in run.gates:
        click.echo(f"{'passed' if gate.passed else 'FAILED'}  {gate.name}: {gate.detail}")
    click.echo(f"{run.state.value}: {run.reason}" if run.reason else run.state.value)
    if run.state is RunState.HELD:
        sys.exit(HELD)
