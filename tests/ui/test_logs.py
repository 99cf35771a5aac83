"""One event is one line, in both formats, whatever somebody wrote."""

import io
import json
import logging
from collections.abc import Callable

import pytest

from ui.logs import configure_logging, escaped, formatter_of, request_id

FORGED = "hello\r\n2026-01-01 INFO ui: staff login of root\x1b[31m\x1b]0;owned\x07\x7f\x9b2J\u2028\u202e end"
CONTROLS = set("\r\x1b\x07\x7f\x9b\u2028\u202e")


@pytest.fixture
def written() -> Callable[..., str]:
    """Logs one event through a handler of the format; gives what it wrote."""

    def write(log_format: str, message: str, *values: object, error: BaseException | None = None) -> str:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter_of(log_format))  # type: ignore[arg-type]
        record = logging.LogRecord("ui", logging.ERROR, "f.py", 1, message, values, None)
        record.request_id = "r1"
        if error is not None:
            record.exc_info = (type(error), error, error.__traceback__)
        handler.handle(record)
        return stream.getvalue()

    return write


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_log_lines_cannot_be_forged_or_colour_a_terminal(written: Callable[..., str], log_format: str) -> None:
    line = written(log_format, "article %s left out", FORGED)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert not CONTROLS & set(line)
    assert "staff login of root" in line


def test_json_lines_hold_the_text_exactly(written: Callable[..., str]) -> None:
    entry = json.loads(written("json", "article %s left out", FORGED))
    assert entry["message"] == f"article {FORGED} left out"
    assert (entry["level"], entry["logger"], entry["request_id"]) == ("ERROR", "ui", "r1")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_lone_surrogates_can_be_logged(written: Callable[..., str], log_format: str) -> None:
    assert "\\ud83d" in written(log_format, "half \ud83d")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_exceptions_are_logged_without_their_text(written: Callable[..., str], log_format: str) -> None:
    try:
        raise RuntimeError("my card number is 4111-2222")
    except RuntimeError as error:
        line = written(log_format, "it failed", error=error)
    assert "RuntimeError at " in line
    assert "test_logs.py" in line
    assert "4111-2222" not in line
    assert line.count("\n") == 1


def test_escaped_leaves_plain_text_of_any_script_alone() -> None:
    assert escaped("Grüße, 你好 👋") == "Grüße, 你好 👋"


def test_configured_logs_name_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    token = request_id.set("abcd1234")
    try:
        configure_logging("json")
        logging.getLogger("bot.live").warning("swapped")
    finally:
        request_id.reset(token)
        root.handlers[:], root.level = before[0], before[1]
    entry = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (entry["logger"], entry["request_id"], entry["message"]) == ("bot.live", "abcd1234", "swapped")
