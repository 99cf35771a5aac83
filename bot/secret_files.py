"""Secrets that lie in files, as containers and systemd hand them out: ``FRONTDESK_<KEY>_FILE`` names the file.

Knows no settings; never tells what a file holds.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.errors import SettingsError

_MAX_BYTES = 16 * 1024


def read_secret_files(environment: Mapping[str, str], keys: Iterable[str], prefix: str) -> dict[str, str]:
    """The values of those keys whose file is named; white space around a value is no part of it.

    Raises:
        SettingsError: a file cannot be read or holds no text, or the environment holds the value beside the file.
    """
    found: dict[str, str] = {}
    for key in keys:
        variable = f"{prefix}{key}".upper()
        if path := environment.get(f"{variable}_FILE"):
            if variable in environment:
                raise SettingsError(f"{variable} and {variable}_FILE are both set; keep one of them")
            found[key] = read_secret_file(Path(path), f"{variable}_FILE")
    return found


def read_secret_file(path: Path, variable: str) -> str:
    """What a file holds, without the white space around it.

    Args:
        variable: what names the file, for the error.

    Raises:
        SettingsError: it cannot be read, is too long, or holds no text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}: {path}: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise SettingsError(f"{variable}: {path} is longer than {_MAX_BYTES} bytes; that is no secret")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}: {path} is not UTF-8 text") from None
