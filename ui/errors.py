"""All errors of the ui package.

UiError
├── InputRefusedError   a customer's text that cannot be taken as it is
└── PortInUseError      the server's address is taken
"""

import logging
import secrets
from enum import StrEnum

from ui.logs import failure_places

_LOG = logging.getLogger(__name__)


class Refusal(StrEnum):
    """Why a text is not taken; the page has a friendly sentence for each."""

    BLANK = "blank"
    TOO_LONG = "too_long"
    BAD_CHARACTERS = "bad_characters"
    BAD_EMAIL = "bad_email"


class UiError(Exception):
    """Root of the package's errors; its text is one line that says what, where and what to do."""


class InputRefusedError(UiError):
    """A text is empty, too long, or has characters that no keyboard makes; nothing was stored."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"message refused: {refusal}; change the text and send it again")
        self.refusal = refusal


def report_failure(error: BaseException) -> str:
    """Log where an error arose and give back a reference to it; its text, which may quote a customer, is left out."""
    reference = secrets.token_hex(4)
    _LOG.error("failure %s: %s", reference, failure_places(error), extra={"reference": reference})
    return reference


class PortInUseError(UiError):
    """The server cannot listen at its address."""
