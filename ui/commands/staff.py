"""`frontdesk staff`: who may log in to the staff console."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.commands.options import Command, desk_option

if TYPE_CHECKING:
    from bot.storage.store import Store

_ACTOR = "command line"
_ROLES = click.Choice(["agent", "reviewer", "admin"])


@click.group()
def staff() -> None:
    """Who may log in to the staff console at /staff/, and as what."""


def password_option(command: Command) -> Command:
    """``--password-stdin``: read the password from a pipe instead of asking for it twice."""
    return click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")(command)


@staff.command()
@click.argument("name")
@click.option("--role", type=_ROLES, default="agent", show_default=True, help="What they may do.")
@password_option
@desk_option
def add(name: str, role: str, password_stdin: bool, desk_directory: Path) -> None:
    """Add a staff member."""
    from bot.storage.records import StaffRole

    with _opened(desk_directory) as store:
        member = store.staff.add(name, _password(password_stdin), StaffRole(role))
        _record(store, "staff_add", member.name, role=role)
    click.echo(f"{member.name} may log in as {member.role}.")


@staff.command()
@click.argument("name")
@password_option
@desk_option
def passwd(name: str, password_stdin: bool, desk_directory: Path) -> None:
    """Give a staff member another password; all their logins end."""
    with _opened(desk_directory) as store:
        store.staff.set_password(name, _password(password_stdin))
        _record(store, "staff_password", name)
    click.echo(f"{name} has a new password; log in again with it.")


@staff.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
@desk_option
def role(name: str, role: str, desk_directory: Path) -> None:
    """Let a staff member do more or less; all their logins end."""
    from bot.storage.records import StaffRole

    with _opened(desk_directory) as store:
        store.staff.set_role(name, StaffRole(role))
        _record(store, "staff_role", name, role=role)
    click.echo(f"{name} is {role} now.")


@staff.command()
@click.argument("name")
@desk_option
def disable(name: str, desk_directory: Path) -> None:
    """Keep a staff member out, at once; their history stays."""
    with _opened(desk_directory) as store:
        store.staff.disable(name)
        _record(store, "staff_disable", name)
    click.echo(f"{name} cannot log in any more.")


@staff.command()
@click.argument("name")
@desk_option
def enable(name: str, desk_directory: Path) -> None:
    """Let a disabled staff member log in again."""
    with _opened(desk_directory) as store:
        store.staff.enable(name)
        _record(store, "staff_enable", name)
    click.echo(f"{name} may log in again.")


@staff.command("list")
@desk_option
def list_staff(desk_directory: Path) -> None:
    """List all staff members with their roles."""
    with _opened(desk_directory) as store:
        for member in store.staff.members():
            click.echo(f"{member.name}  {member.role}" + ("  disabled" if member.disabled else ""))


@contextmanager
def _opened(desk_directory: Path) -> "Iterator[Store]":
    from bot.bootstrap import open_store
    from bot.desk import Desk

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        yield store


def _record(store: "Store", action: str, name: str, **detail: Any) -> None:
    from bot.storage.staff import login_name

    store.audit.record(_ACTOR, action, subject=login_name(name), detail=detail)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again")
    return password
