"""How the desk's processes log: one line an event, as text or as JSON, and nothing that could pass for another line.

What customers, bots and agents wrote is not logged. Of an exception its type and places are, never its text, because
that may quote them. Knows no requests and no settings.
"""

import contextvars
import logging
import traceback
from types import TracebackType
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

LogFormat = Literal["text", "json"]
_KEPT_FRAMES = 6
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
"""Id of the request that is being answered; the same in each of its lines and in its answer's ``X-Request-ID``."""


def configure_logging(log_format: LogFormat, level: int = logging.INFO) -> None:
    """Send all logs of this process to standard error; called once by each command that runs a desk."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter_of(log_format))
    handler.addFilter(_note_request)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("httpx", "httpcore", "bm25s"):
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter_of(log_format: LogFormat) -> logging.Formatter:
    """The formatter of one format; records need ``request_id`` (see `configure_logging`)."""
    return _JsonLines() if log_format == "json" else _TextLines()


def escaped(text: str) -> str:
    r"""The text with line breaks, ANSI codes, direction marks and lone surrogates written as ``\n``, ``\x1b`` ..."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def failure_places(error: BaseException) -> str:
    """An exception's type, and where it arose, innermost last; in one line and without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_KEPT_FRAMES:]
    return f"{type(error).__name__} at " + "; ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)


def _note_request(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


class _TextLines(logging.Formatter):
    """Time, level, logger, request and message on one line, whatever the message holds."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - logging's own name
        return failure_places(ei[1]) if ei[1] else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802, ARG002 - source lines may hold anything
        return ""


class _JsonLines(JsonFormatter):
    """One JSON object a line, in ASCII, so that no control character is left in it."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "request_id", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            json_ensure_ascii=True,
        )

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return failure_places(ei[1]) if ei[1] else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802, ARG002 - as above
        return ""

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        return super().jsonify_log_record(log_data).replace("\x7f", "\\u007f")  # the one control that JSON lets pass
