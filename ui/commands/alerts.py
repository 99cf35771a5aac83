"""`frontdesk alerts`: what was beyond its usual range, and whether messages about it arrive."""

from pathlib import Path

import click

from ui.commands.options import desk_option


@click.group()
def alerts() -> None:
    """Surges of a topic or of negative mood, and the messages about them."""


@alerts.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="The newest so many.")
@desk_option
def list_alerts(limit: int, desk_directory: Path) -> None:
    """List alerts, newest first."""
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.notices import sentence

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        found = store.alerts.newest(limit=limit)
    if not found:
        click.echo("No alerts.")
    for alert in found:
        state = f"ended {alert.ended_utc:%Y-%m-%d %H:%M}" if alert.ended_utc else "lasts"
        seen = f"seen by {alert.acknowledged_by}" if alert.acknowledged_by else "not acknowledged"
        click.echo(f"{alert.alert_id}  {alert.raised_utc:%Y-%m-%d %H:%M}  {state}, {seen}: {sentence(alert.finding)}")
        for one in alert.deliveries:
            why = f" ({one.reason})" if one.reason else ""
            click.echo(f"    {one.channel}, {one.event}: {one.state}, {one.attempts} attempts{why}")


@alerts.command("test")
@desk_option
def test_alerts(desk_directory: Path) -> None:
    """Send a test message by webhook and e-mail, and say what happened; exit status 2 where one did not arrive."""
    from bot.desk import Desk
    from bot.errors import NoticeError
    from bot.notices import send, trial_notice

    settings = Desk(desk_directory).settings().alerts
    if not settings.channels:
        raise click.ClickException("no channel is set up; set webhook_url or smtp_host under [alerts] in desk.toml")
    failed = []
    for channel in settings.channels:
        try:
            send(settings, channel, trial_notice(), f"test-{channel}")
        except NoticeError as error:
            failed.append(str(error))
        else:
            click.echo(f"{channel}: the message was taken")
    if failed:
        raise click.ClickException("; ".join(failed))
