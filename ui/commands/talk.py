"""`frontdesk chat`, `explain` and `audit`: talk to a desk, see why it decides so, prove what it said."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ui.commands.options import desk_option


@click.command()
@click.option("--locale", default="en", show_default=True, help="BCP 47; the desk's own sentences follow it.")
@desk_option
def chat(locale: str, desk_directory: Path) -> None:
    """Talk to the desk in the terminal; the conversation is logged like any other. An empty line ends it."""
    import secrets

    from bot.bootstrap import open_services

    with open_services(desk_directory) as services:
        started = services.store.conversations.start(channel="terminal", locale=locale)
        click.echo(services.settings.greeting or services.settings.title)
        while text := click.prompt("you", default="", show_default=False).strip():
            answer = services.assistant.reply(started.conversation_id, text, secrets.token_hex(8))
            if answer is None:
                click.echo("(a person has this conversation now)")
                continue
            click.echo(f"bot: {answer.message.text}")
            for option in answer.options:
                click.echo(f"     - {option}")


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--locale", default="en", show_default=True, help="BCP 47; the desk's own sentences follow it.")
@desk_option
def explain(text: tuple[str, ...], locale: str, desk_directory: Path) -> None:
    """Show what the desk would do with TEXT and why; several TEXTs are a customer's messages, last one now."""
    from bot.bootstrap import open_services
    from bot.explain import explain as lines_for

    with open_services(desk_directory) as services:
        for line in lines_for(services.assistant, list(text), locale):
            click.echo(line)


@click.command()
@click.option(
    "--since", type=click.DateTime(), default=datetime(2000, 1, 1), show_default=True, help="First day (UTC) to check."
)
@desk_option
def audit(since: datetime, desk_directory: Path) -> None:
    """Prove from the log that each reply was an approved reply of that version or literal quotes; exit 1 if not."""
    from bot.audit import audit as check
    from bot.audit import problems
    from bot.bootstrap import open_store
    from bot.desk import Desk

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        result = check(store, desk, since.replace(tzinfo=UTC))
    for line in problems(result):
        click.echo(line)
    click.echo(f"{result.checked} bot messages checked, {len(result.findings)} without proven ground")
    if result.findings:
        raise click.exceptions.Exit(1)
