"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

InputFile = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
InputPath = click.Path(exists=True, readable=True, path_type=Path)
OutputFile = click.Path(dir_okay=False, path_type=Path)
Directory = click.Path(file_okay=False, path_type=Path)

Command = Callable[..., Any]


def desk_option(command: Command) -> Command:
    """``--desk DIR``: which desk; the folder ``desk`` here, or what ``FRONTDESK_DESK`` names."""
    return click.option(
        "--desk", "desk_directory", type=Directory, default="desk", envvar="FRONTDESK_DESK", show_default=True,
        show_envvar=True, help="The desk's directory.",
    )(command)  # fmt: skip


def bundle_option(command: Command) -> Command:
    """``--bundle DIR``: a trained bundle."""
    return click.option("--bundle", "bundle_directory", type=Directory, required=True, help="A trained bundle.")(
        command
    )


def provider_option(command: Command) -> Command:
    """``--provider``: where the models run."""
    return click.option(
        "--provider", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True,
        help="Where the models run; auto takes CUDA where it works.",
    )(command)  # fmt: skip
